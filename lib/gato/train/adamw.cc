#include "gato/train/adamw.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace gato::train {

AdamW::AdamW(const AdamWOptions& options, at::Tensor parameters,
             int64_t decayed_count, std::optional<FlatSlice> slice)
    : options_(options),
      parameters_(parameters.detach()),
      decayed_count_(decayed_count),
      slice_(slice.value_or(FlatSlice{0, parameters_.numel()})) {
  gradients = at::zeros_like(parameters_);
  for (at::Tensor* buffer : {&first_moment, &second_moment}) {
    *buffer = at::zeros_like(slice_.narrow(parameters_));
  }
}

void AdamW::step(double learning_rate, double gradient_norm) {
  if (options_.max_gradient_norm > 0 &&
      gradient_norm > options_.max_gradient_norm) {
    slice_.narrow(gradients).mul_(options_.max_gradient_norm / gradient_norm);
  }
  ++updates;
  update(0, decayed_count_, learning_rate, options_.weight_decay);
  update(decayed_count_, parameters_.numel(), learning_rate, 0);
}

// Updates the part of [begin, end) that is in the slice (Loshchilov & Hutter
// 2019, algorithm 2). Parameters and gradients are indexed from 0, the moments
// from slice_.begin.
void AdamW::update(int64_t begin, int64_t end, double learning_rate,
                   double weight_decay) {
  begin = std::max(begin, slice_.begin);
  end = std::min(end, slice_.end);
  if (begin >= end) {
    return;
  }
  const auto part = [&](const at::Tensor& buffer, int64_t first = 0) {
    return std::vector<at::Tensor>{
        buffer.narrow(0, begin - first, end - begin)};
  };
  at::_fused_adamw_(
      part(parameters_), part(gradients), part(first_moment, slice_.begin),
      part(second_moment, slice_.begin), {},
      {at::full({}, static_cast<double>(updates), parameters_.options())},
      learning_rate, options_.beta1, options_.beta2, weight_decay,
      options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace gato::train
