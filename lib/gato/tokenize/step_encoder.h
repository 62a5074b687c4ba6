// One time step to tokens and back.
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

// The order of a time step: text, images, discrete, continuous observations;
// the separator; discrete, continuous actions. Within a role, the order of the
// spec's fields. Safe to share by threads.
class StepEncoder {
 public:
  // `text` may be null where the spec has no text field, and must outlive the
  // encoder otherwise. Error (bad_input) where an action is text or an image,
  // or there is none.
  StepEncoder(data::TaskSpec spec, const data::Vocabulary& vocabulary,
              const TextEncoder* text_encoder, Resize resize = {});

  const data::TaskSpec& spec() const { return spec_; }

  // Appends the observation tokens and the separator. Values are in the order
  // of spec().observation. The Error (bad_input) of a NaN, of a discrete value
  // beyond 1023 or of an image of a wrong type names the key and the value.
  // Warns once of a step of more than 512 observation tokens. Adds values that
  // their spaces do not have to `outside`; where that is null, warns once.
  // `patches`: of the document, as of encode_image.
  void encode_observation(const data::FieldValues& observation,
                          data::TokenizedDocument& document,
                          OutOfRangeTally* out_of_range = nullptr,
                          PatchDeduplicator* deduplicator = nullptr) const;
  // Appends the action tokens. `label`, the expert's action or null, goes to
  // document.labels, which is first filled up from the tokens. `outside` as
  // above.
  void encode_action(const data::FieldValues& action,
                     const data::FieldValues* label,
                     data::TokenizedDocument& document,
                     OutOfRangeTally* out_of_range = nullptr) const;

  int64_t action_tokens() const {
    return static_cast<int64_t>(action_ranges_.size());
  }
  const std::vector<IdRange>& action_ranges() const { return action_ranges_; }
  data::Modality action_modality(int64_t i) const {
    return action_modalities_[i];
  }
  // ids.size() == action_tokens(). Values in the order of spec().action.
  data::FieldValues decode_action(std::span<const int32_t> ids) const;

  // The observation of a step whose tokens start the two spans, a value a field
  // of spec().observation; nothing for images. The texts of several text fields
  // come back joined, in the first of them. Error (bad_input) where the tokens
  // do not fit the spec.
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
  // One a field of the spec; none for text and images.
  std::vector<std::optional<FieldCodec>> observation_codecs_;
  std::vector<FieldCodec> action_codecs_;
  std::vector<IdRange> action_ranges_;
  std::vector<data::Modality> action_modalities_;
  std::shared_ptr<WarnedOnce> warned_ = std::make_shared<WarnedOnce>();
};

// Gives every token a label, its own id where it has none yet.
void fill_labels(data::TokenizedDocument& document);

}  // namespace gato::tokenize
