// Losses added up by modality, task and domain.
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
  static constexpr int64_t kModalityCount = 8;  // their numbers are below

  LossTable() = default;
  // Of sums(), or of several of them added.
  explicit LossTable(const at::Tensor& values);
  // float64 [1 + modalities + tasks, 2]: sum of the losses and targets, of all,
  // of each modality, of each task.
  at::Tensor to_tensor(int64_t task_count) const;

  // `each`: fp32 [T], the loss of every target of the batch.
  void add(const model::Batch& batch, const at::Tensor& target_losses);
  void add(const LossTable& other);
  int64_t target_count() const { return total_.targets; }
  double mean() const { return total_.mean(); }

  // {"loss","targets","modality":{NAME: {"loss","targets"}},"task":{...},
  // "domain":{...}}: means over targets; null where there are none. The
  // modalities that are targets are always listed; tasks and domains where they
  // have targets.
  nlohmann::json to_json(const data::TaskTable& tasks) const;

 private:
  struct LossSum {
    double loss = 0;
    int64_t targets = 0;
    void add(const LossSum& other);
    double mean() const { return loss / double(targets); }
    nlohmann::json to_json() const;
  };
  LossSum total_;
  std::map<uint8_t, LossSum> by_modality_;
  std::map<int32_t, LossSum> by_task_;
};

}  // namespace gato::train
