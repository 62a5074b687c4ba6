// AdamW over flat buffers (Loshchilov and Hutter 2019; paper, appendix D).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "gato/train/flat_buffer.h"

namespace gato::train {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.1;     // 0: plain Adam
  double max_gradient_norm = 1;  // largest gradient norm; 0: none
};

class AdamW {
 public:
  // `parameters` is fp32 [n] and updated in place; its first `decaying` values
  // are under weight decay (Network::flat). Only those of `slice` are updated,
  // and have moments here: all of them where it is absent.
  AdamW(const AdamWOptions& options, at::Tensor parameters,
        int64_t decayed_count, std::optional<FlatSlice> slice = std::nullopt);

  // Clips `gradients`, whose norm is given, and takes one step at this rate.
  // Leaves those of the slice scaled.
  void step(double learning_rate, double gradient_norm);

  const FlatSlice& slice() const { return slice_; }
  const at::Tensor& parameters() const { return parameters_; }

  at::Tensor gradients;  // fp32 [n], laid out like the parameters
  at::Tensor first_moment, second_moment;  // of the slice
  // Steps taken so far, which correct the bias of the moments; restored with
  // the moments on resuming.
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
