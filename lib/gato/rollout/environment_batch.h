// A handful of episodes played in step: each in its own environment, one
// decision of the policy for all that still play.
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
  // Plays episodes [first, first + environments.size()).
  EnvironmentBatch(
      const RunnerOptions& options, int64_t first_episode,
      std::span<const std::unique_ptr<env::Environment>> environments,
      Policy& policy, const StepCallback& on_step);

  // To the end of all of them, or until `stop` returns true.
  void play(const std::function<bool()>& should_stop);
  // In the order of their numbers.
  std::vector<data::Episode> take_episodes() { return std::move(episodes_); }
  const RunnerCounts& counts() const { return counts_; }

 private:
  struct Slot {
    PolicyInput input;
    data::FieldValues observation;
    EpisodeRecorder recorder;
    bool is_playing = true;
  };

  // Each returns what went wrong, or an empty text.
  std::string reset(Slot& slot);
  std::string step(Slot& slot, const PolicyOutput& output);
  // Resets, once more after a failure; the episode ends where both fail.
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
