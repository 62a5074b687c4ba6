// The output projection fused with the cross entropy, computed at targets only.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "gato/model/batch.h"
#include "gato/model/model_config.h"

namespace gato::model {

struct LossOptions {
  // Standard deviation, in bins, of the Gaussian that replaces the one-hot
  // target distribution of a continuous action. 0 keeps it one-hot.
  double smoothing = 0;
};

// The result of Network::loss().
struct Loss {
  at::Tensor total;  // scalar: sum of weight x cross entropy; differentiable
  at::Tensor per_target;  // fp32 [T]: cross entropy of each target, no gradient
  // The leaves of the autograd graph of `total`, in the order of
  // Network::parameters(), whose memory they share. Empty under
  // at::NoGradGuard.
  std::vector<at::Tensor> leaves;
};

// Returns target indices, int64 [T], padded with zeros to a multiple of 64.
// Matrix products are compiled and cached per number of rows, which costs more
// than computing the padding.
at::Tensor pad_target_indices(const at::Tensor& target_indices);

// Returns the loss for hidden states [T, d] of the tokens before the targets
// and the output table [V, d] of the same type. Logits and their gradient are
// computed in chunks of targets, so that memory does not grow with T x V.
Loss target_loss(const at::Tensor& hidden, const at::Tensor& table,
                 const Batch& batch, const ModelConfig& config,
                 const LossOptions& options);

}  // namespace gato::model
