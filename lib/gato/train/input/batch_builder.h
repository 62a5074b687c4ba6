// Rows of training data as tensors.
//
// What training draws by chance: the first word of every key, so that no two
// purposes share their draws.
#pragma once

#include <cstdint>
#include <span>

#include "gato/model/batch.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

struct BatchOptions {
  // In training the row and column of a patch are drawn uniformly within its
  // interval, by counter from (seed, step, row, place); else they are the
  // middle of the interval (paper, appendix C.3).
  bool is_training = true;
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // number of rows[0] within the step
  // Probability, a row, that the network reads a separator in place of every
  // action token. With 1 it is the robot mode of the paper's appendix G:
  // actions are predicted from observations alone.
  double action_mask_probability = 0;
  int32_t separator = 0;  // its id, where actions are blanked
  // Of the network that is to read the batch, which is built on the CPU.
  at::Device device = at::kCPU;
};

struct MicroBatch {
  model::Batch batch;
  uint64_t first_row = 0;   // number of its first row within the step
  int64_t token_count = 0;  // without padding
};

// Equal patches are one. Padding at the end of all rows is left out, but for a
// GPU up to Batch::kGpuLengthMultiple. A target
// is a token i >= 1 whose modality is one, to be predicted at place i - 1;
// prompts are targets too. The weights of the targets stay undefined.
MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options);

// DO NOT CHANGE THESE VALUES: a resumed run would draw anew. Sub-layers and
// dropout are drawn in model/, from the same seed, with their own words;
// 0x67610001 is that of base/permutation, 0x67610005 of tokenize/episode_draw,
// 0x67610006 of tokenize/train_vocabulary.
enum class RngStream : uint64_t {
  patch_row = 0x67610002,
  patch_column = 0x67610003,
  mask_actions = 0x67610004,
};

}  // namespace gato::train
