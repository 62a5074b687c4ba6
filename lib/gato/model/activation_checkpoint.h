// Activation checkpointing (Chen et al. 2016): memory for time.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "gato/model/block.h"
#include "gato/model/weights.h"

namespace gato::model {

// apply_block() that keeps its input alone; the backward pass computes the
// block once more. Values and gradients are the same, bit by bit on a CPU:
// chance is drawn by counter.
at::Tensor apply_block_checkpointed(const at::Tensor& x,
                                    const BlockWeights& weights,
                                    std::shared_ptr<const BlockContext> context,
                                    int64_t layer);

}  // namespace gato::model
