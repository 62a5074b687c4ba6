#include "gato/train/loss_table.h"

#include "gato/data/vocabulary.h"

// Sums are kept in float64 by modality and by task; those of a domain are
// computed when they are reported. As a tensor, row 0 is the total, rows 1 to
// kModalityCount are the modalities, and the tasks follow.
namespace gato::train {

LossTable::LossTable(const at::Tensor& values) {
  const auto value = values.accessor<double, 2>();
  const auto sum = [&value](int64_t row) {
    return LossSum{value[row][0], static_cast<int64_t>(value[row][1])};
  };
  total_ = sum(0);
  for (int64_t row = 1; row < values.size(0); ++row) {
    if (value[row][1] == 0) {
      continue;
    }
    if (row <= kModalityCount) {
      by_modality_[static_cast<uint8_t>(row - 1)] = sum(row);
    } else {
      by_task_[static_cast<int32_t>(row - 1 - kModalityCount)] = sum(row);
    }
  }
}

at::Tensor LossTable::to_tensor(int64_t task_count) const {
  at::Tensor sums =
      at::zeros({1 + kModalityCount + task_count, 2}, at::kDouble);
  auto value = sums.accessor<double, 2>();
  const auto set = [&value](int64_t row, const LossSum& sum) {
    value[row][0] = sum.loss;
    value[row][1] = static_cast<double>(sum.targets);
  };
  set(0, total_);
  for (const auto& [modality, sum] : by_modality_) {
    set(1 + modality, sum);
  }
  for (const auto& [task, sum] : by_task_) {
    set(1 + kModalityCount + task, sum);
  }
  return sums;
}

void LossTable::add(const model::Batch& batch,
                    const at::Tensor& target_losses) {
  const at::Tensor losses = target_losses.to(at::kCPU).contiguous();
  const float* loss = losses.const_data_ptr<float>();
  const uint8_t* modality = batch.target_modality.const_data_ptr<uint8_t>();
  const int32_t* task = batch.target_task.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < losses.numel(); ++i) {
    for (LossSum* sum :
         {&total_, &by_modality_[modality[i]], &by_task_[task[i]]}) {
      sum->loss += loss[i];
      ++sum->targets;
    }
  }
}

void LossTable::add(const LossTable& other) {
  total_.add(other.total_);
  for (const auto& [key, sum] : other.by_modality_) {
    by_modality_[key].add(sum);
  }
  for (const auto& [key, sum] : other.by_task_) {
    by_task_[key].add(sum);
  }
}

void LossTable::LossSum::add(const LossSum& other) {
  loss += other.loss;
  targets += other.targets;
}

nlohmann::json LossTable::LossSum::to_json() const {
  nlohmann::json loss_or_null;
  if (targets > 0) {
    loss_or_null = mean();
  }
  return {{"loss", loss_or_null}, {"targets", targets}};
}

nlohmann::json LossTable::to_json(const data::TaskTable& tasks) const {
  const auto modality_json = [this](data::Modality modality) {
    const auto found = by_modality_.find(static_cast<uint8_t>(modality));
    return (found == by_modality_.end() ? LossSum{} : found->second).to_json();
  };
  nlohmann::json json = total_.to_json();
  json["modality"] = {
      {"text", modality_json(data::Modality::text)},
      {"discrete_action", modality_json(data::Modality::discrete_action)},
      {"continuous_action", modality_json(data::Modality::continuous_action)}};
  std::map<std::string, LossSum> task, domain;
  for (const auto& [number, sum] : by_task_) {
    const data::TaskSpec& spec = tasks.tasks.at(number).spec;
    task[spec.name].add(sum);
    domain[spec.domain].add(sum);
  }
  json["task"] = json["domain"] = nlohmann::json::object();
  for (const auto& [name, sum] : task) {
    json["task"][name] = sum.to_json();
  }
  for (const auto& [name, sum] : domain) {
    json["domain"][name] = sum.to_json();
  }
  return json;
}

}  // namespace gato::train
