// Tokens in memory: documents, and rows of tokens as the network reads them.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gato/data/vocabulary.h"

namespace gato::data {

// A patch of 16x16 RGB pixels, row-major [16,16,3].
using Patch = std::array<uint8_t, 16 * 16 * 3>;

// A token is either a nonnegative id, which represents a piece of text or a
// value, or a reference to a patch: -(1 + u) refers to patch u of the document,
// row or file that contains the token.
constexpr bool is_patch(int32_t token) { return token < 0; }
constexpr int32_t patch_token(int64_t patch_index) {
  return static_cast<int32_t>(-1 - patch_index);
}
constexpr int64_t patch_index(int32_t token) { return -1 - int64_t{token}; }

// An image within a document: its first token and its size in patches.
struct TokenizedImage {
  int64_t first_token = 0;
  int16_t rows = 0, columns = 0;
};

// A document of N tokens. All vectors that have one value per token have N
// values.
struct TokenizedDocument {
  std::vector<int32_t> tokens;  // ids, or patch_token(u) for patches[u]
  // The prediction targets if they differ from the tokens; otherwise empty.
  std::vector<int32_t> labels;
  std::vector<Modality> modality;
  // The index of the first token of each step, followed by N: S+1 values for S
  // steps. {0, N} if the document is not an episode.
  std::vector<int64_t> step_offset;
  std::vector<TokenizedImage> images;
  std::vector<Patch> patches;
  int32_t task_index = 0;
  int32_t source_index = 0;
  double total_reward = std::numeric_limits<double>::quiet_NaN();

  bool is_episode = false;
};

// Consecutive tokens as the network reads them, with one value per token in
// each of four parallel vectors. A row of a sequence file, a prompt and the
// tokens that a rollout appends to the KV cache are such rows.
struct TokenRow {
  // {begin row, end row, begin column, end column} of a patch within its image,
  // each quantized to 128 levels (Reed et al. 2022, appendix C.3). Zeros for
  // all other tokens.
  using PatchInterval = std::array<uint8_t, 4>;
  // The local position of separators, text documents and padding.
  static constexpr int16_t kNoLocalPosition = -1;
  // The local position that all action tokens share.
  static constexpr int16_t kActionLocalPosition = -2;
  static constexpr int16_t kLocalPositionCount = 512;

  int64_t size() const { return std::ssize(tokens); }
  void reserve(int64_t size);
  // Truncates the row or appends padding. Does not change `patches`.
  void resize(int64_t size);
  void push_back(int32_t token, Modality modality_of_token,
                 int16_t local_position_of_token,
                 const PatchInterval& interval_of_token = {});
  // Appends a patch to `patches` and returns the token that refers to it.
  int32_t add_patch(const Patch& patch);
  // Appends tokens [begin, end) of a row whose `patches` are not stored
  // elsewhere, and a copy of the patch of each patch token.
  void append(const TokenRow& other, int64_t begin, int64_t end);

  std::vector<int32_t> tokens;  // ids, or patch_token(u)
  std::vector<Modality> modality;
  std::vector<int16_t> local_position;
  std::vector<PatchInterval> interval;
  // The patches that the tokens refer to. Empty if they are stored elsewhere:
  // patch tokens then refer to the patches of a document or of a file.
  std::vector<Patch> patches;
};

// Returns tokens [begin, end) of a document, without patches: patch tokens
// still refer to those of the document. In an episode, `begin` must be the
// first token of a step. Local positions count the observation tokens within a
// step and are clamped to 511.
TokenRow make_token_row(const TokenizedDocument& document, int64_t begin,
                        int64_t end);

// Returns the interval of patch (row, column) of an image of rows x columns
// patches. Edge i of n is quantized to round(128 i / n). Every interval has
// begin <= 127 and end >= begin + 1.
TokenRow::PatchInterval patch_interval(int row, int column, int rows,
                                       int columns);

}  // namespace gato::data
