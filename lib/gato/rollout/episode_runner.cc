// Batches are jobs of an ordered thread pool, whose completions run in the
// order of submission: the sink receives episodes in order although batches end
// in any order. Each thread owns a policy and environments, which it keeps from
// batch to batch, because both are expensive to start.
#include "gato/rollout/episode_runner.h"

#include <algorithm>
#include <memory>
#include <mutex>
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
         const StepCallback& on_step, std::function<bool()> should_stop)
      : options_(options),
        policy_(std::move(policy)),
        make_environment_(std::move(make_environment)),
        on_step_(on_step),
        should_stop_(std::move(should_stop)) {}

  // Plays episodes [first, last).
  BatchResult play(int64_t first, int64_t last) {
    const auto size = static_cast<size_t>(last - first);
    while (environments_.size() < size) {
      environments_.push_back(make_environment_());
    }
    EnvironmentBatch batch(options_, first,
                           std::span(environments_).first(size), *policy_,
                           on_step_);
    batch.play([this] {
      base::throw_if_stopped();
      return should_stop_();
    });
    return {batch.take_episodes(), batch.counts()};
  }

 private:
  RunnerOptions options_;
  std::unique_ptr<Policy> policy_;
  std::function<std::unique_ptr<env::Environment>()> make_environment_;
  const StepCallback& on_step_;
  std::function<bool()> should_stop_;
  std::vector<std::unique_ptr<env::Environment>> environments_;
};

}  // namespace

uint64_t episode_seed(uint64_t seed, int64_t episode) {
  return base::random_bits(
             seed, {kEnvironmentSeedStream, static_cast<uint64_t>(episode)}) >>
         33;
}

RunnerCounts run_episodes(const RunnerOptions& options,
                          const EnvironmentFactory& make_environment,
                          const PolicyFactory& make_policy,
                          const EpisodeSink& sink,
                          const StepCallback& on_step) {
  RunnerCounts counts;
  const int64_t batch_count =
      (options.episodes + options.batch_size - 1) / options.batch_size;
  // Sizes of batches differ by at most 1, so that no small batch is left over.
  const auto first_episode = [&](int64_t batch) {
    return batch * options.episodes / batch_count;
  };
  std::vector<std::unique_ptr<Worker>> workers(
      static_cast<size_t>(std::max<int64_t>(options.threads, 1)));
  base::OrderedThreadPool jobs(options.threads);
  std::mutex start_mutex;  // serializes starts of policies and environments
  const auto start_environment = [&] {
    const std::lock_guard lock(start_mutex);
    return make_environment();
  };
  const auto get_worker = [&](int64_t thread) -> Worker& {
    std::unique_ptr<Worker>& worker = workers[thread];
    if (!worker) {
      const std::lock_guard lock(start_mutex);
      worker = std::make_unique<Worker>(
          options, make_policy(std::min(options.batch_size, options.episodes)),
          start_environment, on_step, [&jobs] { return jobs.is_canceled(); });
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
  for (int64_t batch = 0; batch < batch_count; ++batch) {
    jobs.submit([&, batch](int64_t thread) {
      const int64_t first = first_episode(batch),
                    last = first_episode(batch + 1);
      return [&collect_result,
              result = get_worker(thread).play(first, last)]() mutable {
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

}  // namespace gato::rollout
