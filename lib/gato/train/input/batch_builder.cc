#include "gato/train/input/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gato/base/random.h"

namespace gato::train {
namespace {

// The number of distinct patches is rounded up to a multiple of this by black
// ones that nothing refers to: the convolutions are compiled anew for every
// number of patches, which costs more than the patches do.
constexpr int64_t kPatchMultiple = 32;

int64_t round_up(int64_t n, int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Tokens of a row before its padding.
int64_t unpadded_length(const data::SequenceView& view) {
  const auto last = std::find_if(
      view.modality.rbegin(), view.modality.rend(), [](uint8_t value) {
        return data::Modality(value) != data::Modality::padding;
      });
  return view.modality.rend() - last;
}

template <class T>
at::Tensor to_tensor(const std::vector<T>& values, at::ScalarType type) {
  at::Tensor tensor = at::empty({int64_t(values.size())}, type);
  if (!values.empty()) {
    std::memcpy(tensor.data_ptr(), values.data(), values.size() * sizeof(T));
  }
  return tensor;
}

class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchOptions& options) : options_(options) {}

  MicroBatch build(std::span<const TrainingData::Row> rows) {
    std::vector<int64_t> unpadded_lengths;
    for (const auto& row : rows)
      unpadded_lengths.push_back(unpadded_length(row.view));
    length_ = rows.empty() ? 0
                           : *std::max_element(unpadded_lengths.begin(),
                                               unpadded_lengths.end());
    if (!options_.device.is_cpu()) {
      length_ = round_up(length_, model::Batch::kGpuLengthMultiple);
    }
    tokens_.assign(rows.size() * length_, 0);
    local_positions_.assign(tokens_.size(), model::Batch::kNoLocalRow);
    for (size_t i = 0; i < rows.size(); ++i)
      add_row(rows[i], i, unpadded_lengths[i]);
    return {build_batch(int64_t(rows.size())), options_.first_row,
            std::accumulate(unpadded_lengths.begin(), unpadded_lengths.end(),
                            int64_t{0})};
  }

 private:
  void add_row(const TrainingData::Row& row, size_t row_index,
               int64_t token_count) {
    const data::SequenceView& view = row.view;
    const uint64_t row_key = options_.first_row + row_index;
    const bool masks_actions =
        options_.action_mask_probability > 0 &&
        base::random_uniform(options_.seed, {uint64_t(RngStream::mask_actions),
                                             options_.step, row_key}) <
            options_.action_mask_probability;
    for (int64_t i = 0; i < token_count; ++i) {
      const int64_t index = int64_t(row_index) * length_ + i;
      const data::Modality modality{view.modality[i]};
      local_positions_[index] =
          model::Batch::local_position_row(view.local_position[i]);
      if (modality == data::Modality::patch) {
        add_patch(row, i, index, row_key);
      } else {
        tokens_[index] = masks_actions && data::is_action(modality)
                             ? options_.separator
                             : view.tokens[i];
      }
      if (i > 0 && data::is_target(modality)) {
        target_index_.push_back(index - 1);
        target_label_.push_back(view.labels[i]);
        target_modality_.push_back(view.modality[i]);
        target_task_.push_back(row.task);
      }
    }
  }

  void add_patch(const TrainingData::Row& row, int64_t i, int64_t index,
                 uint64_t row_key) {
    const auto pixels = row.patch(-int64_t(row.view.tokens[i]) - 1);
    const auto [known, is_new] = distinct_patch_ids_.try_emplace(
        {reinterpret_cast<const char*>(pixels.data()), pixels.size()},
        int64_t(distinct_patches_.size()));
    if (is_new) distinct_patches_.push_back(pixels);
    const auto interval = row.view.interval.subspan(4 * i, 4);
    patch_position_.push_back(index);
    patch_index_.push_back(known->second);
    patch_row_.push_back(sample_position(interval[0], interval[1],
                                         RngStream::patch_row, row_key, i));
    patch_column_.push_back(sample_position(
        interval[2], interval[3], RngStream::patch_column, row_key, i));
  }

  int64_t sample_position(int64_t first, int64_t end, RngStream stream,
                          uint64_t row_key, int64_t token_position) const {
    if (!options_.is_training) return (first + end) / 2;
    const double sample = base::random_uniform(
        options_.seed,
        {uint64_t(stream), options_.step, row_key, uint64_t(token_position)});
    return first + int64_t(sample * double(end - first));
  }

  model::Batch build_batch(int64_t rows) const {
    model::Batch batch;
    batch.rows = rows;
    batch.length = length_;
    batch.tokens = to_tensor(tokens_, at::kLong);
    batch.local_position = to_tensor(local_positions_, at::kLong);
    if (!distinct_patches_.empty()) {
      const auto patches = int64_t(distinct_patches_.size());
      batch.patches =
          at::zeros({round_up(patches, kPatchMultiple), 16, 16, 3}, at::kByte);
      uint8_t* pixels = batch.patches.data_ptr<uint8_t>();
      for (const auto& patch : distinct_patches_) {
        pixels = std::copy(patch.begin(), patch.end(), pixels);
      }
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

  const BatchOptions& options_;
  int64_t length_ = 0;
  std::vector<int64_t> tokens_, local_positions_;
  // By their pixels, which the rows hold: numbers differ between files.
  std::unordered_map<std::string_view, int64_t> distinct_patch_ids_;
  std::vector<std::span<const uint8_t>> distinct_patches_;
  std::vector<int64_t> patch_position_, patch_index_, patch_row_, patch_column_;
  std::vector<int64_t> target_index_, target_label_;
  std::vector<uint8_t> target_modality_;
  std::vector<int32_t> target_task_;
};

}  // namespace

MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options) {
  return BatchBuilder(options).build(rows);
}

}  // namespace gato::train
