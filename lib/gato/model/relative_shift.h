// The relative shift of Transformer-XL (Dai et al. 2019, appendix B).
//
// Attention by relative position needs, for query i and key j, a score of the
// distance i - j. One product gives the scores x of C queries with all N
// distances, column n of which is distance N-1-n. The C queries are the last
// ones of N keys, so query i is at key position N-C+i, and
//
//   shifted[i, j] = x[i, C-1-i+j]   for the keys j <= N-C+i.
//
// In row-major memory that element is at i N + C-1-i+j = (C-1) + i (N-1) + j:
// the result is a view of x with rows N-1 elements apart, beginning at element
// C-1. Elements for keys after the query come from the row below, are
// meaningless and must be masked.
#pragma once

#include <ATen/ATen.h>

namespace gato::model {

// Returns the view described above of x [..., C, N], whose last two dimensions
// are contiguous. Rows of the view overlap: do not write to it.
at::Tensor relative_shift_view(const at::Tensor& x);

// The contents of a gradient for keys after the query.
enum class MaskedGradient { zero, undefined };

// Returns the gradient of x [..., C, N], given that of its shifted view.
at::Tensor relative_shift_backward(const at::Tensor& gradient,
                                   MaskedGradient masked);

// Returns relative_shift_view() of x [..., L, L] as a contiguous copy that can
// be differentiated. The gradient above the diagonal is ignored: GPU kernels
// leave it undefined.
at::Tensor relative_shift(const at::Tensor& x);

}  // namespace gato::model
