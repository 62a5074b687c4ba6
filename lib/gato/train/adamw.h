// AdamW over flat buffers (Loshchilov and Hutter 2019; hyperparameters of Reed
// et al. 2022, appendix D).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "gato/train/flat_buffer.h"

namespace gato::train {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.1;     // 0: plain Adam
  double max_gradient_norm = 1;  // gradients above it are clipped; 0: no limit
};

class AdamW {
 public:
  // Updates `parameters`, fp32 [n], in place. Weight decay applies to the first
  // `decayed_count` values (Network::flat_parameters()). Only the values in
  // `slice` are updated and have moments in this object; all of them if `slice`
  // is absent.
  AdamW(const AdamWOptions& options, at::Tensor parameters,
        int64_t decayed_count, std::optional<FlatSlice> slice = std::nullopt);

  // Clips `gradients` to max_gradient_norm (Pascanu et al. 2013), given their
  // norm, and takes one step. Clipping scales the gradients of the slice in
  // place.
  void step(double learning_rate, double gradient_norm);

  const FlatSlice& slice() const { return slice_; }
  const at::Tensor& parameters() const { return parameters_; }

  at::Tensor gradients;  // fp32 [n], laid out like the parameters
  at::Tensor first_moment, second_moment;  // fp32 [slice().size()]
  // Steps taken so far, used to correct the bias of the moments. Restored
  // together with the moments when a run is resumed.
  int64_t updates = 0;

 private:
  void update(int64_t begin, int64_t end, double learning_rate,
              double weight_decay);
  AdamWOptions options_;
  at::Tensor parameters_;
  int64_t decayed_count_;
  FlatSlice slice_;
};

}  // namespace gato::train
