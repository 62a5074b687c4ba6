// The input of the network: tokens with their positions, patches, and targets.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/data/tokens.h"

namespace gato::model {

// B rows of L tokens with U patches, P patch tokens and T targets. All tensors
// are contiguous and on the device of the network.
struct Batch {
  // Rows of the position table that `local_position` indexes: 512 local
  // positions, then the one that all action tokens share, then none (zeros).
  static constexpr int64_t kActionLocalRow = 512;
  static constexpr int64_t kNoLocalRow = 513;
  // Maps a value of TokenRow::local_position to a row of the position table.
  static int64_t local_position_row(int16_t local_position) {
    if (local_position == data::TokenRow::kActionLocalPosition) {
      return kActionLocalRow;
    }
    return local_position == data::TokenRow::kNoLocalPosition ? kNoLocalRow
                                                              : local_position;
  }

  static constexpr int64_t kPromptSegment = -1;

  // On a GPU, attention uses the fast kernels only if L is a multiple of this.
  static constexpr int64_t kGpuLengthMultiple = 8;

  int64_t rows = 0, length = 0;  // B, L
  at::Tensor tokens;             // int64 [B*L]: ids; 0 at patches and padding
  at::Tensor local_position;     // int64 [B*L]: in [0, 514)
  // int64 [B*L]: the document within the row, or kPromptSegment for a prompt,
  // which belongs to all of them. Undefined if every row is one document.
  at::Tensor segment;
  // uint8 [U,16,16,3]; undefined if P = 0. Some may be unused.
  at::Tensor patches;
  at::Tensor patch_position;  // int64 [P]: index into B*L, ascending
  at::Tensor patch_index;     // int64 [P]: row of `patches`
  // Row and column within the image, quantized to [0, 128): sampled from the
  // interval of the patch in training, else its center (paper, appendix C.3).
  at::Tensor patch_row;     // int64 [P]
  at::Tensor patch_column;  // int64 [P]
  // int64 [T]: index into B*L of the token BEFORE the target. Its hidden state
  // predicts the target.
  at::Tensor target_index;
  at::Tensor target_label;   // int64 [T]: the id to predict
  at::Tensor target_weight;  // fp32 [T]; all 1 if undefined
  // Modality and task of the target token, for smoothing and for reports.
  at::Tensor target_modality;  // uint8 [T]: enum Modality
  at::Tensor target_task;      // int32 [T]

  // Returns a batch in which change(tensor) replaces every defined tensor.
  template <class Function>
  Batch map_tensors(Function change) const {
    Batch batch = *this;
    for (at::Tensor* tensor :
         {&batch.tokens, &batch.local_position, &batch.segment, &batch.patches,
          &batch.patch_position, &batch.patch_index, &batch.patch_row,
          &batch.patch_column, &batch.target_index, &batch.target_label,
          &batch.target_weight, &batch.target_modality, &batch.target_task}) {
      if (tensor->defined()) {
        *tensor = change(*tensor);
      }
    }
    return batch;
  }
  // Returns a batch on the device; tensors that are already there are shared.
  // Copies from pinned memory are asynchronous, in stream order: work that is
  // queued on the device later sees the complete data.
  Batch to(at::Device device) const {
    return map_tensors([&](const at::Tensor& tensor) {
      return tensor.to(device, /*non_blocking=*/true);
    });
  }
  // Returns a copy in page-locked memory, from which a GPU can copy
  // asynchronously.
  Batch pin_memory() const {
    return map_tensors(
        [](const at::Tensor& tensor) { return tensor.pin_memory(); });
  }
};

}  // namespace gato::model
