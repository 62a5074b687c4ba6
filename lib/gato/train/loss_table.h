// Losses added up by modality, task and domain.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/token_file.h"
#include "gato/model/batch.h"

namespace gato {

class LossTable {
 public:
  static constexpr int64_t modalities = 8;  // their numbers are below

  LossTable() = default;
  // Of sums(), or of several of them added.
  explicit LossTable(const at::Tensor& sums);
  // float64 [1 + modalities + tasks, 2]: sum of the losses and targets, of all,
  // of each modality, of each task.
  at::Tensor sums(int64_t tasks) const;

  // `each`: fp32 [T], the loss of every target of the batch.
  void add(const Batch& batch, const at::Tensor& each);
  void add(const LossTable& other);
  int64_t targets() const { return all_.targets; }
  double mean() const { return all_.mean(); }

  // {"loss","targets","modality":{NAME: {"loss","targets"}},"task":{...},
  // "domain":{...}}: means over targets; null where there are none. The
  // modalities that are targets are always listed; tasks and domains where they
  // have targets.
  nlohmann::json to_json(const TaskTable& tasks) const;

 private:
  struct Sum {
    double loss = 0;
    int64_t targets = 0;
    void add(const Sum& other);
    double mean() const { return loss / double(targets); }
    nlohmann::json to_json() const;
  };
  Sum all_;
  std::map<uint8_t, Sum> modality_;
  std::map<int32_t, Sum> task_;
};

}  // namespace gato
