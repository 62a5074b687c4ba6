// Threads take episodes from one queue, and keep their policy and environments
// until it is empty, because both are expensive to start.
#include "gato/rollout/episode_runner.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include "gato/base/ordered_thread_pool.h"
#include "gato/base/signals.h"
#include "gato/rollout/episode_slots.h"

namespace gato::rollout {
namespace {

constexpr uint64_t kEnvironmentSeedStream = 0x656e76;  // "env"

// The episodes that no thread has taken yet.
class EpisodeQueue {
 public:
  explicit EpisodeQueue(const BatchPlan& batches) {
    for (const std::vector<int64_t>& batch : batches) {
      numbers_.insert(numbers_.end(), batch.begin(), batch.end());
      batch_ends_.push_back(numbers_.size());
    }
  }

  size_t size() const { return numbers_.size(); }
  bool is_empty() const {
    const std::lock_guard lock(mutex_);
    return next_ == numbers_.size();
  }

  // The episodes [begin, end) that a thread has taken.
  struct Range {
    size_t begin = 0, end = 0;
  };
  // Takes the next batch, or only its first episode.
  Range take(bool takes_batch) {
    const std::lock_guard lock(mutex_);
    Range range{next_, next_};
    if (next_ < numbers_.size()) {
      range.end = takes_batch
                      ? *std::ranges::upper_bound(batch_ends_, range.begin)
                      : range.begin + 1;
    }
    next_ = range.end;
    return range;
  }
  QueuedEpisode at(size_t index) const { return {index, numbers_[index]}; }

 private:
  std::vector<int64_t> numbers_;
  std::vector<size_t> batch_ends_;
  mutable std::mutex mutex_;  // guards next_
  size_t next_ = 0;
};

// Passes episodes to a sink in the order of their indices.
class OrderedSink {
 public:
  explicit OrderedSink(const EpisodeSink& sink) : sink_(sink) {}

  void add(size_t index, data::Episode&& episode) {
    if (!sink_) {
      return;
    }
    const std::lock_guard lock(mutex_);
    early_episodes_.emplace(index, std::move(episode));
    while (!early_episodes_.empty() &&
           early_episodes_.begin()->first == next_index_) {
      sink_(std::move(early_episodes_.begin()->second));
      early_episodes_.erase(early_episodes_.begin());
      ++next_index_;
    }
  }

 private:
  const EpisodeSink& sink_;
  std::mutex mutex_;
  std::map<size_t, data::Episode> early_episodes_;
  size_t next_index_ = 0;
};

// Calls work(i) for all i < count, several at the same time.
void for_each_at_once(size_t count, const std::function<void(size_t)>& work) {
  base::OrderedThreadPool jobs(
      std::min(static_cast<int64_t>(count), kMaxStartingEnvironments));
  for (size_t i = 0; i < count; ++i) {
    jobs.submit([&work, i](int64_t) {
      work(i);
      return base::OrderedThreadPool::Completion();
    });
  }
  jobs.wait_all();
}

// The state that the threads of a run share.
struct Run {
  Run(const RunnerOptions& options, const EnvironmentFactory& make_environment,
      const PolicyFactory& make_policy, const EpisodeSink& sink,
      const RunnerCallbacks& callbacks)
      : options(options),
        make_environment(make_environment),
        make_policy(make_policy),
        callbacks(callbacks),
        queue(options.batches),
        sink(sink) {}

  size_t max_batch_size() const {
    size_t size = 0;
    for (const std::vector<int64_t>& batch : options.batches) {
      size = std::max(size, batch.size());
    }
    return size;
  }
  size_t thread_count() const {
    return static_cast<size_t>(std::clamp<int64_t>(
        options.threads, 1,
        std::max<int64_t>(1, static_cast<int64_t>(queue.size()))));
  }

  const RunnerOptions& options;
  const EnvironmentFactory& make_environment;
  const PolicyFactory& make_policy;
  const RunnerCallbacks& callbacks;
  EpisodeQueue queue;
  OrderedSink sink;
  std::mutex mutex;  // guards counts, and serializes starts of policies
  RunnerCounts counts;
};

// Plays episodes of the queue in this thread until it is empty.
void play_in_thread(Run& run, const std::function<bool()>& is_canceled) {
  if (run.queue.is_empty()) {
    return;
  }
  const size_t fair_share =
      (run.queue.size() + run.thread_count() - 1) / run.thread_count();
  const size_t batch_size = run.max_batch_size();
  const size_t max_slots = run.options.slots > 0
                               ? static_cast<size_t>(run.options.slots)
                               : batch_size;
  std::unique_ptr<Policy> policy;
  {
    const std::lock_guard lock(run.mutex);
    policy = run.make_policy(static_cast<int64_t>(
        std::min(max_slots, std::max(fair_share, batch_size))));
  }
  const bool takes_batches = policy->depends_on_batch();
  std::vector<std::unique_ptr<env::Environment>> environments(
      std::min(max_slots, takes_batches ? batch_size : fair_share));
  for_each_at_once(environments.size(),
                   [&](size_t i) { environments[i] = run.make_environment(); });

  EpisodeQueue::Range taken;
  const auto next_episode = [&](bool is_idle) -> std::optional<QueuedEpisode> {
    if (taken.begin == taken.end && (is_idle || !takes_batches)) {
      taken = run.queue.take(takes_batches);
    }
    if (taken.begin == taken.end) {
      return std::nullopt;
    }
    return run.queue.at(taken.begin++);
  };
  const EpisodeSlots::Sink sink = [&run](size_t index,
                                         data::Episode&& episode) {
    run.sink.add(index, std::move(episode));
  };
  EpisodeSlots slots(run.options, environments, *policy, run.callbacks, sink);
  slots.play(next_episode, [&is_canceled] {
    base::throw_if_stopped();
    return is_canceled();
  });
  {
    const std::lock_guard lock(run.mutex);
    run.counts.episodes += slots.counts().episodes;
    run.counts.steps += slots.counts().steps;
    run.counts.retried += slots.counts().retried;
    run.counts.failed += slots.counts().failed;
  }
  // Environments that are processes take some time to exit.
  for_each_at_once(environments.size(),
                   [&](size_t i) { environments[i].reset(); });
}

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
  Run run(options, make_environment, make_policy, sink, callbacks);
  base::OrderedThreadPool threads(static_cast<int64_t>(run.thread_count()));
  for (size_t i = 0; i < run.thread_count(); ++i) {
    threads.submit([&](int64_t) {
      play_in_thread(run, [&] {
        return threads.is_canceled() ||
               (options.is_canceled && options.is_canceled());
      });
      return base::OrderedThreadPool::Completion();
    });
  }
  threads.wait_all();
  return run.counts;
}

data::Episode play_episode(RunnerOptions options,
                           const EnvironmentFactory& make_environment,
                           const PolicyFactory& make_policy) {
  options.batches = plan_batches(/*count=*/1, /*batch_size=*/1);
  options.slots = 1;
  data::Episode played;
  run_episodes(options, make_environment, make_policy,
               [&](data::Episode&& episode) { played = std::move(episode); });
  return played;
}

}  // namespace gato::rollout
