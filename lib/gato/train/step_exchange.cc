#include "gato/train/step_exchange.h"

#include <cmath>

#include "gato/data/tokens.h"
#include "gato/train/norm.h"

namespace gato {

StepExchange::StepExchange(Ranks& ranks, const Network& network,
                           LossAverage average, int64_t tasks, bool is_sharded)
    : ranks_(ranks),
      average_(average),
      tasks_(tasks),
      is_sharded_(is_sharded && !ranks.is_alone()),
      buckets_(ranks, network, is_sharded_) {}

void StepExchange::complete(StepBatch& step) const {
  if (ranks_.is_alone()) return;
  TargetCounts count = count_targets(step, average_);
  // Tokens, targets, and a place for every task and modality.
  at::Tensor numbers =
      at::zeros({2 + tasks_ * LossTable::modalities}, at::kLong);
  auto* const values = numbers.data_ptr<int64_t>();
  values[0] = step.tokens;
  values[1] = step.targets;
  for (const auto& [task, modalities] : count) {
    for (const auto& [modality, targets] : modalities) {
      values[2 + task * LossTable::modalities + modality] = targets;
    }
  }
  ranks_.sum(numbers);
  step.tokens = values[0];
  step.targets = values[1];
  count.clear();
  for (int64_t place = 0; place < tasks_ * LossTable::modalities; ++place) {
    if (values[2 + place] == 0) continue;
    count[int32_t(place / LossTable::modalities)]
         [uint8_t(place % LossTable::modalities)] = values[2 + place];
  }
  weigh_targets(step, average_, count);
}

std::function<void(size_t)> StepExchange::start(const AdamW& optimiser) {
  if (ranks_.is_alone()) return {};
  return [this, gradients = optimiser.gradients](size_t parameter) {
    buckets_.complete(parameter, gradients);
  };
}

StepTotals StepExchange::total(AdamW& optimiser, double loss, bool must_stop) {
  if (ranks_.is_alone()) {
    return {loss, norm_of(optimiser.gradients), must_stop};
  }
  buckets_.finish(optimiser.gradients);
  const double norm = norm_of(optimiser.slice().of(optimiser.gradients));
  at::Tensor sums = at::zeros({3}, at::kDouble);
  auto* const values = sums.data_ptr<double>();
  values[0] = loss;
  values[1] = must_stop ? 1 : 0;
  values[2] = norm * norm;
  ranks_.sum(sums);
  return {values[0], is_sharded_ ? std::sqrt(values[2]) : norm, values[1] > 0};
}

void StepExchange::share_parameters(AdamW& optimiser) const {
  if (!is_sharded_) return;
  const FlatSlices slices{optimiser.parameters().numel(), ranks_.size()};
  ranks_.gather_slices(slices.even().of(optimiser.parameters()));
  if (slices.rest().size() > 0) {
    ranks_.broadcast(slices.rest().of(optimiser.parameters()),
                     ranks_.size() - 1);
  }
}

LossTable StepExchange::total(const LossTable& own) const {
  if (ranks_.is_alone()) return own;
  const at::Tensor sums = own.sums(tasks_);
  ranks_.sum(sums);
  return LossTable(sums);
}

}  // namespace gato
