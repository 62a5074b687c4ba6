// Mean losses by modality, task and domain.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/token_file.h"
#include "gato/model/batch.h"

namespace gato::train {

class LossTable {
 public:
  static constexpr int64_t kModalityCount = 8;  // exceeds every data::Modality

  LossTable() = default;
  // Makes a table from the result of to_tensor(), or from a sum of such
  // tensors.
  explicit LossTable(const at::Tensor& values);
  // Returns float64 [1 + kModalityCount + task_count, 2]: the sum of the losses
  // and the number of targets, over all targets (row 0), of each modality, and
  // of each task.
  at::Tensor to_tensor(int64_t task_count) const;

  // Adds the losses of a batch; `target_losses` is fp32 [T], one per target.
  void add(const model::Batch& batch, const at::Tensor& target_losses);
  void add(const LossTable& other);
  int64_t target_count() const { return total_.targets; }
  double mean() const { return total_.mean(); }

  // Returns {"loss","targets","modality":{NAME: {"loss","targets"}},
  // "task":{...},"domain":{...}}. Losses are means over targets, or null if
  // there are none. All modalities that can be targets are listed, and the
  // tasks and domains that have targets.
  nlohmann::json to_json(const data::TaskTable& tasks) const;

 private:
  struct LossSum {
    double loss = 0;
    int64_t targets = 0;
    void add(const LossSum& other);
    double mean() const { return loss / static_cast<double>(targets); }
    nlohmann::json to_json() const;
  };
  LossSum total_;
  std::map<uint8_t, LossSum> by_modality_;
  std::map<int32_t, LossSum> by_task_;
};

}  // namespace gato::train
