#include "gato/model/relative_shift.h"

#include <cmath>
#include <utility>

#include "catch.h"

namespace gato::model {
namespace {

// Returns the column of x [..., C, N] of the distance between query i and key
// j.
int64_t column_of(int64_t queries, int64_t i, int64_t j) {
  return queries - 1 - i + j;
}

}  // namespace

TEST_CASE("The relative shift aligns distances with keys") {
  const auto [queries, keys] =
      GENERATE(std::pair(1, 1), std::pair(1, 6), std::pair(4, 4),
               std::pair(3, 7), std::pair(6, 7));
  const at::Tensor x =
      at::arange(2 * queries * keys, at::kFloat).view({2, queries, keys});
  const at::Tensor shifted = relative_shift_view(x);
  for (int64_t i = 0; i < queries; ++i) {
    for (int64_t j = 0; j <= keys - queries + i; ++j) {
      CHECK(at::equal(shifted.select(1, i).select(1, j),
                      x.select(1, i).select(1, column_of(queries, i, j))));
    }
  }
}

TEST_CASE("The gradient of the relative shift ignores masked keys") {
  const auto [queries, keys] =
      GENERATE(std::pair(1, 1), std::pair(1, 6), std::pair(4, 4),
               std::pair(3, 7), std::pair(6, 7));
  const at::Tensor gradient = at::arange(1, 2 * queries * keys + 1, at::kFloat)
                                  .view({2, queries, keys})
                                  .tril(keys - queries);
  at::Tensor expected = at::zeros_like(gradient);
  for (int64_t i = 0; i < queries; ++i) {
    for (int64_t j = 0; j <= keys - queries + i; ++j) {
      expected.select(1, i)
          .select(1, column_of(queries, i, j))
          .copy_(gradient.select(1, i).select(1, j));
    }
  }
  CHECK(at::equal(relative_shift_backward(gradient, MaskedGradient::zero),
                  expected));
  const at::Tensor masked = gradient.eq(0);
  const at::Tensor actual = relative_shift_backward(
      gradient.masked_fill(masked, NAN), MaskedGradient::undefined);
  CHECK(at::equal(actual, expected));
}

}  // namespace gato::model
