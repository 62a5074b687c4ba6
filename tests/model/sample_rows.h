// Small networks and random inputs for the tests of the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/batch.h"
#include "gato/model/kv_cache.h"
#include "gato/model/model_config.h"

namespace gato::test {

// 2 layers of width 16, 64 text pieces, separate discrete ids.
model::ModelConfig small_config(model::PositionEncoding position);

// A row of tokens as a rollout has it, a third of them patches.
struct SampleRow {
  data::TokenFeatures features;
  std::vector<data::Patch> patches;
};
SampleRow random_row(const model::ModelConfig& config, int64_t length,
                     uint64_t seed);
// Tokens [begin, end) of the row; patches keep their numbers.
SampleRow slice_row(const SampleRow& row, int64_t begin, int64_t end);
model::TokenChunk to_chunk(const SampleRow& row);

// Rows of equal length, every token after the first of a row a target where it
// is no patch.
model::Batch batch_from_rows(const std::vector<SampleRow>& rows);

}  // namespace gato::test
