// What the lines of metrics.jsonl are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/data/token_file.h"
#include "gato/model/config.h"
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
  // What is measured, and against what.
  struct Run {
    ModelConfig config;
    int64_t length = 0;  // of a sequence
    at::Device device = at::kCPU;
    double product_rate = 0;  // of cost.h
    int64_t ranks = 1;
  };
  explicit Metrics(Run run);
  void add(const StepMetrics& step);
  LossTable& table() { return table_; }
  int64_t steps() const { return steps_; }
  double loss() const;  // mean over the steps that count

  // {"step","loss","gradient_norm","learning_rate","modality":{...},
  // "domain":{...},"tokens_per_second","targets_per_second","mfu","data_wait",
  // "memory","skipped"} of the steps since the last line; then starts the next.
  // mfu is the share of product_rate, of as many machines as there are ranks,
  // that training_operations() took up; data_wait that of the time; memory the
  // peak in bytes. With several ranks also "exchange", the share of the time
  // with the others.
  nlohmann::json line(int64_t step, const TaskTable& tasks);

 private:
  Run run_;
  std::chrono::steady_clock::time_point start_;
  LossTable table_;
  StepMetrics last_;
  double loss_ = 0, gradient_norm_ = 0, data_wait_ = 0, exchange_ = 0;
  int64_t steps_ = 0, skipped_ = 0, tokens_ = 0, targets_ = 0;
};

}  // namespace gato
