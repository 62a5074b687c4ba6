// Encodes one time step as tokens, and decodes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/task.h"
#include "gato/data/tokens.h"
#include "gato/data/vocabulary.h"
#include "gato/tokenize/field_codec.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/out_of_range_tally.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::tokenize {

// Encodes the time steps of one task. The order of the tokens is: observations
// (text, images, discrete, continuous), the separator, and actions (discrete,
// continuous). The spec has its fields in this order. Thread-safe.
class StepEncoder {
 public:
  // `text_encoder` may be null if the spec has no text field; otherwise it must
  // outlive this object. Throws Error(bad_input) if an action is text or an
  // image, or if there is no action.
  StepEncoder(data::TaskSpec spec, const data::Vocabulary& vocabulary,
              const TextEncoder* text_encoder, Resize resize = {});

  const data::TaskSpec& spec() const { return spec_; }

  // Appends the observation tokens and the separator. Values are in the order
  // of spec().observation_fields. Throws Error(bad_input), which names the key
  // and the value, for NaN, for a discrete value that has no id, and for an
  // image of the wrong type. Logs a warning about the first step that has more
  // than 512 observation tokens. Counts values outside their spaces in
  // `out_of_range`; if that is null, logs a warning about the first of them.
  // `deduplicator` is that of the document, as for encode_image().
  void encode_observation(const data::FieldValues& observation,
                          data::TokenizedDocument& document,
                          OutOfRangeTally* out_of_range = nullptr,
                          PatchDeduplicator* deduplicator = nullptr) const;
  // Appends the action tokens. If `label`, the expert's action, is not null, it
  // is appended to document.labels, after the labels of the tokens so far.
  // `out_of_range` is that of encode_observation().
  void encode_action(const data::FieldValues& action,
                     const data::FieldValues* label,
                     data::TokenizedDocument& document,
                     OutOfRangeTally* out_of_range = nullptr) const;

  int64_t action_tokens() const {
    return static_cast<int64_t>(action_ranges_.size());
  }
  const std::vector<data::IdRange>& action_ranges() const {
    return action_ranges_;
  }
  data::Modality action_modality(int64_t i) const {
    return action_modalities_[i];
  }
  // Decodes action_tokens() ids to values in the order of
  // spec().action_fields. Throws Error(bad_input) for any other number of ids.
  data::FieldValues decode_action(std::span<const int32_t> ids) const;

  // Decodes the observation of the step at the beginning of the two spans.
  // Returns one value per field of spec().observation_fields, nullopt for
  // images. Several texts cannot be distinguished, so that the first of these
  // fields gets all of their text and the others get nullopt. Throws
  // Error(bad_input) if the tokens do not match the spec.
  std::vector<std::optional<data::FieldValue>> decode_observation(
      std::span<const int32_t> tokens,
      std::span<const data::Modality> modality) const;

 private:
  struct WarnedOnce {
    std::atomic<bool> out_of_range = false, long_observation = false;
  };
  void encode_field(const FieldCodec& codec, const data::FieldValue& value,
                    std::vector<int32_t>& ids,
                    OutOfRangeTally* out_of_range) const;
  void encode_image_field(const data::Array& array,
                          data::TokenizedDocument& document,
                          PatchDeduplicator* deduplicator) const;
  void encode_action_fields(const data::FieldValues& action,
                            std::vector<int32_t>& ids,
                            OutOfRangeTally* out_of_range) const;

  data::TaskSpec spec_;
  data::Vocabulary vocabulary_;
  const TextEncoder* text_encoder_;
  Resize resize_;
  // One per field of the spec; nullopt for text and images.
  std::vector<std::optional<FieldCodec>> observation_codecs_;
  std::vector<FieldCodec> action_codecs_;
  std::vector<data::IdRange> action_ranges_;
  std::vector<data::Modality> action_modalities_;
  std::shared_ptr<WarnedOnce> warned_ = std::make_shared<WarnedOnce>();
};

// Labels every token that has no label yet with its own id.
void fill_labels(data::TokenizedDocument& document);

}  // namespace gato::tokenize
