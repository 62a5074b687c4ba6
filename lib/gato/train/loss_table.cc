#include "gato/train/loss_table.h"

#include "gato/data/vocabulary.h"

namespace gato {

LossTable::LossTable(const at::Tensor& sums) {
  const auto value = sums.accessor<double, 2>();
  const auto sum = [&value](int64_t row) {
    return Sum{value[row][0], static_cast<int64_t>(value[row][1])};
  };
  all_ = sum(0);
  for (int64_t row = 1; row < sums.size(0); ++row) {
    if (value[row][1] == 0) continue;
    if (row <= modalities) {
      modality_[uint8_t(row - 1)] = sum(row);
    } else {
      task_[int32_t(row - 1 - modalities)] = sum(row);
    }
  }
}

at::Tensor LossTable::sums(int64_t tasks) const {
  at::Tensor sums = at::zeros({1 + modalities + tasks, 2}, at::kDouble);
  auto value = sums.accessor<double, 2>();
  const auto set = [&value](int64_t row, const Sum& sum) {
    value[row][0] = sum.loss;
    value[row][1] = static_cast<double>(sum.targets);
  };
  set(0, all_);
  for (const auto& [modality, sum] : modality_) set(1 + modality, sum);
  for (const auto& [task, sum] : task_) set(1 + modalities + task, sum);
  return sums;
}

void LossTable::add(const Batch& batch, const at::Tensor& each) {
  const at::Tensor losses = each.to(at::kCPU).contiguous();
  const float* loss = losses.const_data_ptr<float>();
  const uint8_t* modality = batch.target_modality.const_data_ptr<uint8_t>();
  const int32_t* task = batch.target_task.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < losses.numel(); ++i) {
    for (Sum* sum : {&all_, &modality_[modality[i]], &task_[task[i]]}) {
      sum->loss += loss[i];
      ++sum->targets;
    }
  }
}

void LossTable::add(const LossTable& other) {
  all_.add(other.all_);
  for (const auto& [key, sum] : other.modality_) modality_[key].add(sum);
  for (const auto& [key, sum] : other.task_) task_[key].add(sum);
}

void LossTable::Sum::add(const Sum& other) {
  loss += other.loss;
  targets += other.targets;
}

nlohmann::json LossTable::Sum::to_json() const {
  nlohmann::json loss_or_null;
  if (targets > 0) loss_or_null = mean();
  return {{"loss", loss_or_null}, {"targets", targets}};
}

nlohmann::json LossTable::to_json(const TaskTable& tasks) const {
  const auto of_modality = [this](Modality modality) {
    const auto found = modality_.find(uint8_t(modality));
    return (found == modality_.end() ? Sum{} : found->second).to_json();
  };
  nlohmann::json json = all_.to_json();
  json["modality"] = {
      {"text", of_modality(Modality::text)},
      {"discrete_action", of_modality(Modality::discrete_action)},
      {"continuous_action", of_modality(Modality::continuous_action)}};
  std::map<std::string, Sum> task, domain;
  for (const auto& [number, sum] : task_) {
    const TaskSpec& spec = tasks.tasks.at(number).spec;
    task[spec.name].add(sum);
    domain[spec.domain].add(sum);
  }
  json["task"] = json["domain"] = nlohmann::json::object();
  for (const auto& [name, sum] : task) json["task"][name] = sum.to_json();
  for (const auto& [name, sum] : domain) json["domain"][name] = sum.to_json();
  return json;
}

}  // namespace gato
