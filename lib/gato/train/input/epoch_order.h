// The order in which rows of the training data are read.
#pragma once

#include <cstdint>

namespace gato::train {

// An endless sequence of row numbers in which every epoch is a permutation of
// [0, rows), drawn from seed and epoch. A place in the sequence is computed
// alone: the only state of the data is how many rows were read.
class EpochOrder {
 public:
  // rows > 0.
  EpochOrder(uint64_t seed, uint64_t rows);
  // The row read as number `index`, counted from 0 over all epochs.
  uint64_t row(uint64_t index) const;

 private:
  uint64_t seed_, rows_;
};

}  // namespace gato::train
