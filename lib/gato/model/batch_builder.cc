// Values are collected in vectors, one per tensor, and copied into tensors by
// build(). Pixels are not copied before that: the builder stores spans.
#include "gato/model/batch_builder.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>

namespace gato::model {
namespace {

// Returns a copy of the values. `type` must be that of T.
template <class T>
at::Tensor to_tensor(const std::vector<T>& values, at::ScalarType type) {
  at::Tensor tensor = at::empty({std::ssize(values)}, type);
  if (!values.empty()) {
    std::memcpy(tensor.data_ptr(), values.data(), values.size() * sizeof(T));
  }
  return tensor;
}

}  // namespace

BatchBuilder::BatchBuilder(int64_t rows, int64_t length)
    : rows_(rows),
      length_(length),
      tokens_(rows * length, 0),
      local_positions_(rows * length, Batch::kNoLocalRow),
      segments_(rows * length, 0) {}

int64_t BatchBuilder::add_pixels(std::span<const uint8_t> pixels) {
  assert(pixels.size() == sizeof(data::Patch));
  pixels_.push_back(pixels);
  return std::ssize(pixels_) - 1;
}

void BatchBuilder::set_token(int64_t index, int32_t id,
                             int16_t local_position) {
  tokens_[index] = id;
  local_positions_[index] = Batch::local_position_row(local_position);
}

void BatchBuilder::set_segment(int64_t index, int64_t segment) {
  segments_[index] = segment;
}

void BatchBuilder::set_patch(int64_t index, int64_t patch_index,
                             int16_t local_position, int64_t row,
                             int64_t column) {
  local_positions_[index] = Batch::local_position_row(local_position);
  patch_position_.push_back(index);
  patch_index_.push_back(patch_index);
  patch_row_.push_back(row);
  patch_column_.push_back(column);
}

void BatchBuilder::set_tokens(int64_t index, const data::TokenRow& tokens) {
  const int64_t first_patch = std::ssize(pixels_);
  for (const data::Patch& patch : tokens.patches) {
    add_pixels(patch);
  }
  for (int64_t i = 0; i < tokens.size(); ++i) {
    const int32_t token = tokens.tokens[i];
    if (data::is_patch(token)) {
      const auto& [first_row, end_row, first_column, end_column] =
          tokens.interval[i];
      set_patch(index + i, first_patch + data::patch_index(token),
                tokens.local_position[i], interval_center(first_row, end_row),
                interval_center(first_column, end_column));
    } else {
      set_token(index + i, token, tokens.local_position[i]);
    }
  }
}

void BatchBuilder::add_target(int64_t index, int32_t label,
                              data::Modality modality, int32_t task) {
  target_index_.push_back(index);
  target_label_.push_back(label);
  target_modality_.push_back(static_cast<uint8_t>(modality));
  target_task_.push_back(task);
}

Batch BatchBuilder::build(int64_t patch_multiple) const {
  Batch batch;
  batch.rows = rows_;
  batch.length = length_;
  batch.tokens = to_tensor(tokens_, at::kLong);
  batch.local_position = to_tensor(local_positions_, at::kLong);
  if (std::ranges::any_of(segments_, [](int64_t s) { return s != 0; })) {
    batch.segment = to_tensor(segments_, at::kLong);
  }
  if (!pixels_.empty()) {
    const int64_t patches = std::ssize(pixels_);
    const int64_t padded =
        (patches + patch_multiple - 1) / patch_multiple * patch_multiple;
    batch.patches = at::empty({padded, 16, 16, 3}, at::kByte);
    uint8_t* next = batch.patches.data_ptr<uint8_t>();
    for (const auto& patch : pixels_) {
      next = std::ranges::copy(patch, next).out;
    }
    std::fill_n(next, (padded - patches) * sizeof(data::Patch), uint8_t{0});
  }
  batch.patch_position = to_tensor(patch_position_, at::kLong);
  batch.patch_index = to_tensor(patch_index_, at::kLong);
  batch.patch_row = to_tensor(patch_row_, at::kLong);
  batch.patch_column = to_tensor(patch_column_, at::kLong);
  batch.target_index = to_tensor(target_index_, at::kLong);
  batch.target_label = to_tensor(target_label_, at::kLong);
  batch.target_modality = to_tensor(target_modality_, at::kByte);
  batch.target_task = to_tensor(target_task_, at::kInt);
  return batch;
}

}  // namespace gato::model
