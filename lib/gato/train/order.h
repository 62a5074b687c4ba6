// The order in which rows of the training data are read.
#pragma once

#include <cstdint>

namespace gato {

// An endless sequence of row numbers in which every epoch is a permutation of
// [0, rows). The permutation is a Feistel cipher keyed by seed and epoch, so a
// place in the sequence is computed alone, in constant time and memory: the
// only state of the data is how many rows were read.
class RowOrder {
 public:
  // rows > 0.
  RowOrder(uint64_t seed, uint64_t rows);
  // The row read as number `index`, counted from 0 over all epochs.
  uint64_t row(uint64_t index) const;

 private:
  uint64_t encipher(uint64_t epoch, uint64_t value) const;
  uint64_t seed_, rows_;
  int half_bits_;
};

}  // namespace gato
