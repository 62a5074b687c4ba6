// Small networks and random inputs for the tests of the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/batch.h"
#include "gato/model/cache.h"
#include "gato/model/config.h"

namespace gato::test {

// 2 layers of width 16, 64 text pieces, separate discrete ids.
ModelConfig small_config(Position position);

// A row of tokens as a rollout has it, a third of them patches.
struct Row {
  TokenFeatures features;
  std::vector<Patch> patches;
};
Row random_row(const ModelConfig& config, int64_t length, uint64_t seed);
// Tokens [begin, end) of the row; patches keep their numbers.
Row part(const Row& row, int64_t begin, int64_t end);
Chunk chunk_of(const Row& row);

// Rows of equal length, every token after the first of a row a target where it
// is no patch.
Batch batch_of(const std::vector<Row>& rows);

}  // namespace gato::test
