// Makes micro-batches from rows of training data.
#pragma once

#include <cstdint>
#include <span>

#include "gato/model/batch.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

struct BatchOptions {
  // The row and column of a patch are sampled uniformly from its interval in
  // training, as a function of (seed, step, row, position). Otherwise they are
  // the center of the interval (Reed et al. 2022, appendix C.3).
  bool is_training = true;
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // index of rows[0] within the step
  // Probability per row that the network reads a separator instead of each
  // action token. With 1, actions are predicted from observations alone, as on
  // the robot of Reed et al. 2022, appendix G.
  double action_mask_probability = 0;
  int32_t separator = 0;  // token id, for masked actions
  // The device of the network. The batch itself is built on the CPU.
  at::Device device = at::kCPU;
};

struct MicroBatch {
  model::Batch batch;
  uint64_t first_row = 0;   // index of its first row within the step
  int64_t token_count = 0;  // without padding
};

// Makes a batch. Equal patches are stored once. Rows are truncated to the
// longest one without padding, rounded up to Batch::kGpuLengthMultiple for a
// GPU. Targets are the tokens of target modalities (data::is_target), except
// for the first token of a row; those of prompts are included. Target weights
// stay undefined.
MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options);

// The first word of the key of each random number, so that no two purposes
// share random numbers. DO NOT CHANGE THESE VALUES: a resumed run would sample
// different ones. 0x67610001 is used in base/permutation, 0x67610005 in
// ingest/episode_selection and 0x67610006 in tokenize/vocabulary_training.
// model/regularization uses the same seed with other words.
enum class RngStream : uint64_t {
  patch_row = 0x67610002,
  patch_column = 0x67610003,
  mask_actions = 0x67610004,
};

}  // namespace gato::train
