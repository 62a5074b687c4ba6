#include "gato/rollout/runner.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "gato/base/ordered_jobs.h"
#include "gato/base/signals.h"
#include "gato/rollout/team.h"

namespace gato {
namespace {

constexpr uint64_t environment_seeds = 0x656e76;  // keeps its stream apart

struct TeamResult {
  std::vector<Episode> episodes;
  RunnerCounts counts;
};

// A thread's environments and policy, kept from team to team.
class Worker {
 public:
  Worker(const RunnerOptions& options, std::unique_ptr<Policy> policy,
         std::function<std::unique_ptr<Environment>()> make_environment,
         const Watcher& watch, std::function<bool()> given_up)
      : options_(options),
        policy_(std::move(policy)),
        make_environment_(std::move(make_environment)),
        watch_(watch),
        given_up_(std::move(given_up)) {}

  TeamResult play(int64_t first, int64_t last) {
    const size_t size = last - first;
    while (environments_.size() < size)
      environments_.push_back(make_environment_());
    Team team(options_, first, std::span(environments_).first(size), *policy_,
              watch_);
    team.play([this] {
      throw_if_stopped();
      return given_up_();
    });
    return {team.take_episodes(), team.counts()};
  }

 private:
  RunnerOptions options_;
  std::unique_ptr<Policy> policy_;
  std::function<std::unique_ptr<Environment>()> make_environment_;
  const Watcher& watch_;
  std::function<bool()> given_up_;
  std::vector<std::unique_ptr<Environment>> environments_;
};

}  // namespace

uint64_t episode_seed(uint64_t seed, int64_t episode) {
  return random_bits(seed,
                     {environment_seeds, static_cast<uint64_t>(episode)}) >>
         33;
}

RunnerCounts run_episodes(const RunnerOptions& options,
                          const EnvironmentFactory& make_environment,
                          const PolicyFactory& make_policy,
                          const EpisodeSink& sink, const Watcher& watch) {
  RunnerCounts counts;
  const int64_t teams = (options.episodes + options.batch - 1) / options.batch;
  // Teams are as even as they can be: none waits for a few stragglers.
  const auto first_episode = [&](int64_t team) {
    return team * options.episodes / teams;
  };
  std::vector<std::unique_ptr<Worker>> workers(
      static_cast<size_t>(std::max<int64_t>(options.threads, 1)));
  OrderedJobs jobs(options.threads);
  std::mutex starting;  // of policies and environments
  const auto start_environment = [&] {
    const std::lock_guard lock(starting);
    return make_environment();
  };
  const auto worker_of = [&](int64_t thread) -> Worker& {
    std::unique_ptr<Worker>& worker = workers[thread];
    if (!worker) {
      const std::lock_guard lock(starting);
      worker = std::make_unique<Worker>(
          options, make_policy(std::min(options.batch, options.episodes)),
          start_environment, watch, [&jobs] { return jobs.is_given_up(); });
    }
    return *worker;
  };
  const auto take = [&](TeamResult& team) {
    counts.episodes += team.counts.episodes;
    counts.steps += team.counts.steps;
    counts.retried += team.counts.retried;
    counts.failed += team.counts.failed;
    for (Episode& episode : team.episodes) sink(std::move(episode));
  };
  for (int64_t team = 0; team < teams; ++team) {
    jobs.add([&, team](int64_t thread) {
      const int64_t first = first_episode(team), last = first_episode(team + 1);
      return [&take, result = worker_of(thread).play(first, last)]() mutable {
        take(result);
      };
    });
  }
  jobs.finish();
  // In parallel, since environments that are processes take their time to end.
  for (auto& worker : workers)
    jobs.add([&worker](int64_t) {
      worker.reset();
      return OrderedJobs::Finish();
    });
  jobs.finish();
  return counts;
}

}  // namespace gato
