// Random rows of tokens for the tests of the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/batch.h"
#include "gato/model/model_config.h"

namespace gato::test {

// Returns a random row as a rollout would read it. A third of its tokens are
// patches, the others actions and separators.
data::TokenRow random_row(const model::ModelConfig& config, int64_t length,
                          uint64_t seed);
// Returns tokens [begin, end) of the row.
data::TokenRow slice_row(const data::TokenRow& row, int64_t begin, int64_t end);

// Makes a batch of rows of equal length. Every token after the first of its row
// is a target unless it is a patch.
model::Batch batch_from_rows(const std::vector<data::TokenRow>& rows);

}  // namespace gato::test
