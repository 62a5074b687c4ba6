#include "gato/train/run/metrics.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "gato/train/resource_usage.h"

namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

MetricsAccumulator::MetricsAccumulator(RunInfo run)
    : run_info_(std::move(run)), start_time_(Clock::now()) {}

void MetricsAccumulator::add(const StepMetrics& step) {
  last_step_ = step;
  ++step_count_;
  token_count_ += step.token_count;
  target_count_ += step.target_count;
  data_wait_seconds_ += step.data_wait_seconds;
  communication_seconds_ += step.communication_seconds;
  if (step.is_skipped) {
    ++skipped_count_;
    return;
  }
  loss_sum_ += step.loss;
  gradient_norm_sum_ += step.gradient_norm;
}

double MetricsAccumulator::mean_loss() const {
  return step_count_ > skipped_count_
             ? loss_sum_ / static_cast<double>(step_count_ - skipped_count_)
             : std::numeric_limits<double>::quiet_NaN();
}

nlohmann::json MetricsAccumulator::take_line(int64_t step,
                                             const data::TaskTable& tasks) {
  const auto now = Clock::now();
  const double seconds =
      std::max(1e-9, std::chrono::duration<double>(now - start_time_).count());
  const nlohmann::json losses = loss_table_.to_json(tasks);
  const int64_t counted = step_count_ - skipped_count_;
  const double flops = training_flops(
      run_info_.config, run_info_.sequence_length, token_count_, target_count_);
  nlohmann::json loss, norm;  // null if every step was skipped
  if (counted > 0) {
    loss = loss_sum_ / static_cast<double>(counted);
    norm = gradient_norm_sum_ / static_cast<double>(counted);
  }
  nlohmann::json line = {
      {"step", step},
      {"loss", loss},
      {"gradient_norm", norm},
      {"learning_rate", last_step_.learning_rate},
      {"modality", losses["modality"]},
      {"domain", losses["domain"]},
      {"task", losses["task"]},
      {"tokens_per_second", static_cast<double>(token_count_) / seconds},
      {"targets_per_second", static_cast<double>(target_count_) / seconds},
      {"mfu", flops / seconds /
                  (run_info_.peak_flops_per_second *
                   static_cast<double>(run_info_.world_size))},
      {"data_wait", data_wait_seconds_ / seconds},
      {"memory", peak_memory(run_info_.device)},
      {"skipped", skipped_count_}};
  if (run_info_.world_size > 1) {
    line["exchange"] = communication_seconds_ / seconds;
  }
  *this = MetricsAccumulator(run_info_);
  return line;
}

}  // namespace gato::train
