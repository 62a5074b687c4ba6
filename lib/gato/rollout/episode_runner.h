// Plays episodes: teams of environments in step with one another, one policy
// deciding for all of a team at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "gato/env/environment.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

struct RunnerOptions {
  int64_t episodes = 50;
  int64_t batch_size = 16;  // largest number of environments in a team
  int64_t threads = 1;      // teams that play at the same time
  int64_t max_steps =
      0;  // truncates episodes; 0: the environment's limit alone
  uint64_t seed = 0;
};

struct RunnerCounts {
  int64_t episodes = 0, steps = 0;
  int64_t retried = 0;  // failed once and played again
  int64_t failed = 0;   // failed twice
};

// Where neither the environment nor the caller states a limit.
constexpr int64_t kDefaultMaxSteps = 10000;

// Called from several threads, not at the same time.
using EnvironmentFactory = std::function<std::unique_ptr<env::Environment>()>;
// Called in the thread that the policy is going to act in, one at a time.
using PolicyFactory = std::function<std::unique_ptr<Policy>(int64_t slots)>;
// Gets every episode, in the order of their numbers, whatever the threads.
using EpisodeSink = std::function<void(data::Episode&&)>;
// Sees an environment after its reset (step 0) and after each step. Episodes of
// different teams are watched from different threads.
using StepCallback = std::function<void(const PolicyInput& input)>;

// The seed that environment number `episode` of a run is reset with: 31 bits,
// which every simulator takes, and different streams for neighbouring seeds.
uint64_t episode_seed(uint64_t seed, int64_t episode);

// Episodes are dealt to teams of at most `batch` before any is played, so the
// result depends on no timing: not on the threads, and where the policy's
// arithmetic does not depend on who else is in a team, not on `batch` either.
// An episode fails when its environment throws EnvironmentError, when an
// observation, an action or a reward is not a number or of another shape than
// the spec says, or when the policy fails. It is played a second time, with the
// same environment seed; if that fails as well it is passed on marked as
// failed, with the steps before the failure. Any other exception ends the run.
RunnerCounts run_episodes(const RunnerOptions& options,
                          const EnvironmentFactory& make_environment,
                          const PolicyFactory& make_policy,
                          const EpisodeSink& sink,
                          const StepCallback& on_step = {});

}  // namespace gato::rollout
