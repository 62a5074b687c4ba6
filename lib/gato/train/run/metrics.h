// Accumulates the metrics of steps into lines of metrics.jsonl.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/data/token_file.h"
#include "gato/model/model_config.h"
#include "gato/train/loss_table.h"

namespace gato::train {

// The metrics of one step.
struct StepMetrics {
  double loss = 0;  // the weighted loss that is minimized
  double gradient_norm = 0;
  double learning_rate = 0;
  int64_t token_count = 0, target_count = 0;
  double data_wait_seconds = 0;      // waiting for the data loader
  double communication_seconds = 0;  // in collectives, including waiting
  bool is_skipped = false;
};

class MetricsAccumulator {
 public:
  // The properties of a run from which utilization is computed.
  struct RunInfo {
    model::ModelConfig config;
    int64_t sequence_length = 0;  // tokens
    at::Device device = at::kCPU;
    double peak_flops_per_second = 0;  // of one rank
    int64_t world_size = 1;
  };
  explicit MetricsAccumulator(RunInfo run);
  void add(const StepMetrics& step);
  LossTable& loss_table() { return loss_table_; }
  // Excludes `time`, during which no step was taken, from the rates.
  void exclude(std::chrono::steady_clock::duration time) {
    start_time_ += time;
  }
  int64_t step_count() const { return step_count_; }
  double mean_loss() const;  // over steps that were not skipped; NaN if none

  // Returns {"step","loss","gradient_norm","learning_rate","modality":{...},
  // "domain":{...},"task":{...},"tokens_per_second","targets_per_second","mfu",
  // "data_wait","memory","skipped"} for the steps since the last line, and
  // begins a new line.
  //   mfu        model FLOPs utilization: training_flops() per second, relative
  //              to the peak of all ranks
  //   data_wait  fraction of the time spent waiting for data
  //   memory     peak_memory() in bytes
  //   exchange   fraction of the time spent in collectives; only with several
  //              ranks
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
