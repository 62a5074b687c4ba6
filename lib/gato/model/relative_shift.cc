#include "gato/model/relative_shift.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>

namespace gato::model {
namespace {

// Returns the first `columns` columns of the shifted view of x [..., C, N].
at::Tensor shifted_columns(const at::Tensor& x, int64_t columns) {
  auto sizes = x.sizes().vec();
  auto strides = x.strides().vec();
  const int64_t queries = x.size(-2), distances = x.size(-1);
  sizes.back() = columns;
  strides[strides.size() - 2] = distances - 1;
  return x.as_strided(sizes, strides, x.storage_offset() + queries - 1);
}

class RelativeShift : public torch::autograd::Function<RelativeShift> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext*,
                            const at::Tensor& x) {
    return relative_shift_view(x.contiguous()).contiguous();
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext*,
      const torch::autograd::variable_list& gradients) {
    return {relative_shift_backward(gradients[0], MaskedGradient::undefined)};
  }
};

}  // namespace

at::Tensor relative_shift_view(const at::Tensor& x) {
  return shifted_columns(x, x.size(-1));
}

at::Tensor relative_shift_backward(const at::Tensor& gradient,
                                   MaskedGradient masked) {
  const int64_t queries = gradient.size(-2), keys = gradient.size(-1);
  at::Tensor x = at::empty(gradient.sizes(), gradient.options());
  // Without its last column, the rows of the view do not overlap. They cover x
  // except for its first C-1 elements and the last one. Scores that the shift
  // does not use, of distances before the first key, get their zeros from the
  // masked elements of the row above.
  at::Tensor rows = shifted_columns(x, keys - 1);
  const at::Tensor first_columns = gradient.narrow(-1, 0, keys - 1);
  if (masked == MaskedGradient::zero) {
    rows.copy_(first_columns);
  } else {
    at::tril_out(rows, first_columns, /*diagonal=*/keys - queries);
  }
  x.select(-2, 0).narrow(-1, 0, queries - 1).zero_();
  // One element of the view's last column is not masked: that of the last query
  // and the last key. It is the last element of x.
  const auto last_element = [&](const at::Tensor& tensor) {
    return tensor.select(-2, queries - 1).select(-1, keys - 1);
  };
  last_element(x).copy_(last_element(gradient));
  return x;
}

at::Tensor relative_shift(const at::Tensor& x) {
  return RelativeShift::apply(x);
}

}  // namespace gato::model
