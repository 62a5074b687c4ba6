// Tokens in memory: one document, and its input features for the network.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gato/data/vocabulary.h"

namespace gato::data {

// 16x16 RGB, row-major [16,16,3].
using Patch = std::array<uint8_t, 16 * 16 * 3>;

// An image within a document: its first token, its size in patches.
struct TokenizedImage {
  int64_t first_token = 0;
  int16_t rows = 0, columns = 0;
};

// One document as tokens. tokens[i] is an id, or -(1+u) for patches[u].
// labels is empty or as long as tokens: what is to be predicted at a place.
struct TokenizedDocument {
  std::vector<int32_t> tokens;
  std::vector<int32_t> labels;
  std::vector<Modality> modality;
  std::vector<int64_t>
      step_offset;  // S+1 values; {0, N} for one that is no episode
  std::vector<TokenizedImage> images;
  std::vector<Patch> patches;
  int32_t task_index = 0;
  int32_t source_index = 0;
  double total_reward = std::numeric_limits<double>::quiet_NaN();

  bool is_episode = false;
};

// What the network reads, a value a token; vectors of one length n. The layout
// of a row of a sequence file and of a chunk that a rollout appends.
struct TokenFeatures {
  // The first row and last+1 row, first column and last+1 column of a patch,
  // quantised to 128 (paper appendix C.3); zeros for all other tokens.
  using PatchInterval = std::array<uint8_t, 4>;
  static constexpr int16_t kNoLocalPosition =
      -1;  // separators, text documents, padding
  static constexpr int16_t kActionLocalPosition =
      -2;  // the one position of all actions
  static constexpr int16_t kLocalPositionCount = 512;

  std::vector<int32_t> tokens;  // as in TokenizedDocument
  std::vector<Modality> modality;
  std::vector<int16_t> local_position;
  std::vector<PatchInterval> interval;
};

// The features of tokens [begin, end) of a document, which must start on a step
// in an episode. Local positions count observation tokens within a step, and
// stay at 511 beyond 512; patch tokens keep the document's own patch numbers.
TokenFeatures make_token_features(const TokenizedDocument& document,
                                  int64_t begin, int64_t end);

// Interval of patch (row, column) of an image of rows x columns patches:
// ends round(128 i / n), end >= first + 1, first <= 127.
TokenFeatures::PatchInterval patch_interval(int row, int column, int rows,
                                            int columns);

}  // namespace gato::data
