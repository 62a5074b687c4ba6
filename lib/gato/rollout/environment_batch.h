// Plays a batch of episodes in lockstep. Each episode has its own environment,
// and one call of the policy chooses the actions of all that are still playing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gato/rollout/episode_recorder.h"
#include "gato/rollout/episode_runner.h"

namespace gato::rollout {

class EnvironmentBatch {
 public:
  // Prepares episodes [first_episode, first_episode + environments.size()). The
  // environments, the policy and the callback, which may be empty, must outlive
  // the batch.
  EnvironmentBatch(
      const RunnerOptions& options, int64_t first_episode,
      std::span<const std::unique_ptr<env::Environment>> environments,
      Policy& policy, const StepCallback& on_step);

  // Plays all episodes to their end, unless should_stop() returns true before a
  // step.
  void play(const std::function<bool()>& should_stop);
  // Returns the episodes in the order of their numbers.
  std::vector<data::Episode> take_episodes() { return std::move(episodes_); }
  const RunnerCounts& counts() const { return counts_; }

 private:
  struct Slot {
    PolicyInput input;
    data::FieldValues observation;
    EpisodeRecorder recorder;
    bool is_playing = true;
  };

  // Both return what went wrong, or an empty string.
  std::string reset(Slot& slot);
  std::string step(Slot& slot, const PolicyOutput& output);
  // Begins the slot's episode or, if `failure` says how it failed, its second
  // attempt. After a second failure, the episode ends as failed.
  void begin_episode(Slot& slot, std::string failure);
  void end_episode(Slot& slot, bool failed);

  RunnerOptions options_;
  Policy& policy_;
  const StepCallback& on_step_;
  std::vector<Slot> slots_;
  std::vector<data::Episode> episodes_;
  RunnerCounts counts_;
};

}  // namespace gato::rollout
