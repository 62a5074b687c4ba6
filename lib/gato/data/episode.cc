#include "gato/data/episode.h"

#include <cmath>
#include <numeric>

#include "gato/base/error.h"
#include "gato/base/one_line.h"

namespace gato {
namespace {

int64_t rows(const Column& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return static_cast<int64_t>(texts->size());
  }
  const auto& array = std::get<Array>(column);
  return array.shape.empty() ? 0 : array.shape[0];
}

}  // namespace

void check_name(const char* what, const std::string& name) {
  if (const std::string shown = one_line(name); shown != name) {
    throw input_error("the {} \"{}\" has control characters", what, shown);
  }
}

void check_names(const TaskSpec& spec) {
  check_name("task", spec.name);
  check_name("domain", spec.domain);
  check_name("environment", spec.environment);
}

int64_t Episode::steps() const {
  if (!actions.empty()) return rows(actions.front());
  return static_cast<int64_t>(rewards.size());
}

double Episode::total_reward() const {
  if (rewards.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(rewards.begin(), rewards.end(), 0.0);
}

void check_rewards(const Episode& episode, const std::string& label) {
  for (size_t step = 0; step < episode.rewards.size(); ++step) {
    if (!std::isfinite(episode.rewards[step])) {
      throw input_error(
          "{}: episode {}: rewards: step {} is {}: repair or remove the "
          "episode",
          label, episode.id, step, episode.rewards[step]);
    }
  }
}

}  // namespace gato
