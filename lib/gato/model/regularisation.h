// Stochastic depth and dropout with chance drawn by counter.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/network.h"

namespace gato {

// Scale of every sub-layer's output for each row, fp32 [sub_layers, rows], on
// the CPU: 0 with probability stochastic_depth, else 1 / (1 -
// stochastic_depth), so that evaluation needs no scale. Empty where nothing is
// skipped.
at::Tensor depth_scales(const Regularisation& regularisation,
                        int64_t sub_layers, int64_t rows);

// x [rows * length, n] with elements dropped with probability `dropout` and the
// others scaled by 1 / (1 - dropout). `place` tells apart the uses in one step.
// The same elements on every device.
at::Tensor drop(const at::Tensor& x, const Regularisation& regularisation,
                int64_t place, int64_t rows);

}  // namespace gato
