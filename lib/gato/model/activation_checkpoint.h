// Activation checkpointing (Chen et al. 2016): saves memory by computing each
// block twice.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "gato/model/block.h"
#include "gato/model/weights.h"

namespace gato::model {

// Returns what apply_block() returns, but saves only the input and the weights
// for the backward pass, which computes the block again. Random numbers are
// counter-based, so that the same elements are dropped again: values and
// gradients equal those of apply_block(), bit for bit on a CPU.
at::Tensor apply_block_checkpointed(const at::Tensor& x,
                                    const BlockWeights& weights,
                                    std::shared_ptr<const BlockContext> context,
                                    int64_t layer);

}  // namespace gato::model
