#include "gato/train/metrics.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "gato/train/cost.h"
#include "gato/train/memory.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Metrics::Metrics(Run run) : run_(std::move(run)), start_(Clock::now()) {}

void Metrics::add(const StepMetrics& step) {
  last_ = step;
  ++steps_;
  tokens_ += step.tokens;
  targets_ += step.targets;
  data_wait_ += step.data_wait;
  exchange_ += step.exchange;
  if (step.is_skipped) {
    ++skipped_;
    return;
  }
  loss_ += step.loss;
  gradient_norm_ += step.gradient_norm;
}

double Metrics::loss() const {
  return steps_ > skipped_ ? loss_ / double(steps_ - skipped_)
                           : std::numeric_limits<double>::quiet_NaN();
}

nlohmann::json Metrics::line(int64_t step, const TaskTable& tasks) {
  const auto now = Clock::now();
  const double seconds =
      std::max(1e-9, std::chrono::duration<double>(now - start_).count());
  const nlohmann::json losses = table_.to_json(tasks);
  const int64_t counted = steps_ - skipped_;
  const double operations =
      training_operations(run_.config, run_.length, tokens_, targets_);
  nlohmann::json loss, norm;  // null where every step was skipped
  if (counted > 0) {
    loss = loss_ / double(counted);
    norm = gradient_norm_ / double(counted);
  }
  nlohmann::json line = {
      {"step", step},
      {"loss", loss},
      {"gradient_norm", norm},
      {"learning_rate", last_.learning_rate},
      {"modality", losses["modality"]},
      {"domain", losses["domain"]},
      {"tokens_per_second", double(tokens_) / seconds},
      {"targets_per_second", double(targets_) / seconds},
      {"mfu", operations / seconds / (run_.product_rate * double(run_.ranks))},
      {"data_wait", data_wait_ / seconds},
      {"memory", peak_memory(run_.device)},
      {"skipped", skipped_}};
  if (run_.ranks > 1) line["exchange"] = exchange_ / seconds;
  *this = Metrics(run_);
  return line;
}

}  // namespace gato
