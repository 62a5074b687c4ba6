// AdamW (Loshchilov and Hutter 2019). Its moments are the running means of the
// gradients and of their squares.
#pragma once

#include "gato/train/optimizer.h"

namespace gato::train {

class AdamW : public Optimizer {
 public:
  // Weight decay applies to the first `decayed_count` of the parameters
  // (Network::flat_parameters()).
  AdamW(const OptimizerOptions& options, const at::Tensor& parameters,
        int64_t decayed_count, std::optional<FlatSlice> slice = std::nullopt);

 protected:
  void update(double learning_rate) override;
  // Updates the parameters in `range` that are in the slice.
  void update_range(FlatSlice range, double learning_rate);

 private:
  // Updates a range that is within the slice, with the same weight decay for
  // all of it.
  void update_uniform_range(const FlatSlice& range, double learning_rate,
                            double weight_decay);

  int64_t decayed_count_;
};

}  // namespace gato::train
