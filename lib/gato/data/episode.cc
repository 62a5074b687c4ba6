#include "gato/data/episode.h"

#include <cmath>
#include <numeric>

#include "gato/base/error.h"

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
