#include "gato/train/adamw.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace gato {

AdamW::AdamW(const AdamWOptions& options, at::Tensor parameters,
             int64_t decaying, std::optional<FlatSlice> slice)
    : options_(options),
      parameters_(parameters.detach()),
      decaying_(decaying),
      slice_(slice.value_or(FlatSlice{0, parameters_.numel()})) {
  gradients = at::zeros_like(parameters_);
  for (at::Tensor* buffer : {&mean, &square}) {
    *buffer = at::zeros_like(slice_.of(parameters_));
  }
}

void AdamW::step(double rate, double gradient_norm) {
  if (options_.clip > 0 && gradient_norm > options_.clip) {
    slice_.of(gradients).mul_(options_.clip / gradient_norm);
  }
  ++updates;
  update(0, decaying_, rate, options_.weight_decay);
  update(decaying_, parameters_.numel(), rate, 0);
}

void AdamW::update(int64_t begin, int64_t end, double rate,
                   double weight_decay) {
  begin = std::max(begin, slice_.begin);
  end = std::min(end, slice_.end);
  if (begin >= end) return;
  const auto part = [&](const at::Tensor& buffer, int64_t first = 0) {
    return std::vector<at::Tensor>{
        buffer.narrow(0, begin - first, end - begin)};
  };
  at::_fused_adamw_(part(parameters_), part(gradients),
                    part(mean, slice_.begin), part(square, slice_.begin), {},
                    {at::full({}, double(updates), parameters_.options())},
                    rate, options_.beta1, options_.beta2, weight_decay,
                    options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace gato
