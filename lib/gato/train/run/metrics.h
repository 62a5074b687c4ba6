// What the lines of metrics.jsonl are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/data/token_file.h"
#include "gato/model/model_config.h"
#include "gato/train/loss_table.h"

namespace gato::train {

// What a step adds to them.
struct StepMetrics {
  double loss = 0;  // weighted, as it is minimised
  double gradient_norm = 0;
  double learning_rate = 0;
  int64_t token_count = 0, target_count = 0;
  double data_wait_seconds = 0;  // seconds that the step waited for its data
  double communication_seconds = 0;  // and for the other ranks
  bool is_skipped = false;
};

class MetricsAccumulator {
 public:
  // What is measured, and against what.
  struct RunInfo {
    model::ModelConfig config;
    int64_t sequence_length = 0;  // of a sequence
    at::Device device = at::kCPU;
    double peak_flops_per_second = 0;  // of cost.h
    int64_t world_size = 1;
  };
  explicit MetricsAccumulator(RunInfo run);
  void add(const StepMetrics& step);
  LossTable& loss_table() { return loss_table_; }
  int64_t step_count() const { return step_count_; }
  double mean_loss() const;  // mean over the steps that count

  // {"step","loss","gradient_norm","learning_rate","modality":{...},
  // "domain":{...},"tokens_per_second","targets_per_second","mfu","data_wait",
  // "memory","skipped"} of the steps since the last line; then starts the next.
  // mfu is the share of product_rate, of as many machines as there are ranks,
  // that training_flops() took up; data_wait that of the time; memory the
  // peak in bytes. With several ranks also "exchange", the share of the time
  // with the others.
  nlohmann::json take_line(int64_t step, const data::TaskTable& tasks);

 private:
  RunInfo run_info_;
  std::chrono::steady_clock::time_point start_time_;
  LossTable loss_table_;
  StepMetrics last_step_;
  double loss_sum_ = 0, gradient_norm_sum_ = 0, data_wait_seconds_ = 0,
         communication_seconds_ = 0;
  int64_t step_count_ = 0, skipped_count_ = 0, token_count_ = 0,
          target_count_ = 0;
};

}  // namespace gato::train
