// AdamW over flat buffers (Loshchilov and Hutter 2019; paper, appendix D).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.1;  // 0: plain Adam
  double clip = 1;            // largest gradient norm; 0: none
};

class AdamW {
 public:
  // `parameters` is fp32 [n] and updated in place; its first `decaying` values
  // are under weight decay (Network::flat).
  AdamW(const AdamWOptions& options, at::Tensor parameters, int64_t decaying);

  // Clips `gradients`, whose norm is given, and takes one step at this rate.
  // Leaves the gradients scaled.
  void step(double rate, double gradient_norm);

  at::Tensor gradients, mean, square;  // fp32 [n], laid out like the parameters
  // Steps taken so far, which correct the bias of the moments; restored with
  // the moments on resuming.
  int64_t updates = 0;

 private:
  void update(int64_t begin, int64_t end, double rate, double weight_decay);
  AdamWOptions options_;
  at::Tensor parameters_;
  int64_t decaying_;
};

}  // namespace gato
