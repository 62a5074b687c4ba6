// The order in which the rows of the training data are read.
#pragma once

#include <cstdint>

namespace gato::train {

// An endless sequence of row indices in which every epoch is a permutation of
// [0, rows), determined by the seed and the epoch. Each element is computed
// independently, so the only state to store is the number of rows read.
class EpochOrder {
 public:
  // Requires rows > 0.
  EpochOrder(uint64_t seed, uint64_t rows);
  // Returns element `index` of the sequence, counted from 0 over all epochs.
  uint64_t row(uint64_t index) const;

 private:
  uint64_t seed_, rows_;
};

}  // namespace gato::train
