// Plays the episodes of a run in several threads. Each thread has slots with an
// environment each, and one policy, which chooses the actions of all slots that
// have an observation at once. A slot begins the next episode as soon as its
// own has ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "gato/base/fair_semaphore.h"
#include "gato/env/environment.h"
#include "gato/rollout/control_clock.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

// The numbers of the episodes of each batch, at least one per batch.
//
// A policy whose arithmetic depends on the batch (Policy::depends_on_batch())
// plays the episodes of one batch after the other in each thread, so that the
// result does not depend on which thread plays them. With any other policy,
// batches mean nothing but an order.
using BatchPlan = std::vector<std::vector<int64_t>>;

// Divides episodes into as few batches of at most `batch_size` as possible,
// whose sizes differ by at most 1, so that no small batch is left over.
BatchPlan plan_batches(const std::vector<int64_t>& episodes,
                       int64_t batch_size);
// Divides episodes 0 to count - 1.
BatchPlan plan_batches(int64_t count, int64_t batch_size);

struct RunnerOptions {
  BatchPlan batches;
  int64_t threads = 1;
  // The maximum number of steps of an episode, in addition to the environment's
  // own limit; 0: none.
  int64_t max_steps = 0;
  uint64_t seed = 0;
  // The maximum number of episodes that a thread plays at the same time; 0: as
  // many as the largest batch has.
  int64_t slots = 0;
  // The period at which actions are sent (see ControlClock); 0: at once.
  std::chrono::steady_clock::duration control_period{};
  // If given, a thread has a permit of it while it computes, but not while it
  // waits for environments.
  base::FairSemaphore* permits = nullptr;
  // Called between steps; if it returns true, the run ends and its result is
  // not complete.
  std::function<bool()> is_canceled = {};
};

struct RunnerCounts {
  int64_t episodes = 0, steps = 0;
  int64_t retried = 0;  // episodes that failed once and were played again
  int64_t failed = 0;   // episodes that failed twice
};

// The limit if neither the environment nor the caller has one.
constexpr int64_t kDefaultMaxSteps = 10000;

// The number of environments that a thread starts at the same time. It bounds
// the load of simulators whose start takes seconds.
constexpr int64_t kMaxStartingEnvironments = 32;

// Returns the number of steps after which an episode is truncated: the smaller
// of two limits, each of which is 0 if there is none, or kDefaultMaxSteps.
int64_t step_limit(int64_t requested_limit, int64_t environment_limit);

// Called from several threads, also at the same time.
using EnvironmentFactory = std::function<std::unique_ptr<env::Environment>()>;
// Called in the thread that the policy will act in, never in two at the same
// time. The policy gets at most `slots` environments at once.
using PolicyFactory = std::function<std::unique_ptr<Policy>(int64_t slots)>;
// Receives the episodes in the order of the batches, one at a time, from any
// thread. Episodes that end before earlier ones are kept until then; if the
// sink is empty, nothing is kept.
using EpisodeSink = std::function<void(data::Episode&&)>;

// A report of how an episode was played.
struct EpisodeReport {
  bool was_retried = false;   // it failed once
  ControlTiming timing = {};  // if there is a control period
};

// Functions that observe a run. They are called from several threads at the
// same time, and may be empty.
struct RunnerCallbacks {
  // Called after each reset (step 0) and after each step of an environment.
  // Returns whether the environment must render its state, in which case
  // on_render() is called next.
  std::function<bool(const PolicyInput& input)> on_step = {};
  // Called when the environment has rendered; env::Environment::finish_render()
  // returns the image. If it returns false, the episode is played again from
  // its first step, as if for the first time: the environment can no longer
  // step, and not through the fault of the episode.
  std::function<bool(const PolicyInput& input)> on_render = {};
  // Called as soon as an episode has ended.
  std::function<void(const data::Episode& episode, const EpisodeReport& report)>
      on_episode_end = {};
};

// Returns the seed of the environment's reset in an episode of a run. It has 31
// bits, which every simulator accepts. Neighboring seeds of runs give unrelated
// seeds of episodes.
uint64_t episode_seed(uint64_t seed, int64_t episode);

// Plays the episodes of options.batches and passes them to `sink`. Blocks until
// all of them have ended.
//
// The result does not depend on timing or on the number of threads. Nor does it
// depend on the batches or the slots if the arithmetic of the policy does not
// depend on the other inputs of a batch.
//
// An episode fails if its environment throws EnvironmentError, if an
// observation, an action or a reward is NaN or has another shape than the spec
// says, or if the policy fails. It is then played a second time with the same
// environment seed. If that fails as well, the sink receives it marked as
// failed, with the steps before the failure. Any other exception ends the run.
RunnerCounts run_episodes(const RunnerOptions& options,
                          const EnvironmentFactory& make_environment,
                          const PolicyFactory& make_policy,
                          const EpisodeSink& sink,
                          const RunnerCallbacks& callbacks = {});

// Plays one episode, which is episode 0 of a run, and returns it.
// options.batches and options.slots have no effect.
data::Episode play_episode(RunnerOptions options,
                           const EnvironmentFactory& make_environment,
                           const PolicyFactory& make_policy);

}  // namespace gato::rollout
