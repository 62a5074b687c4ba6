#include "gato/train/input/training_data.h"

#include <algorithm>

#include "gato/base/digest.h"
#include "gato/base/error.h"

namespace gato::train {
namespace {

// Returns the values, which are bytes or arrays of bytes, as bytes.
template <class T>
std::span<const uint8_t> byte_span(std::span<const T> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

// Returns the tokens with every reference to patch u replaced by one to
// patch_numbers[u].
std::vector<int32_t> renumber_patches(std::span<const int32_t> tokens,
                                      std::span<const int32_t> patch_numbers) {
  std::vector<int32_t> result(tokens.begin(), tokens.end());
  for (int32_t& token : result) {
    if (data::is_patch(token)) {
      token = data::patch_token(patch_numbers[data::patch_index(token)]);
    }
  }
  return result;
}

}  // namespace

TrainingData::Row TrainingData::view_row(const data::SequenceRow& row,
                                         std::span<const data::Patch> patches) {
  const data::TokenRow& input = row.input;
  Row views;
  views.view = {.tokens = input.tokens,
                .labels = row.labels.empty() ? input.tokens : row.labels,
                .modality = byte_span(std::span(input.modality)),
                .local_position = input.local_position,
                .interval = byte_span(std::span(input.interval)),
                .segment_ids = row.segment_ids,
                .prompt_mask = row.prompt_mask,
                .task_index = row.task_index};
  views.patches = byte_span(patches);
  views.task = row.task_index;
  return views;
}

nlohmann::json TrainingData::common_fingerprint(
    std::span<const int32_t> patch_numbers) const {
  return {{"digest", sampled_digest(patch_numbers)},
          {"length", sequence_length()},
          {"window_steps", window_steps()},
          {"vocabulary", vocabulary().to_json()}};
}

std::string TrainingData::sampled_digest(
    std::span<const int32_t> patch_numbers) const {
  constexpr int64_t kMaxSampledRows = 1024;
  base::Digest digest;
  const auto update_tokens = [&](std::span<const int32_t> tokens) {
    if (patch_numbers.empty()) {
      digest.update(std::as_bytes(tokens));
    } else {
      digest.update(std::as_bytes(
          std::span<const int32_t>(renumber_patches(tokens, patch_numbers))));
    }
  };
  const int64_t count = std::min(row_count(), kMaxSampledRows);
  for (int64_t i = 0; i < count; ++i) {
    // Evenly spaced rows, including the first and the last.
    const Row row =
        this->row(count == 1 ? 0 : i * (row_count() - 1) / (count - 1));
    const data::SequenceView& view = row.view;
    digest.update(std::as_bytes(std::span(&view.task_index, 1)));
    update_tokens(view.tokens);
    update_tokens(view.labels);
    digest.update(std::as_bytes(view.modality));
    digest.update(std::as_bytes(view.local_position));
    digest.update(std::as_bytes(view.interval));
    digest.update(std::as_bytes(view.prompt_mask));
    for (size_t position = 0; position < view.tokens.size(); ++position) {
      if (data::Modality{view.modality[position]} == data::Modality::patch) {
        digest.update(
            std::as_bytes(row.patch(data::patch_index(view.tokens[position]))));
      }
    }
  }
  return digest.hex();
}

void check_compatible(const model::ModelConfig& config,
                      const TrainingData& data) {
  if (!config.vocabulary.has_same_ids(data.vocabulary())) {
    throw base::input_error(
        "the vocabulary of {} differs from the model's: tokenize with the "
        "model's own tokenizer.model",
        data.display_name());
  }
  if (config.context < data.sequence_length()) {
    throw base::usage_error(
        "{} has sequences of {} tokens, but the context of the network is {}: "
        "pack with --length {}, or make a new network with a larger --context",
        data.display_name(), data.sequence_length(), config.context,
        config.context);
  }
}

}  // namespace gato::train
