#include "gato/data/episode.h"

#include <cmath>
#include <numeric>

#include "gato/base/error.h"
#include "gato/base/string_util.h"

namespace gato::data {
namespace {

int64_t row_count(const FieldColumn& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return static_cast<int64_t>(texts->size());
  }
  const auto& array = std::get<Array>(column);
  return array.shape.empty() ? 0 : array.shape[0];
}

}  // namespace

void require_printable_name(const char* what, const std::string& name) {
  if (const std::string shown = base::escape_control_characters(name);
      shown != name) {
    throw base::input_error("the {} \"{}\" has control characters", what,
                            shown);
  }
}

void require_printable_names(const TaskSpec& spec) {
  require_printable_name("task", spec.name);
  require_printable_name("domain", spec.domain);
  require_printable_name("environment", spec.environment);
}

int64_t Episode::step_count() const {
  if (!actions.empty()) return row_count(actions.front());
  return static_cast<int64_t>(rewards.size());
}

double Episode::total_reward() const {
  if (rewards.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(rewards.begin(), rewards.end(), 0.0);
}

void require_finite_rewards(const Episode& episode, const std::string& label) {
  for (size_t step = 0; step < episode.rewards.size(); ++step) {
    if (!std::isfinite(episode.rewards[step])) {
      throw base::input_error(
          "{}: episode {}: rewards: step {} is {}: repair or remove the "
          "episode",
          label, episode.id, step, episode.rewards[step]);
    }
  }
}

}  // namespace gato::data
