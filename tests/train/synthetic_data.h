// Small sequence files for the tests of training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "gato/data/sequence_file.h"

namespace gato::test {

struct SyntheticData {
  int64_t sequences = 24;
  int64_t first_number =
      0;  // number of the first sequence, which its tokens follow
  uint32_t text_size = 20;
  bool has_demonstrations = false;
  bool has_invalid_task =
      false;  // the last sequence names a task that is not there
};

// Sequences of 16 tokens by turns of the tasks "control/push" and
// "language/count", both easy to learn.
//
// "control/push": two time steps of a patch, a continuous observation, the
// separator, a discrete and a continuous action, each a segment; then padding.
// Both actions follow from the observation, bin k = 40 x (sequence x 2 + step)
// % 1024: the discrete one is k / 128, the continuous one's label bin k, its
// token bin 1023 - k. The patch of sequence i, step s is filled with i + s.
//
// "language/count": 16 text tokens that count up modulo 10 from the sequence.
void write_synthetic_sequences(const std::filesystem::path& path,
                               const SyntheticData& data = {});

}  // namespace gato::test
