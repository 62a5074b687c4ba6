#include "gato/rollout/runner.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "gato/rollout/team.h"

namespace gato {
namespace {

constexpr uint64_t environment_seeds = 0x656e76;  // keeps its stream apart

// Teams are handed out in order; their episodes leave in order.
class Run {
 public:
  Run(const RunnerOptions& options, const EnvironmentFactory& make_environment,
      const PolicyFactory& make_policy, const EpisodeSink& sink,
      const Watcher& watch)
      : options_(options),
        make_environment_(make_environment),
        make_policy_(make_policy),
        sink_(sink),
        watch_(watch),
        teams_((options.episodes + options.batch - 1) / options.batch) {}

  RunnerCounts play() {
    const int64_t workers =
        std::min(std::max<int64_t>(options_.threads, 1), teams_);
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < workers; ++i)
      threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
    return counts_;
  }

 private:
  // Teams are as even as they can be: none waits for a few stragglers.
  int64_t first_episode(int64_t team) const {
    return team * options_.episodes / teams_;
  }

  void work() {
    try {
      std::unique_ptr<Policy> policy;
      std::vector<std::unique_ptr<Environment>> environments;
      for (int64_t team = next_team_++; team < teams_ && !stopped_;
           team = next_team_++) {
        const int64_t first = first_episode(team);
        const size_t size = first_episode(team + 1) - first;
        if (!policy) {
          const std::lock_guard lock(mutex_);
          policy = make_policy_(std::min(options_.batch, options_.episodes));
        }
        while (environments.size() < size) {
          const std::lock_guard lock(mutex_);
          environments.push_back(make_environment_());
        }
        Team players(options_, first, std::span(environments).first(size),
                     *policy, watch_);
        players.play([this] { return stopped_.load(); });
        if (!stopped_) deliver(team, players);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stopped_ = true;
    }
  }

  void deliver(int64_t team, Team& players) {
    const std::lock_guard lock(mutex_);
    counts_.episodes += players.counts().episodes;
    counts_.steps += players.counts().steps;
    counts_.retried += players.counts().retried;
    counts_.failed += players.counts().failed;
    waiting_[team] = players.take_episodes();
    for (auto next = waiting_.find(delivered_); next != waiting_.end();
         next = waiting_.find(++delivered_)) {
      for (Episode& episode : next->second) sink_(std::move(episode));
      waiting_.erase(next);
    }
  }

  const RunnerOptions& options_;
  const EnvironmentFactory& make_environment_;
  const PolicyFactory& make_policy_;
  const EpisodeSink& sink_;
  const Watcher& watch_;
  const int64_t teams_;
  std::atomic<int64_t> next_team_ = 0;
  std::atomic<bool> stopped_ = false;

  std::mutex mutex_;  // of everything below, of the factories and of the sink
  std::map<int64_t, std::vector<Episode>> waiting_;
  int64_t delivered_ = 0;
  RunnerCounts counts_;
  std::exception_ptr error_;
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
  return Run(options, make_environment, make_policy, sink, watch).play();
}

}  // namespace gato
