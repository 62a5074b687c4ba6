// The norm of a flat buffer.
#pragma once

#include <ATen/ATen.h>

namespace gato {

// Euclidean norm of a contiguous fp32 tensor, in float64. The partial sums have
// a fixed size, so the value does not depend on the number of threads. Not
// finite exactly where an element is not.
double norm_of(const at::Tensor& flat);

}  // namespace gato
