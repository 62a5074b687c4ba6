#include "gato/train/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gato/base/random.h"
#include "gato/train/chance.h"

namespace gato {
namespace {

// The number of distinct patches is rounded up to a multiple of this by black
// ones that nothing refers to: the convolutions are compiled anew for every
// number of patches, which costs more than the patches do.
constexpr int64_t patch_multiple = 32;

int64_t rounded_up(int64_t n, int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Tokens of a row before its padding.
int64_t used_length(const SequenceView& view) {
  const auto last = std::find_if(
      view.modality.rbegin(), view.modality.rend(),
      [](uint8_t value) { return Modality(value) != Modality::padding; });
  return view.modality.rend() - last;
}

template <class T>
at::Tensor tensor_of(const std::vector<T>& values, at::ScalarType type) {
  at::Tensor tensor = at::empty({int64_t(values.size())}, type);
  if (!values.empty()) {
    std::memcpy(tensor.data_ptr(), values.data(), values.size() * sizeof(T));
  }
  return tensor;
}

class Builder {
 public:
  explicit Builder(const BatchOptions& options) : options_(options) {}

  MicroBatch build(std::span<const TrainingData::Row> rows) {
    std::vector<int64_t> used;
    for (const auto& row : rows) used.push_back(used_length(row.view));
    length_ = rows.empty() ? 0 : *std::max_element(used.begin(), used.end());
    if (!options_.device.is_cpu()) {
      length_ = rounded_up(length_, Batch::gpu_multiple);
    }
    tokens_.assign(rows.size() * length_, 0);
    local_.assign(tokens_.size(), Batch::no_local);
    for (size_t i = 0; i < rows.size(); ++i) add_row(rows[i], i, used[i]);
    return {finish(int64_t(rows.size())), options_.first_row,
            std::accumulate(used.begin(), used.end(), int64_t{0})};
  }

 private:
  void add_row(const TrainingData::Row& row, size_t number, int64_t used) {
    const SequenceView& view = row.view;
    const uint64_t row_key = options_.first_row + number;
    const bool is_blank =
        options_.blank_actions > 0 &&
        random_uniform(options_.seed, {uint64_t(Chance::blank_actions),
                                       options_.step, row_key}) <
            options_.blank_actions;
    for (int64_t i = 0; i < used; ++i) {
      const int64_t place = int64_t(number) * length_ + i;
      const Modality modality{view.modality[i]};
      local_[place] = Batch::local_row(view.local[i]);
      if (modality == Modality::patch) {
        add_patch(row, i, place, row_key);
      } else {
        tokens_[place] = is_blank && is_action(modality) ? options_.separator
                                                         : view.tokens[i];
      }
      if (i > 0 && is_target(modality)) {
        target_place_.push_back(place - 1);
        target_label_.push_back(view.labels[i]);
        target_modality_.push_back(view.modality[i]);
        target_task_.push_back(row.task);
      }
    }
  }

  void add_patch(const TrainingData::Row& row, int64_t i, int64_t place,
                 uint64_t row_key) {
    const auto pixels = row.patch(-int64_t(row.view.tokens[i]) - 1);
    const auto [known, is_new] = patch_numbers_.try_emplace(
        {reinterpret_cast<const char*>(pixels.data()), pixels.size()},
        int64_t(patches_.size()));
    if (is_new) patches_.push_back(pixels);
    const auto interval = row.view.interval.subspan(4 * i, 4);
    patch_place_.push_back(place);
    patch_index_.push_back(known->second);
    patch_row_.push_back(
        position(interval[0], interval[1], Chance::patch_row, row_key, i));
    patch_column_.push_back(
        position(interval[2], interval[3], Chance::patch_column, row_key, i));
  }

  int64_t position(int64_t first, int64_t end, Chance purpose, uint64_t row_key,
                   int64_t place) const {
    if (!options_.training) return (first + end) / 2;
    const double draw = random_uniform(
        options_.seed,
        {uint64_t(purpose), options_.step, row_key, uint64_t(place)});
    return first + int64_t(draw * double(end - first));
  }

  Batch finish(int64_t rows) const {
    Batch batch;
    batch.rows = rows;
    batch.length = length_;
    batch.tokens = tensor_of(tokens_, at::kLong);
    batch.local = tensor_of(local_, at::kLong);
    if (!patches_.empty()) {
      const auto patches = int64_t(patches_.size());
      batch.patches = at::zeros(
          {rounded_up(patches, patch_multiple), 16, 16, 3}, at::kByte);
      uint8_t* pixels = batch.patches.data_ptr<uint8_t>();
      for (const auto& patch : patches_) {
        pixels = std::copy(patch.begin(), patch.end(), pixels);
      }
    }
    batch.patch_place = tensor_of(patch_place_, at::kLong);
    batch.patch_index = tensor_of(patch_index_, at::kLong);
    batch.patch_row = tensor_of(patch_row_, at::kLong);
    batch.patch_column = tensor_of(patch_column_, at::kLong);
    batch.target_place = tensor_of(target_place_, at::kLong);
    batch.target_label = tensor_of(target_label_, at::kLong);
    batch.target_modality = tensor_of(target_modality_, at::kByte);
    batch.target_task = tensor_of(target_task_, at::kInt);
    return batch;
  }

  const BatchOptions& options_;
  int64_t length_ = 0;
  std::vector<int64_t> tokens_, local_;
  // By their pixels, which the rows hold: numbers differ between files.
  std::unordered_map<std::string_view, int64_t> patch_numbers_;
  std::vector<std::span<const uint8_t>> patches_;
  std::vector<int64_t> patch_place_, patch_index_, patch_row_, patch_column_;
  std::vector<int64_t> target_place_, target_label_;
  std::vector<uint8_t> target_modality_;
  std::vector<int32_t> target_task_;
};

}  // namespace

MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options) {
  return Builder(options).build(rows);
}

}  // namespace gato
