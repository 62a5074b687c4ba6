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
  // Prepares the episodes of these numbers, one in each environment. All
  // arguments but the numbers must outlive the batch.
  EnvironmentBatch(
      const RunnerOptions& options, const std::vector<int64_t>& episodes,
      std::span<const std::unique_ptr<env::Environment>> environments,
      Policy& policy, const RunnerCallbacks& callbacks);

  // Plays all episodes to their end, unless should_stop() returns true before a
  // step.
  void play(const std::function<bool()>& should_stop);
  // Returns the episodes in the order of the numbers.
  std::vector<data::Episode> take_episodes() { return std::move(episodes_); }
  const RunnerCounts& counts() const { return counts_; }

 private:
  struct Slot {
    PolicyInput input;
    data::FieldValues observation;
    EpisodeRecorder recorder;
    bool is_playing = true;
  };

  // These three return what went wrong, or an empty string.
  std::string reset(Slot& slot);
  std::string reset_once(Slot& slot);
  std::string step(Slot& slot, const PolicyOutput& output);
  // Begins the slot's episode or, if `failure` says how it failed, its second
  // attempt. After a second failure, the episode ends as failed.
  void begin_episode(Slot& slot, std::string failure);
  void end_episode(Slot& slot, bool failed);
  // Returns whether the episode can continue.
  bool report_step(const PolicyInput& input) const;

  const RunnerOptions& options_;
  Policy& policy_;
  const RunnerCallbacks& callbacks_;
  std::vector<Slot> slots_;
  std::vector<data::Episode> episodes_;
  RunnerCounts counts_;
};

}  // namespace gato::rollout
