// What the lines of metrics.jsonl are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/data/token_file.h"
#include "gato/train/loss_table.h"

namespace gato {

// What a step adds to them.
struct StepMetrics {
  double loss = 0;  // weighted, as it is minimised
  double gradient_norm = 0;
  double learning_rate = 0;
  int64_t tokens = 0, targets = 0;
  double data_wait = 0;  // seconds that the step waited for its data
  double exchange = 0;   // and for the other ranks
  bool is_skipped = false;
};

class Metrics {
 public:
  Metrics();
  void add(const StepMetrics& step);
  LossTable& table() { return table_; }
  int64_t steps() const { return steps_; }
  double loss() const;  // mean over the steps that count

  // {"step","loss","gradient_norm","learning_rate","modality":{...},
  // "domain":{...},"tokens_per_second","targets_per_second","data_wait",
  // "memory","skipped"} of the steps since the last line; then starts the next.
  // data_wait is the share of the time, memory the peak in bytes. With
  // `has_ranks` also "exchange", the share of the time with other ranks.
  nlohmann::json line(int64_t step, const TaskTable& tasks,
                      bool has_ranks = false);

 private:
  std::chrono::steady_clock::time_point start_;
  LossTable table_;
  StepMetrics last_;
  double loss_ = 0, gradient_norm_ = 0, data_wait_ = 0, exchange_ = 0;
  int64_t steps_ = 0, skipped_ = 0, tokens_ = 0, targets_ = 0;
};

}  // namespace gato
