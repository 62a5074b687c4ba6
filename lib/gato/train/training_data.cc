#include "gato/train/training_data.h"

#include <algorithm>

#include "gato/base/digest.h"

namespace gato {

nlohmann::json TrainingData::common_fingerprint() const {
  return {{"digest", sampled_digest()},
          {"length", length()},
          {"window_steps", window_steps()},
          {"vocabulary", vocabulary().to_json()}};
}

std::string TrainingData::sampled_digest() const {
  constexpr int64_t samples = 1024;
  Digest digest;
  const int64_t count = std::min(rows(), samples);
  for (int64_t i = 0; i < count; ++i) {
    // The first, the last, and evenly between them.
    const Row row = this->row(count == 1 ? 0 : i * (rows() - 1) / (count - 1));
    const SequenceView& view = row.view;
    digest.add(std::as_bytes(std::span(&view.task, 1)));
    digest.add(std::as_bytes(view.tokens));
    digest.add(std::as_bytes(view.labels));
    digest.add(std::as_bytes(view.modality));
    digest.add(std::as_bytes(view.local));
    digest.add(std::as_bytes(view.interval));
    digest.add(std::as_bytes(view.prompt));
    for (size_t place = 0; place < view.tokens.size(); ++place) {
      if (Modality(view.modality[place]) == Modality::patch) {
        digest.add(std::as_bytes(row.patch(-1 - int64_t{view.tokens[place]})));
      }
    }
  }
  return digest.hex();
}

}  // namespace gato
