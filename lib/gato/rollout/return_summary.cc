#include "gato/rollout/return_summary.h"

#include <fmt/format.h>

#include "gato/eval/statistics.h"

namespace gato::rollout {

void ReturnSummary::add(const data::Episode& episode) {
  if (episode.failed) {
    ++failure_count_;
  } else {
    returns_.push_back(episode.total_reward());
  }
  if (episode.success) {
    has_success_reports_ = true;
  }
  if (episode.success.value_or(false) && !episode.failed) {
    ++success_count_;
  }
}

std::vector<std::string> ReturnSummary::table_header() {
  return {"task", "episodes", "failed", "mean", "std", "success"};
}

std::vector<std::string> ReturnSummary::table_row() const {
  std::string mean_text, stddev_text, success_text;
  if (failure_count_ == 0 && !returns_.empty()) {
    mean_text = fmt::format("{:.6g}", eval::mean(returns_));
    stddev_text = fmt::format("{:.6g}", eval::standard_deviation(returns_));
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
