#include "gato/train/order.h"

#include <cassert>

#include "gato/base/permutation.h"

namespace gato {

RowOrder::RowOrder(uint64_t seed, uint64_t rows) : seed_(seed), rows_(rows) {
  assert(rows > 0);
}

uint64_t RowOrder::row(uint64_t index) const {
  return permuted(seed_, index / rows_, rows_, index % rows_);
}

}  // namespace gato
