#include "gato/train/adamw.h"

#include <utility>
#include <vector>

namespace gato {

AdamW::AdamW(const AdamWOptions& options, at::Tensor parameters,
             int64_t decaying)
    : options_(options), parameters_(parameters.detach()), decaying_(decaying) {
  for (at::Tensor* buffer : {&gradients, &mean, &square}) {
    *buffer = at::zeros_like(parameters_);
  }
}

void AdamW::step(double rate, double gradient_norm) {
  if (options_.clip > 0 && gradient_norm > options_.clip) {
    gradients.mul_(options_.clip / gradient_norm);
  }
  ++updates;
  update(0, decaying_, rate, options_.weight_decay);
  update(decaying_, parameters_.numel(), rate, 0);
}

void AdamW::update(int64_t begin, int64_t end, double rate,
                   double weight_decay) {
  if (begin == end) return;
  const auto part = [&](const at::Tensor& buffer) {
    return std::vector<at::Tensor>{buffer.narrow(0, begin, end - begin)};
  };
  at::_fused_adamw_(part(parameters_), part(gradients), part(mean),
                    part(square), {},
                    {at::full({}, double(updates), parameters_.options())},
                    rate, options_.beta1, options_.beta2, weight_decay,
                    options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace gato
