// The output matrix and the cross entropy in one, at target positions only.
#pragma once

#include <ATen/ATen.h>

#include "gato/model/batch.h"
#include "gato/model/network.h"

namespace gato {

// hidden [T, d] of the tokens before the targets; table [size, d] of the same
// type. Logits are computed by chunks of targets, and their gradient along with
// them, so that the memory does not grow with T x size.
Loss target_loss(const at::Tensor& hidden, const at::Tensor& table,
                 const Batch& batch, const ModelConfig& config,
                 const LossOptions& options);

}  // namespace gato
