// Small sequence files for tests of training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "gato/data/sequence_file.h"

namespace gato::test {

struct SyntheticData {
  int64_t sequences = 24;
  int64_t first_number =
      0;  // number of the first sequence, which determines its tokens
  uint32_t text_size = 20;
  bool has_demonstrations = false;
  bool has_targets = true;  // otherwise separators replace the actions of
                            // "control/push", and there is no other task
  bool has_invalid_task =
      false;  // the task of the last sequence does not exist
};

// Writes sequences of 16 tokens that alternate between the tasks "control/push"
// and "language/count". Both are easy to learn.
//
// "control/push" has two time steps, each a segment of a patch, a continuous
// observation, the separator, a discrete action and a continuous action. The
// rest is padding. Both actions are functions of the observation, which is bin
// k = 40 x (sequence x 2 + step) % 1024: the discrete action is k / 128; the
// continuous action has the label bin k and the token bin 1023 - k. All bytes
// of the patch of sequence i, step s are i + s.
//
// "language/count" has 16 text tokens that count up modulo 10 from the number
// of the sequence.
void write_synthetic_sequences(const std::filesystem::path& path,
                               const SyntheticData& data = {});

}  // namespace gato::test
