#include "gato/rollout/score_table.h"

#include <fmt/format.h>

#include <cmath>

namespace gato {

void TaskScore::add(const Episode& episode) {
  if (episode.failed)
    ++failed_;
  else
    returns_.push_back(episode.total_reward());
  if (episode.success) reports_success_ = true;
  if (episode.success.value_or(false) && !episode.failed) ++succeeded_;
}

std::vector<std::string> TaskScore::header() {
  return {"task", "episodes", "failed", "mean", "std", "success"};
}

std::vector<std::string> TaskScore::row() const {
  std::string mean_text, deviation_text, success_text;
  if (failed_ == 0 && !returns_.empty()) {
    const double n = static_cast<double>(returns_.size());
    double sum = 0, squares = 0;
    for (double value : returns_) sum += value;
    for (double value : returns_)
      squares += (value - sum / n) * (value - sum / n);
    mean_text = fmt::format("{:.6g}", sum / n);
    deviation_text = fmt::format("{:.6g}", std::sqrt(squares / n));
  }
  if (reports_success_)
    success_text = fmt::format("{:.3f}", static_cast<double>(succeeded_) /
                                             static_cast<double>(episodes()));
  return {task_,
          fmt::format("{}", episodes()),
          fmt::format("{}", failed_),
          mean_text,
          deviation_text,
          success_text};
}

}  // namespace gato
