#include "gato/train/input/training_batch.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gato/base/random.h"
#include "gato/model/batch_builder.h"

// The rows of a micro-batch are truncated to the longest one. Token i of row r
// is at index r x length + i of the batch, and the prediction for it is made at
// the index before. This file adds what only training needs: sampled patch
// positions, masked actions and targets. model::BatchBuilder makes the tensors.
namespace gato::train {
namespace {

// Batch::patches is rounded up to a multiple of this. The convolutions are
// compiled again for every number of patches, which costs more than computing
// the additional ones.
constexpr int64_t kPatchMultiple = 32;

// Returns the number of tokens of a row before its padding.
int64_t unpadded_length(const data::SequenceView& view) {
  const auto last = std::find_if(
      view.modality.rbegin(), view.modality.rend(), [](uint8_t value) {
        return static_cast<data::Modality>(value) != data::Modality::padding;
      });
  return view.modality.rend() - last;
}

class TrainingBatchBuilder {
 public:
  TrainingBatchBuilder(int64_t rows, int64_t length,
                       const BatchOptions& options)
      : options_(options), length_(length), builder_(rows, length) {}

  // Adds the first `token_count` tokens of row `row_index` of the batch.
  void add_row(const TrainingData::Row& row, int64_t row_index,
               int64_t token_count) {
    const data::SequenceView& view = row.view;
    const uint64_t row_key =
        options_.first_row + static_cast<uint64_t>(row_index);
    const bool masks_actions = samples_action_mask(row_key);
    for (int64_t i = 0; i < token_count; ++i) {
      const int64_t index = row_index * length_ + i;
      builder_.set_segment(index, view.prompt_mask[i] != 0
                                      ? model::Batch::kPromptSegment
                                      : view.segment_ids[i]);
      const data::Modality modality{view.modality[i]};
      if (modality == data::Modality::patch) {
        add_patch(row, i, index, row_key);
      } else {
        builder_.set_token(index,
                           masks_actions && data::is_action(modality)
                               ? options_.separator
                               : view.tokens[i],
                           view.local_position[i]);
      }
      if (i > 0 && data::is_target(modality)) {
        builder_.add_target(index - 1, view.labels[i], modality, row.task);
      }
    }
  }

  model::Batch build() const { return builder_.build(kPatchMultiple); }

 private:
  bool samples_action_mask(uint64_t row_key) const {
    if (options_.action_mask_probability <= 0) {
      return false;
    }
    return base::random_uniform(options_.seed,
                                {static_cast<uint64_t>(RngStream::mask_actions),
                                 options_.step, row_key}) <
           options_.action_mask_probability;
  }

  // Adds token i of the row, which is a patch, at `index` of the batch.
  void add_patch(const TrainingData::Row& row, int64_t i, int64_t index,
                 uint64_t row_key) {
    const auto pixels = row.patch(data::patch_index(row.view.tokens[i]));
    const auto [known, is_new] = patch_indices_.try_emplace(
        {reinterpret_cast<const char*>(pixels.data()), pixels.size()}, 0);
    if (is_new) {
      known->second = builder_.add_pixels(pixels);
    }
    const auto interval = row.view.interval.subspan(4 * i, 4);
    builder_.set_patch(index, known->second, row.view.local_position[i],
                       patch_position(interval[0], interval[1],
                                      RngStream::patch_row, row_key, i),
                       patch_position(interval[2], interval[3],
                                      RngStream::patch_column, row_key, i));
  }

  // Returns a position within [first, end).
  int64_t patch_position(int64_t first, int64_t end, RngStream stream,
                         uint64_t row_key, int64_t token_position) const {
    if (!options_.is_training) {
      return model::interval_center(first, end);
    }
    const double sample = base::random_uniform(
        options_.seed, {static_cast<uint64_t>(stream), options_.step, row_key,
                        static_cast<uint64_t>(token_position)});
    return first +
           static_cast<int64_t>(sample * static_cast<double>(end - first));
  }

  const BatchOptions& options_;
  int64_t length_;
  model::BatchBuilder builder_;
  // Patches by their pixels, which the rows own: two files may number the same
  // patch differently.
  std::unordered_map<std::string_view, int64_t> patch_indices_;
};

}  // namespace

MicroBatch make_batch(std::span<const TrainingData::Row> rows,
                      const BatchOptions& options) {
  std::vector<int64_t> lengths;
  for (const TrainingData::Row& row : rows) {
    lengths.push_back(unpadded_length(row.view));
  }
  int64_t length =
      lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  if (!options.device.is_cpu()) {
    constexpr int64_t kMultiple = model::Batch::kGpuLengthMultiple;
    length = (length + kMultiple - 1) / kMultiple * kMultiple;
  }
  TrainingBatchBuilder builder(std::ssize(rows), length, options);
  for (size_t i = 0; i < rows.size(); ++i) {
    builder.add_row(rows[i], static_cast<int64_t>(i), lengths[i]);
  }
  return {builder.build(), options.first_row,
          std::accumulate(lengths.begin(), lengths.end(), int64_t{0})};
}

}  // namespace gato::train
