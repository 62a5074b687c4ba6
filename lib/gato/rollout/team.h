// A handful of episodes played in step: each in its own environment, one
// decision of the policy for all that still play.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gato/rollout/recorder.h"
#include "gato/rollout/runner.h"

namespace gato {

class Team {
 public:
  // Plays episodes [first, first + environments.size()).
  Team(const RunnerOptions& options, int64_t first,
       std::span<const std::unique_ptr<Environment>> environments,
       Policy& policy, const Watcher& watch);

  // To the end of all of them, or until `stop` returns true.
  void play(const std::function<bool()>& stop);
  // In the order of their numbers.
  std::vector<Episode> take_episodes() { return std::move(episodes_); }
  const RunnerCounts& counts() const { return counts_; }

 private:
  struct Slot {
    Turn turn;
    Values observation;
    EpisodeRecorder recorder;
    bool playing = true;
  };

  // Each returns what went wrong, or an empty text.
  std::string reset(Slot& slot);
  std::string step(Slot& slot, const Decision& decision);
  // Resets, once more after a failure; the episode ends where both fail.
  void begin(Slot& slot, std::string failure);
  void end(Slot& slot, bool failed);

  RunnerOptions options_;
  Policy& policy_;
  const Watcher& watch_;
  std::vector<Slot> slots_;
  std::vector<Episode> episodes_;
  RunnerCounts counts_;
};

}  // namespace gato
