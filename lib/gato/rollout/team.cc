#include "gato/rollout/team.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

namespace gato {
namespace {

int64_t step_limit(int64_t asked, int64_t environment) {
  if (asked > 0 && environment > 0) return std::min(asked, environment);
  const int64_t limit = std::max(asked, environment);
  return limit > 0 ? limit : default_max_steps;
}

}  // namespace

Team::Team(const RunnerOptions& options, int64_t first,
           std::span<const std::unique_ptr<Environment>> environments,
           Policy& policy, const Watcher& watch)
    : options_(options),
      policy_(policy),
      watch_(watch),
      episodes_(environments.size()) {
  for (size_t i = 0; i < environments.size(); ++i) {
    Slot slot{{}, {}, EpisodeRecorder(environments[i]->spec().task)};
    slot.turn.slot = static_cast<int64_t>(i);
    slot.turn.episode = first + slot.turn.slot;
    slot.turn.environment = environments[i].get();
    slots_.push_back(std::move(slot));
  }
  for (Slot& slot : slots_) slot.turn.observation = &slot.observation;
}

void Team::play(const std::function<bool()>& stop) {
  for (Slot& slot : slots_) begin(slot, "");
  std::vector<Turn> turns;
  while (!stop()) {
    turns.clear();
    for (const Slot& slot : slots_)
      if (slot.playing) turns.push_back(slot.turn);
    if (turns.empty()) return;
    const std::vector<Decision> decisions = policy_.act(turns);
    for (size_t i = 0; i < turns.size(); ++i) {
      Slot& slot = slots_[turns[i].slot];
      std::string failure = step(slot, decisions[i]);
      if (!failure.empty()) begin(slot, std::move(failure));
    }
  }
}

std::string Team::reset(Slot& slot) {
  Turn& turn = slot.turn;
  turn.step = 0;
  slot.recorder.start(turn.episode, episode_seed(options_.seed, turn.episode));
  try {
    slot.observation =
        turn.environment->reset(episode_seed(options_.seed, turn.episode));
  } catch (const EnvironmentError& error) {
    return error.what();
  }
  std::string problem =
      problem_of(slot.observation, turn.environment->spec().task.observation);
  if (!problem.empty()) return "observation " + problem;
  slot.recorder.observe(slot.observation);
  policy_.begin(turn.slot);
  if (watch_) watch_(turn);
  return "";
}

std::string Team::step(Slot& slot, const Decision& decision) {
  if (!decision.failure.empty()) return decision.failure;
  Turn& turn = slot.turn;
  const EnvironmentSpec& spec = turn.environment->spec();
  if (auto problem = problem_of(decision.action, spec.task.action);
      !problem.empty())
    return "action " + problem;
  StepResult result;
  try {
    result = turn.environment->step(decision.action);
  } catch (const EnvironmentError& error) {
    return error.what();
  }
  if (auto problem = problem_of(result.observation, spec.task.observation);
      !problem.empty())
    return "observation " + problem;
  if (!std::isfinite(result.reward))
    return fmt::format("reward is {}", result.reward);

  ++turn.step;
  if (turn.step >= step_limit(options_.max_steps, spec.max_steps) &&
      !result.terminated)
    result.truncated = true;
  slot.recorder.step(decision, result);
  slot.observation = std::move(result.observation);
  if (watch_) watch_(turn);
  if (result.terminated || result.truncated) end(slot, false);
  return "";
}

void Team::begin(Slot& slot, std::string failure) {
  Turn& turn = slot.turn;
  bool is_first = failure.empty();
  while (is_first || !failure.empty()) {
    if (!is_first) {
      const int64_t step = slot.recorder.steps();
      if (turn.attempt == 1) {
        spdlog::warn("episode {} failed at step {}: {}; recorded as failed",
                     turn.episode, step, failure);
        end(slot, true);
        return;
      }
      spdlog::warn("episode {} failed at step {}: {}; trying once more",
                   turn.episode, step, failure);
      turn.attempt = 1;
      ++counts_.retried;
    }
    is_first = false;
    failure = reset(slot);
  }
}

void Team::end(Slot& slot, bool failed) {
  slot.playing = false;
  Episode& episode = episodes_[slot.turn.slot];
  episode = slot.recorder.finish(failed);
  ++counts_.episodes;
  counts_.failed += failed;
  counts_.steps += episode.steps();
}

}  // namespace gato
