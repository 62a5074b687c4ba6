// Rows of training data as tensors.
#pragma once

#include <cstdint>
#include <span>

#include "gato/model/batch.h"
#include "gato/train/training_data.h"

namespace gato {

struct BatchOptions {
  // In training the row and column of a patch are drawn uniformly within its
  // interval, by counter from (seed, step, row, place); else they are the
  // middle of the interval (paper, appendix C.3).
  bool training = true;
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // number of rows[0] within the step
  // Probability, a row, that the network reads a separator in place of every
  // action token. With 1 it is the robot mode of the paper's appendix G:
  // actions are predicted from observations alone.
  double blank_actions = 0;
  int32_t separator = 0;  // its id, where actions are blanked
  // Of the network that is to read the batch, which is built on the CPU.
  at::Device device = at::kCPU;
};

struct MicroBatch {
  Batch batch;
  uint64_t first_row = 0;  // number of its first row within the step
  int64_t tokens = 0;      // without padding
};

// Equal patches are one. Padding at the end of all rows is left out, but for a
// GPU up to Batch::gpu_multiple. A target
// is a token i >= 1 whose modality is one, to be predicted at place i - 1;
// prompts are targets too. The weights of the targets stay undefined.
MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options);

}  // namespace gato
