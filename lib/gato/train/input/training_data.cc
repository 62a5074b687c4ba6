#include "gato/train/input/training_data.h"

#include <algorithm>

#include "gato/base/digest.h"

namespace gato::train {

nlohmann::json TrainingData::common_fingerprint() const {
  return {{"digest", sampled_digest()},
          {"length", sequence_length()},
          {"window_steps", window_steps()},
          {"vocabulary", vocabulary().to_json()}};
}

std::string TrainingData::sampled_digest() const {
  constexpr int64_t kMaxSampledRows = 1024;
  base::Digest digest;
  const int64_t count = std::min(row_count(), kMaxSampledRows);
  for (int64_t i = 0; i < count; ++i) {
    // Evenly spaced rows, including the first and the last.
    const Row row =
        this->row(count == 1 ? 0 : i * (row_count() - 1) / (count - 1));
    const data::SequenceView& view = row.view;
    digest.update(std::as_bytes(std::span(&view.task_index, 1)));
    digest.update(std::as_bytes(view.tokens));
    digest.update(std::as_bytes(view.labels));
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

}  // namespace gato::train
