// Plays episodes in the slots of one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gato/base/fair_semaphore.h"
#include "gato/env/wait_set.h"
#include "gato/rollout/control_clock.h"
#include "gato/rollout/episode_recorder.h"
#include "gato/rollout/episode_runner.h"

namespace gato::rollout {

// An episode to be played.
struct QueuedEpisode {
  size_t index = 0;    // in the order of the run
  int64_t number = 0;  // of the episode
};

// Each slot has an environment and plays one episode after the other. One call
// of the policy chooses the actions of all slots that have an observation.
class EpisodeSlots {
 public:
  // Returns the next episode to play, nullopt if there is none now. `is_idle`
  // says whether all slots are idle.
  using NextEpisode = std::function<std::optional<QueuedEpisode>(bool is_idle)>;
  // Receives an episode that has ended.
  using Sink = std::function<void(size_t index, data::Episode&& episode)>;

  // All arguments must outlive this object.
  EpisodeSlots(const RunnerOptions& options,
               std::span<const std::unique_ptr<env::Environment>> environments,
               Policy& policy, const RunnerCallbacks& callbacks,
               const Sink& sink);

  // Plays until there are no more episodes and all have ended, or until
  // should_stop() returns true between two steps.
  void play(const NextEpisode& next_episode,
            const std::function<bool()>& should_stop);
  const RunnerCounts& counts() const { return counts_; }

 private:
  // The activity of a slot. In the phases from `resetting` to `stepping` it
  // waits for its environment.
  enum class Phase {
    idle,             // has no episode
    resetting,        // begins an attempt
    rendering,        // waits for an image of the current state
    asking_expert,    // waits for the expert's action
    stepping,         // waits for the result of an action
    has_observation,  // waits for the policy
    has_action        // waits for the tick at which the action is sent
  };

  struct Slot {
    explicit Slot(const data::TaskSpec& task) : recorder(task) {}

    PolicyInput input;
    Phase phase = Phase::idle;
    size_t index = 0;  // of the episode in the order of the run
    data::FieldValues observation, expert_action;
    PolicyOutput output;
    EpisodeRecorder recorder;
    bool has_ended = false;  // the observation is the last one
    ControlClock clock;
    ControlClock::Time request_time = {};  // of the last request
  };

  // Gives idle slots their next episode. Returns whether there was one.
  bool start_episodes(const NextEpisode& next_episode);
  // Sends and receives what is possible, after a wait if there is nothing else
  // to do.
  void exchange(base::Permit& permit);
  bool can_act() const;
  // Lets the policy choose the actions of all slots with an observation.
  void act();
  void send_actions();

  // Processes the reply that the environment of a slot has.
  void receive(Slot& slot);
  void receive_first_observation(Slot& slot);
  void receive_step(Slot& slot);
  void receive_expert_action(Slot& slot);
  // Called when the slot has a new observation, and when it was rendered.
  void after_observation(Slot& slot);
  void after_rendering(Slot& slot);

  void begin_attempt(Slot& slot);
  // Begins the second attempt or, after a second failure, ends the episode.
  void fail_attempt(Slot& slot, const std::string& failure);
  // `failure` says why the episode failed, if it did.
  void end_episode(Slot& slot, const std::optional<std::string>& failure);
  void set_phase(Slot& slot, Phase phase);

  static bool waits_for_environment(const Slot& slot);
  bool has_control_period() const {
    return options_.control_period.count() > 0;
  }
  // Returns when the observation that is being received has arrived.
  ControlClock::Time arrival_time(const Slot& slot) const;

  const RunnerOptions& options_;
  Policy& policy_;
  const RunnerCallbacks& callbacks_;
  const Sink& sink_;
  std::vector<Slot> slots_;
  env::WaitSet waits_;
  // The earliest time at which the replies that are being received can have
  // arrived from child processes.
  ControlClock::Time earliest_arrival_;
  std::vector<PolicyInput> inputs_;  // of act()
  RunnerCounts counts_;
};

}  // namespace gato::rollout
