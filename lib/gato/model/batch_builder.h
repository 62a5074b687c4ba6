// Builds the tensors of a Batch from rows of tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/batch.h"

namespace gato::model {

// Returns the row or column of a patch whose interval is [first, end). Training
// samples it instead (paper, appendix C.3).
constexpr int64_t interval_center(int64_t first, int64_t end) {
  return (first + end) / 2;
}

// Collects the tokens, patches and targets of B rows of L tokens. Training,
// evaluation and the KV cache all make their batches with it.
//
// Tokens are addressed by their index in [0, B*L). Tokens that are never set
// are padding. Patch tokens and targets must be added in ascending order.
class BatchBuilder {
 public:
  BatchBuilder(int64_t rows, int64_t length);

  // Adds 16 x 16 RGB pixels, which must outlive the builder, and returns their
  // index in Batch::patches.
  int64_t add_pixels(std::span<const uint8_t> pixels);
  // Sets a token that is not a patch.
  void set_token(int64_t index, int32_t id, int16_t local_position);
  // Sets the document of a token, or Batch::kPromptSegment. By default, all
  // tokens belong to document 0.
  void set_segment(int64_t index, int64_t segment);
  // Makes the token a patch at `row` and `column`, which are in [0, 128).
  void set_patch(int64_t index, int64_t patch_index, int16_t local_position,
                 int64_t row, int64_t column);
  // Sets the tokens from `index` on to those of a row that stores its patches,
  // with each patch at the center of its interval. The row must outlive the
  // builder.
  void set_tokens(int64_t index, const data::TokenRow& tokens);
  // Makes the token at `index` + 1 a target.
  void add_target(int64_t index, int32_t label, data::Modality modality,
                  int32_t task);

  // Returns the batch, on the CPU. `target_weight` stays undefined, and so does
  // `patches` if there are no pixels. Pads the number of patches to a multiple
  // of `patch_multiple` with black patches that no token refers to.
  Batch build(int64_t patch_multiple = 1) const;

 private:
  int64_t rows_, length_;
  std::vector<int64_t> tokens_, local_positions_, segments_;
  std::vector<std::span<const uint8_t>> pixels_;
  std::vector<int64_t> patch_position_, patch_index_, patch_row_, patch_column_;
  std::vector<int64_t> target_index_, target_label_;
  std::vector<uint8_t> target_modality_;
  std::vector<int32_t> target_task_;
};

}  // namespace gato::model
