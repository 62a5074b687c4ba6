// Builds batches of tensors from rows of training data.
#pragma once

#include <cstdint>
#include <span>

#include "gato/model/batch.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

struct BatchOptions {
  // In training, the position of a patch is sampled uniformly within its row
  // and column intervals by a counter-based generator keyed by (seed, step,
  // row, position). Otherwise it is the middle of the intervals (Reed et al.
  // 2022, appendix C.3).
  bool is_training = true;
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // index of rows[0] within the step
  // Probability per row that every action token of the row is replaced by a
  // separator in the input. With 1, actions are predicted from observations
  // alone, as for the robots in Reed et al. 2022, appendix G.
  double action_mask_probability = 0;
  int32_t separator = 0;  // token id that replaces masked actions
  // The device of the network that will read the batch. The batch itself is
  // built on the CPU.
  at::Device device = at::kCPU;
};

struct MicroBatch {
  model::Batch batch;
  uint64_t first_row = 0;   // index of its first row within the step
  int64_t token_count = 0;  // without padding
};

// Builds the batch of `rows`. Identical patches are stored once. Padding that
// is common to all rows is dropped; for a GPU the length is then rounded up to
// Batch::kGpuLengthMultiple. Every token i >= 1 of a target modality, also in a
// prompt, is a target, predicted at position i - 1. The target weights are left
// undefined.
MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options);

// Random streams: the first word of every key of the counter-based generator,
// so that no two purposes share their random numbers.
//
// DO NOT CHANGE THESE VALUES: a resumed run would sample differently.
// Stochastic depth and dropout are sampled in model/ from the same seed with
// streams of their own. base/permutation has 0x67610001, and tokenize/ has
// 0x67610005 (sampling of episodes) and 0x67610006 (training of vocabularies).
enum class RngStream : uint64_t {
  patch_row = 0x67610002,
  patch_column = 0x67610003,
  mask_actions = 0x67610004,
};

}  // namespace gato::train
