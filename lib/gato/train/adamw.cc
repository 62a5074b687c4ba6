#include "gato/train/adamw.h"

#include <vector>

namespace gato::train {

AdamW::AdamW(const OptimizerOptions& options, const at::Tensor& parameters,
             int64_t decayed_count, std::optional<FlatSlice> slice)
    : Optimizer(options, parameters, slice), decayed_count_(decayed_count) {}

void AdamW::update(double learning_rate) {
  update_range(slice(), learning_rate);
}

void AdamW::update_range(FlatSlice range, double learning_rate) {
  range = intersection(range, slice());
  const FlatSlice decayed{0, decayed_count_},
      others{decayed_count_, parameters().numel()};
  update_uniform_range(intersection(range, decayed), learning_rate,
                       options().weight_decay);
  update_uniform_range(intersection(range, others), learning_rate, 0);
}

// Algorithm 2 of Loshchilov and Hutter 2019. Parameters and gradients are
// indexed from 0, the moments from slice().begin.
void AdamW::update_uniform_range(const FlatSlice& range, double learning_rate,
                                 double weight_decay) {
  if (range.size() <= 0) {
    return;
  }
  const auto part = [&](const at::Tensor& buffer, int64_t first = 0) {
    return std::vector<at::Tensor>{
        buffer.narrow(0, range.begin - first, range.size())};
  };
  at::_fused_adamw_(part(parameters()), part(gradients()),
                    part(state().first_moment, slice().begin),
                    part(state().second_moment, slice().begin), {},
                    {at::full({}, static_cast<double>(state().updates),
                              parameters().options())},
                    learning_rate, options().beta1, options().beta2,
                    weight_decay, options().epsilon, /*amsgrad=*/false,
                    /*maximize=*/false);
}

}  // namespace gato::train
