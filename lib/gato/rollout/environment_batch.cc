// A failed episode is played a second time with the same environment seed,
// while the others continue. Its slot keeps the number of the attempt, from
// which the policy derives other random numbers than those that led to the
// failure.
#include "gato/rollout/environment_batch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "gato/base/signals.h"
#include "gato/data/episode.h"

namespace gato::rollout {
EnvironmentBatch::EnvironmentBatch(
    const RunnerOptions& options, const std::vector<int64_t>& episodes,
    std::span<const std::unique_ptr<env::Environment>> environments,
    Policy& policy, const RunnerCallbacks& callbacks)
    : options_(options),
      policy_(policy),
      callbacks_(callbacks),
      episodes_(environments.size()) {
  for (size_t i = 0; i < environments.size(); ++i) {
    Slot slot{{}, {}, EpisodeRecorder(environments[i]->spec().task)};
    slot.input.slot = static_cast<int64_t>(i);
    slot.input.episode = episodes[i];
    slot.input.environment = environments[i].get();
    slots_.push_back(std::move(slot));
  }
  // Pointers to slots are taken only after the vector has its final size.
  for (Slot& slot : slots_) {
    slot.input.observation = &slot.observation;
  }
}

void EnvironmentBatch::play(const std::function<bool()>& should_stop) {
  for (Slot& slot : slots_) {
    begin_episode(slot, "");
  }
  std::vector<PolicyInput> inputs;
  while (!should_stop()) {
    inputs.clear();
    for (const Slot& slot : slots_) {
      if (slot.is_playing) {
        inputs.push_back(slot.input);
      }
    }
    if (inputs.empty()) {
      return;
    }
    const std::vector<PolicyOutput> outputs = policy_.act(inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      Slot& slot = slots_[inputs[i].slot];
      std::string failure = step(slot, outputs[i]);
      if (!failure.empty()) {
        begin_episode(slot, std::move(failure));
      }
    }
  }
}

// The callback may end the environment in a way that the episode is not to
// blame for, for example when it renders. The attempt then begins again.
bool EnvironmentBatch::report_step(const PolicyInput& input) const {
  return !callbacks_.on_step || callbacks_.on_step(input);
}

std::string EnvironmentBatch::reset(Slot& slot) {
  std::string problem;
  do {
    problem = reset_once(slot);
  } while (problem.empty() && !report_step(slot.input));
  return problem;
}

std::string EnvironmentBatch::reset_once(Slot& slot) {
  PolicyInput& input = slot.input;
  input.step = 0;
  slot.recorder.begin_episode(input.episode,
                              episode_seed(options_.seed, input.episode));
  try {
    slot.observation =
        input.environment->reset(episode_seed(options_.seed, input.episode));
  } catch (const env::EnvironmentError& error) {
    return error.what();
  }
  std::string problem = data::find_invalid_value(
      slot.observation, input.environment->spec().task.observation_fields);
  if (!problem.empty()) {
    return "observation " + problem;
  }

  slot.recorder.record_first_observation(slot.observation);
  policy_.begin_episode(input.slot);
  return "";
}

std::string EnvironmentBatch::step(Slot& slot, const PolicyOutput& output) {
  if (!output.failure.empty()) {
    return output.failure;
  }
  PolicyInput& input = slot.input;
  const env::EnvironmentSpec& spec = input.environment->spec();
  if (auto problem =
          data::find_invalid_value(output.action, spec.task.action_fields);
      !problem.empty()) {
    return "action " + problem;
  }
  env::StepResult result;
  try {
    result = input.environment->step(output.action);
  } catch (const env::EnvironmentError& error) {
    return error.what();
  }
  if (auto problem = data::find_invalid_value(result.observation,
                                              spec.task.observation_fields);
      !problem.empty()) {
    return "observation " + problem;
  }
  if (!std::isfinite(result.reward)) {
    return fmt::format("reward is {}", result.reward);
  }

  ++input.step;
  if (input.step >= step_limit(options_.max_steps, spec.max_episode_steps) &&
      !result.terminated) {
    result.truncated = true;
  }
  slot.recorder.record_step(output, result);
  slot.observation = std::move(result.observation);
  const bool can_continue = report_step(input);
  if (result.terminated || result.truncated) {
    end_episode(slot, /*failed=*/false);
    return "";
  }
  return can_continue ? "" : reset(slot);
}

void EnvironmentBatch::begin_episode(Slot& slot, std::string failure) {
  PolicyInput& input = slot.input;
  if (failure.empty()) {
    failure = reset(slot);
  }
  while (!failure.empty()) {
    // A batch system may signal the environment's process, too: that is not a
    // failure of the episode.
    base::throw_if_stopped();
    const int64_t step = slot.recorder.step_count();
    if (input.attempt == 1) {
      spdlog::warn("episode {} failed at step {}: {}; recorded as failed",
                   input.episode, step, failure);
      end_episode(slot, /*failed=*/true);
      return;
    }
    spdlog::warn("episode {} failed at step {}: {}; trying once more",
                 input.episode, step, failure);
    input.attempt = 1;
    ++counts_.retried;
    failure = reset(slot);
  }
}

void EnvironmentBatch::end_episode(Slot& slot, bool failed) {
  slot.is_playing = false;
  data::Episode& episode = episodes_[slot.input.slot];
  episode = slot.recorder.finish(failed);
  ++counts_.episodes;
  counts_.failed += failed;
  counts_.steps += episode.step_count();
  if (callbacks_.on_episode_end) {
    callbacks_.on_episode_end(episode, slot.input.attempt > 0);
  }
}

}  // namespace gato::rollout
