// Batches are jobs of an ordered thread pool, whose completions run in the
// order of submission: the sink receives episodes in order although batches end
// in any order. Each thread owns a policy and environments, which it keeps from
// batch to batch, because both are expensive to start.
#include "gato/rollout/episode_runner.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>

#include "gato/base/ordered_thread_pool.h"
#include "gato/base/signals.h"
#include "gato/rollout/environment_batch.h"

namespace gato::rollout {
namespace {

constexpr uint64_t kEnvironmentSeedStream = 0x656e76;  // "env"

struct BatchResult {
  std::vector<data::Episode> episodes;
  RunnerCounts counts;
};

// The policy and the environments of a thread.
class Worker {
 public:
  Worker(const RunnerOptions& options, std::unique_ptr<Policy> policy,
         std::function<std::unique_ptr<env::Environment>()> make_environment,
         const RunnerCallbacks& callbacks, std::function<bool()> should_stop)
      : options_(options),
        policy_(std::move(policy)),
        make_environment_(std::move(make_environment)),
        callbacks_(callbacks),
        should_stop_(std::move(should_stop)) {}

  BatchResult play(const std::vector<int64_t>& episodes) {
    start_environments(episodes.size());
    EnvironmentBatch batch(options_, episodes,
                           std::span(environments_).first(episodes.size()),
                           *policy_, callbacks_);
    batch.play([this] {
      base::throw_if_stopped();
      return should_stop_();
    });
    return {batch.take_episodes(), batch.counts()};
  }

 private:
  // Starts environments until there are `count`.
  void start_environments(size_t count) {
    const size_t first = environments_.size();
    if (first >= count) {
      return;
    }
    environments_.resize(count);
    base::OrderedThreadPool jobs(std::min(static_cast<int64_t>(count - first),
                                          kMaxStartingEnvironments));
    for (size_t i = first; i < count; ++i) {
      jobs.submit([this, i](int64_t) {
        environments_[i] = make_environment_();
        return base::OrderedThreadPool::Completion();
      });
    }
    jobs.wait_all();
  }

  const RunnerOptions& options_;
  std::unique_ptr<Policy> policy_;
  std::function<std::unique_ptr<env::Environment>()> make_environment_;
  const RunnerCallbacks& callbacks_;
  std::function<bool()> should_stop_;
  std::vector<std::unique_ptr<env::Environment>> environments_;
};

}  // namespace

int64_t step_limit(int64_t requested_limit, int64_t environment_limit) {
  if (requested_limit > 0 && environment_limit > 0) {
    return std::min(requested_limit, environment_limit);
  }
  const int64_t limit = std::max(requested_limit, environment_limit);
  return limit > 0 ? limit : kDefaultMaxSteps;
}

uint64_t episode_seed(uint64_t seed, int64_t episode) {
  return base::random_bits(
             seed, {kEnvironmentSeedStream, static_cast<uint64_t>(episode)}) >>
         33;
}

BatchPlan plan_batches(const std::vector<int64_t>& episodes,
                       int64_t batch_size) {
  const auto count = std::ssize(episodes);
  const int64_t batch_count = (count + batch_size - 1) / batch_size;
  BatchPlan batches;
  for (int64_t batch = 0; batch < batch_count; ++batch) {
    batches.emplace_back(episodes.begin() + batch * count / batch_count,
                         episodes.begin() + (batch + 1) * count / batch_count);
  }
  return batches;
}

BatchPlan plan_batches(int64_t count, int64_t batch_size) {
  std::vector<int64_t> episodes(static_cast<size_t>(count));
  std::iota(episodes.begin(), episodes.end(), 0);
  return plan_batches(episodes, batch_size);
}

RunnerCounts run_episodes(const RunnerOptions& options,
                          const EnvironmentFactory& make_environment,
                          const PolicyFactory& make_policy,
                          const EpisodeSink& sink,
                          const RunnerCallbacks& callbacks) {
  RunnerCounts counts;
  size_t max_batch_size = 0;
  for (const std::vector<int64_t>& batch : options.batches) {
    max_batch_size = std::max(max_batch_size, batch.size());
  }
  std::vector<std::unique_ptr<Worker>> workers(
      static_cast<size_t>(std::max<int64_t>(options.threads, 1)));
  base::OrderedThreadPool jobs(options.threads);
  std::mutex start_mutex;  // serializes starts of policies
  const auto get_worker = [&](int64_t thread) -> Worker& {
    std::unique_ptr<Worker>& worker = workers[thread];
    if (!worker) {
      const std::lock_guard lock(start_mutex);
      worker = std::make_unique<Worker>(
          options, make_policy(static_cast<int64_t>(max_batch_size)),
          make_environment, callbacks, [&jobs] { return jobs.is_canceled(); });
    }
    return *worker;
  };
  const auto collect_result = [&](BatchResult& result) {
    counts.episodes += result.counts.episodes;
    counts.steps += result.counts.steps;
    counts.retried += result.counts.retried;
    counts.failed += result.counts.failed;
    for (data::Episode& episode : result.episodes) {
      sink(std::move(episode));
    }
  };
  for (const std::vector<int64_t>& batch : options.batches) {
    jobs.submit([&](int64_t thread) {
      return
          [&collect_result, result = get_worker(thread).play(batch)]() mutable {
            collect_result(result);
          };
    });
  }
  jobs.wait_all();
  // Workers are destroyed in parallel: environments that are processes take
  // some time to exit.
  for (std::unique_ptr<Worker>& worker : workers) {
    jobs.submit([&worker](int64_t) {
      worker.reset();
      return base::OrderedThreadPool::Completion();
    });
  }
  jobs.wait_all();
  return counts;
}

data::Episode play_episode(RunnerOptions options,
                           const EnvironmentFactory& make_environment,
                           const PolicyFactory& make_policy) {
  options.batches = plan_batches(/*count=*/1, /*batch_size=*/1);
  data::Episode played;
  run_episodes(options, make_environment, make_policy,
               [&](data::Episode&& episode) { played = std::move(episode); });
  return played;
}

}  // namespace gato::rollout
