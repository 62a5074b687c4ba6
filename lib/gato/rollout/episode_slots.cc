// One round of play() sends and receives what is possible, lets the policy act
// for the slots that have an observation, and sends their actions. The thread
// waits only if no slot can do anything. Environments in this process have
// their reply at once, so that all of them step in every round; those in child
// processes work while others act.
//
// A policy whose arithmetic depends on the batch acts only when no environment
// is still working: which slots share a batch must not depend on timing.
//
// A failed episode is played a second time with the same environment seed. Its
// slot keeps the number of the attempt, from which the policy derives other
// random numbers than those that led to the failure.
#include "gato/rollout/episode_slots.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/data/episode.h"
#include "gato/ingest/utf8.h"

namespace gato::rollout {

EpisodeSlots::EpisodeSlots(
    const RunnerOptions& options,
    std::span<const std::unique_ptr<env::Environment>> environments,
    Policy& policy, const RunnerCallbacks& callbacks, const Sink& sink)
    : options_(options), policy_(policy), callbacks_(callbacks), sink_(sink) {
  for (size_t i = 0; i < environments.size(); ++i) {
    Slot slot(environments[i]->spec().task);
    slot.input.slot = static_cast<int64_t>(i);
    slot.input.environment = environments[i].get();
    slots_.push_back(std::move(slot));
  }
  // Pointers to slots are taken only after the vector has its final size.
  for (Slot& slot : slots_) {
    slot.input.observation = &slot.observation;
    if (policy_.needs_expert_action()) {
      slot.input.expert_action = &slot.expert_action;
    }
  }
}

bool EpisodeSlots::waits_for_environment(const Slot& slot) {
  return slot.phase >= Phase::resetting && slot.phase <= Phase::stepping;
}

void EpisodeSlots::play(const NextEpisode& next_episode,
                        const std::function<bool()>& should_stop) {
  base::Permit permit(options_.permits);
  while (!should_stop()) {
    start_episodes(next_episode);
    if (std::ranges::all_of(slots_, [](const Slot& slot) {
          return slot.phase == Phase::idle;
        })) {
      return;
    }
    exchange(permit);
    // New episodes act together with the others, not a round later.
    if (start_episodes(next_episode)) {
      exchange(permit);
    }
    if (can_act()) {
      act();
    }
    send_actions();
    permit.yield();
  }
}

bool EpisodeSlots::start_episodes(const NextEpisode& next_episode) {
  bool has_started = false;
  auto playing = std::ranges::count_if(
      slots_, [](const Slot& slot) { return slot.phase != Phase::idle; });
  for (Slot& slot : slots_) {
    if (slot.phase != Phase::idle) {
      continue;
    }
    const std::optional<QueuedEpisode> episode = next_episode(playing == 0);
    if (!episode) {
      break;
    }
    has_started = true;
    ++playing;
    slot.index = episode->index;
    slot.input.episode = episode->number;
    slot.input.attempt = 0;
    begin_attempt(slot);
  }
  return has_started;
}

bool EpisodeSlots::can_act() const {
  // Nobody waits if there is a control period.
  const bool waits_for_all =
      policy_.depends_on_batch() && !has_control_period();
  bool has_input = false;
  for (const Slot& slot : slots_) {
    has_input |= slot.phase == Phase::has_observation;
    if (waits_for_all && waits_for_environment(slot)) {
      return false;
    }
  }
  return has_input;
}

void EpisodeSlots::exchange(base::Permit& permit) {
  waits_.clear();
  bool has_work = can_act();
  for (Slot& slot : slots_) {
    if (slot.phase == Phase::has_action) {
      waits_.add_deadline(slot.clock.send_time());
    } else if (waits_for_environment(slot)) {
      if (slot.input.environment->has_reply()) {
        has_work = true;
      } else {
        slot.input.environment->add_waits(waits_);
      }
    }
  }
  if (has_work) {
    waits_.poll();
  } else {
    permit.release();
    waits_.wait();
    earliest_arrival_ = ControlClock::Time::clock::now();
    permit.acquire();
  }
  for (Slot& slot : slots_) {
    if (waits_for_environment(slot) && !slot.input.environment->has_reply()) {
      slot.input.environment->advance(waits_);
    }
    while (waits_for_environment(slot) && slot.input.environment->has_reply()) {
      receive(slot);
    }
  }
  earliest_arrival_ = ControlClock::Time::clock::now();
}

// A reply that was there without a wait may have arrived long before: the
// latency counts from the earliest possible time.
ControlClock::Time EpisodeSlots::arrival_time(const Slot& slot) const {
  return slot.input.environment->spec().is_external
             ? std::max(earliest_arrival_, slot.request_time)
             : ControlClock::Time::clock::now();
}

void EpisodeSlots::act() {
  inputs_.clear();
  for (const Slot& slot : slots_) {
    if (slot.phase == Phase::has_observation) {
      inputs_.push_back(slot.input);
    }
  }
  std::vector<PolicyOutput> outputs = policy_.act(inputs_);
  for (size_t i = 0; i < inputs_.size(); ++i) {
    Slot& slot = slots_[inputs_[i].slot];
    slot.output = std::move(outputs[i]);
    const data::TaskSpec& task = slot.input.environment->spec().task;
    if (!slot.output.failure.empty()) {
      fail_attempt(slot, slot.output.failure);
    } else if (const std::string problem = data::find_invalid_value(
                   slot.output.action, task.action_fields);
               !problem.empty()) {
      fail_attempt(slot, "action " + problem);
    } else {
      set_phase(slot, Phase::has_action);
    }
  }
}

void EpisodeSlots::send_actions() {
  for (Slot& slot : slots_) {
    if (slot.phase != Phase::has_action) {
      continue;
    }
    if (has_control_period()) {
      const ControlClock::Time now = ControlClock::Time::clock::now();
      if (!slot.clock.may_send(now)) {
        continue;
      }
      slot.clock.send(now);
    }
    set_phase(slot, Phase::stepping);
  }
}

void EpisodeSlots::set_phase(Slot& slot, Phase phase) {
  slot.phase = phase;
  env::Environment& environment = *slot.input.environment;
  if (has_control_period()) {
    slot.request_time = ControlClock::Time::clock::now();
  }
  switch (phase) {
    case Phase::resetting:
      environment.begin_reset(episode_seed(options_.seed, slot.input.episode));
      break;
    case Phase::rendering:
      environment.begin_render();
      break;
    case Phase::asking_expert:
      environment.begin_expert_action();
      break;
    case Phase::stepping:
      environment.begin_step(slot.output.action);
      break;
    case Phase::has_action:
      if (has_control_period()) {
        slot.clock.schedule(slot.request_time);
      }
      break;
    case Phase::idle:
    case Phase::has_observation:
      break;
  }
}

void EpisodeSlots::receive(Slot& slot) {
  switch (slot.phase) {
    case Phase::resetting:
      return receive_first_observation(slot);
    case Phase::stepping:
      return receive_step(slot);
    case Phase::asking_expert:
      return receive_expert_action(slot);
    case Phase::rendering:
      // The environment may have ended in a way that the episode is not to
      // blame for. The attempt then begins again.
      return callbacks_.on_render(slot.input) ? after_rendering(slot)
                                              : begin_attempt(slot);
    default:
      return;
  }
}

void EpisodeSlots::receive_first_observation(Slot& slot) {
  PolicyInput& input = slot.input;
  try {
    slot.observation = input.environment->finish_reset();
  } catch (const env::EnvironmentError& error) {
    return fail_attempt(slot, error.what());
  }
  const std::string problem = data::find_invalid_value(
      slot.observation, input.environment->spec().task.observation_fields);
  if (!problem.empty()) {
    return fail_attempt(slot, "observation " + problem);
  }
  if (has_control_period()) {
    slot.clock.begin(options_.control_period, arrival_time(slot));
  }
  slot.recorder.record_first_observation(slot.observation);
  policy_.begin_episode(input.slot);
  after_observation(slot);
}

void EpisodeSlots::receive_step(Slot& slot) {
  PolicyInput& input = slot.input;
  const env::EnvironmentSpec& spec = input.environment->spec();
  env::StepResult result;
  try {
    result = input.environment->finish_step();
  } catch (const env::EnvironmentError& error) {
    return fail_attempt(slot, error.what());
  }
  if (const std::string problem = data::find_invalid_value(
          result.observation, spec.task.observation_fields);
      !problem.empty()) {
    return fail_attempt(slot, "observation " + problem);
  }
  if (!std::isfinite(result.reward)) {
    return fail_attempt(slot, fmt::format("reward is {}", result.reward));
  }
  if (has_control_period()) {
    slot.clock.observe(arrival_time(slot));
  }
  ++input.step;
  if (input.step >= step_limit(options_.max_steps, spec.max_episode_steps) &&
      !result.terminated) {
    result.truncated = true;
  }
  slot.recorder.record_step(slot.output, result);
  slot.observation = std::move(result.observation);
  slot.has_ended = result.terminated || result.truncated;
  after_observation(slot);
}

void EpisodeSlots::receive_expert_action(Slot& slot) {
  try {
    slot.expert_action = slot.input.environment->finish_expert_action();
  } catch (const env::EnvironmentError& error) {
    return fail_attempt(slot, fmt::format("expert: {}", error.what()));
  }
  set_phase(slot, Phase::has_observation);
}

void EpisodeSlots::after_observation(Slot& slot) {
  if (callbacks_.on_step && callbacks_.on_step(slot.input)) {
    set_phase(slot, Phase::rendering);
  } else {
    after_rendering(slot);
  }
}

void EpisodeSlots::after_rendering(Slot& slot) {
  if (slot.has_ended) {
    end_episode(slot, std::nullopt);
  } else {
    set_phase(slot, policy_.needs_expert_action() ? Phase::asking_expert
                                                  : Phase::has_observation);
  }
}

void EpisodeSlots::begin_attempt(Slot& slot) {
  PolicyInput& input = slot.input;
  input.step = 0;
  slot.has_ended = false;
  slot.clock = {};
  slot.recorder.begin_episode(input.episode,
                              episode_seed(options_.seed, input.episode));
  set_phase(slot, Phase::resetting);
}

void EpisodeSlots::fail_attempt(Slot& slot, const std::string& failure) {
  // A batch system may signal the environment's process, too: that is not a
  // failure of the episode.
  base::throw_if_stopped();
  PolicyInput& input = slot.input;
  const bool is_second = input.attempt == 1;
  spdlog::warn("episode {} failed at step {}: {}; {}", input.episode,
               slot.recorder.step_count(), failure,
               is_second ? "recorded as failed" : "trying once more");
  if (is_second) {
    // The failure may quote what a child printed.
    return end_episode(slot,
                       fmt::format("step {}: {}", slot.recorder.step_count(),
                                   base::escape_control_characters(
                                       ingest::escape_invalid_utf8(failure))));
  }
  input.attempt = 1;
  ++counts_.retried;
  begin_attempt(slot);
}

void EpisodeSlots::end_episode(Slot& slot,
                               const std::optional<std::string>& failure) {
  data::Episode episode = slot.recorder.finish(failure);
  ++counts_.episodes;
  counts_.failed += episode.failed;
  counts_.steps += episode.step_count();
  if (callbacks_.on_episode_end) {
    EpisodeReport report{slot.input.attempt > 0, slot.clock.take_timing()};
    // The last action of a failed episode is not recorded.
    report.timing.latencies.resize(
        std::min(report.timing.latencies.size(),
                 static_cast<size_t>(episode.step_count())));
    callbacks_.on_episode_end(episode, report);
  }
  slot.phase = Phase::idle;
  if (sink_) {
    sink_(slot.index, std::move(episode));
  }
}

}  // namespace gato::rollout
