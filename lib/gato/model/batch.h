// What the network reads: tokens with their positions, distinct patches, and
// the places at which something is to be predicted.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/data/tokens.h"

namespace gato::model {

// B rows of L tokens. U distinct patches, P patch tokens, T targets. All
// tensors contiguous and on one device, that of the network.
struct Batch {
  // Rows of the table of positions that `local` indexes: the local positions,
  // the one of all action tokens, and none (zeros).
  static constexpr int64_t kActionLocalRow = 512;
  static constexpr int64_t kNoLocalRow = 513;
  // Of TokenRow::local.
  static int64_t local_position_row(int16_t local) {
    if (local == data::TokenRow::kActionLocalPosition) return kActionLocalRow;
    return local == data::TokenRow::kNoLocalPosition ? kNoLocalRow : local;
  }

  // L on a GPU is to be a multiple of this: the fast kernels of attention need
  // it.
  static constexpr int64_t kGpuLengthMultiple = 8;

  int64_t rows = 0, length = 0;  // B, L
  at::Tensor tokens;             // int64 [B*L]: ids; 0 at patches and padding
  at::Tensor local_position;     // int64 [B*L]: in [0, 514)
  // uint8 [U,16,16,3]; undefined where P = 0. Some may be unused.
  at::Tensor patches;
  at::Tensor patch_position;  // int64 [P]: index into B*L, ascending
  at::Tensor patch_index;     // int64 [P]: row of `patches`
  at::Tensor patch_row;       // int64 [P]: in [0, 128), already drawn
  at::Tensor patch_column;    // int64 [P]: in [0, 128), already drawn
  at::Tensor target_index;    // int64 [T]: index into B*L of the token BEFORE
  at::Tensor target_label;    // int64 [T]: the id to be predicted
  at::Tensor target_weight;   // float [T]; undefined: all 1
  // Of the target token, for smoothing and for reports.
  at::Tensor target_modality;  // uint8 [T]: enum Modality
  at::Tensor target_task;      // int32 [T]

  // The same with every tensor that is defined replaced by change(tensor).
  template <class Change>
  Batch map_tensors(Change change) const {
    Batch batch = *this;
    for (at::Tensor* tensor :
         {&batch.tokens, &batch.local_position, &batch.patches,
          &batch.patch_position, &batch.patch_index, &batch.patch_row,
          &batch.patch_column, &batch.target_index, &batch.target_label,
          &batch.target_weight, &batch.target_modality, &batch.target_task}) {
      if (tensor->defined()) *tensor = change(*tensor);
    }
    return batch;
  }
  // A copy on the device, or the same where it is there already. The copy of
  // pinned memory may still be under way, in the order of the device's work.
  Batch to(at::Device device) const {
    return map_tensors([&](const at::Tensor& tensor) {
      return tensor.to(device, /*non_blocking=*/true);
    });
  }
  // A copy that a GPU reads by itself.
  Batch pin_memory() const {
    return map_tensors(
        [](const at::Tensor& tensor) { return tensor.pin_memory(); });
  }
};

}  // namespace gato::model
