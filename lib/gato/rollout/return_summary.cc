#include "gato/rollout/return_summary.h"

#include <fmt/format.h>

#include <cmath>

namespace gato::rollout {

void ReturnSummary::add(const data::Episode& episode) {
  if (episode.failed) {
    ++failure_count_;
  } else {
    returns_.push_back(episode.total_reward());
  }
  if (episode.success) has_success_reports_ = true;
  if (episode.success.value_or(false) && !episode.failed) ++success_count_;
}

std::vector<std::string> ReturnSummary::table_header() {
  return {"task", "episodes", "failed", "mean", "std", "success"};
}

std::vector<std::string> ReturnSummary::table_row() const {
  std::string mean_text, stddev_text, success_text;
  if (failure_count_ == 0 && !returns_.empty()) {
    const double n = static_cast<double>(returns_.size());
    double sum = 0, squares = 0;
    for (double value : returns_) sum += value;
    for (double value : returns_)
      squares += (value - sum / n) * (value - sum / n);
    mean_text = fmt::format("{:.6g}", sum / n);
    stddev_text = fmt::format("{:.6g}", std::sqrt(squares / n));
  }
  if (has_success_reports_) {
    success_text =
        fmt::format("{:.3f}", static_cast<double>(success_count_) /
                                  static_cast<double>(episode_count()));
  }
  return {task_,
          fmt::format("{}", episode_count()),
          fmt::format("{}", failure_count_),
          mean_text,
          stddev_text,
          success_text};
}

}  // namespace gato::rollout
