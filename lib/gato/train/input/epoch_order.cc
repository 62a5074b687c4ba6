#include "gato/train/input/epoch_order.h"

#include <cassert>

#include "gato/base/permutation.h"

namespace gato::train {

EpochOrder::EpochOrder(uint64_t seed, uint64_t rows)
    : seed_(seed), rows_(rows) {
  assert(rows > 0);
}

uint64_t EpochOrder::row(uint64_t index) const {
  return base::permute_index(seed_, index / rows_, rows_, index % rows_);
}

}  // namespace gato::train
