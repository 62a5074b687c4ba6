#include "gato/tokenize/step_encoder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/utf8.h"

// The constructor makes a FieldCodec for each numeric field; encoding walks the
// fields in the order of the spec. Decoding walks them again and takes from the
// tokens what each field needs: a fixed number of ids for numeric fields, a run
// of one modality for text and images.

namespace gato::tokenize {
namespace {

const data::Array& require_array(const data::FieldValue& value,
                                 const data::Field& field) {
  if (const auto* array = std::get_if<data::Array>(&value)) {
    return *array;
  }
  throw base::input_error("key '{}' is text, but its space is {}", field.name,
                          data::role_name(field.role));
}

const std::string& require_text(const data::FieldValue& value,
                                const data::Field& field) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (const auto invalid_byte = ingest::find_invalid_utf8(*text)) {
      throw base::input_error("key '{}': byte {} is not UTF-8", field.name,
                              *invalid_byte);
    }
    return *text;
  }
  throw base::input_error("key '{}' is numeric, but its space is text",
                          field.name);
}

base::Error text_model_error(const data::Field& field,
                             const data::Vocabulary& vocabulary) {
  if (vocabulary.has_text()) {
    return base::input_error(
        "key '{}' is text, but the SentencePiece model is missing: add the "
        "tokenizer.model that the data was tokenized with",
        field.name);
  }
  return base::input_error(
      "key '{}' is text, but the vocabulary has no text pieces (--text-model "
      "none): tokenize the data with a SentencePiece model, which "
      "gato-tokenize vocab trains",
      field.name);
}

void check_value_count(const data::FieldValues& values,
                       const std::vector<data::Field>& fields) {
  if (values.size() != fields.size()) {
    throw base::input_error(
        "the number of values is {}, but the task has {} keys", values.size(),
        fields.size());
  }
}

}  // namespace

StepEncoder::StepEncoder(data::TaskSpec spec,
                         const data::Vocabulary& vocabulary,
                         const TextEncoder* text_encoder, Resize resize)
    : spec_(std::move(spec)),
      vocabulary_(vocabulary),
      text_encoder_(text_encoder),
      resize_(resize) {
  for (const data::Field& field : spec_.observation_fields) {
    if (field.role == data::Role::text && text_encoder_ == nullptr) {
      throw text_model_error(field, vocabulary_);
    }
    const bool is_numeric = field.role == data::Role::discrete ||
                            field.role == data::Role::continuous;
    observation_codecs_.push_back(
        is_numeric ? std::optional<FieldCodec>(std::in_place, field,
                                               FieldCodec::Kind::observation,
                                               vocabulary_)
                   : std::nullopt);
  }
  for (const data::Field& field : spec_.action_fields) {
    if (field.role == data::Role::text || field.role == data::Role::image) {
      throw base::input_error(
          "action key '{}' is {}: actions are discrete or continuous",
          field.name, field.role == data::Role::text ? "text" : "an image");
    }
    const FieldCodec& codec = action_codecs_.emplace_back(
        field, FieldCodec::Kind::action, vocabulary_);
    for (int64_t i = 0; i < codec.tokens(); ++i) {
      action_ranges_.push_back(codec.range(i));
      action_modalities_.push_back(codec.modality());
    }
  }
  if (action_ranges_.empty()) {
    throw base::input_error("task '{}' has no actions", spec_.name);
  }
}

void StepEncoder::encode_observation(const data::FieldValues& observation,
                                     data::TokenizedDocument& document,
                                     OutOfRangeTally* out_of_range,
                                     PatchDeduplicator* deduplicator) const {
  check_value_count(observation, spec_.observation_fields);
  const size_t first = document.tokens.size();
  if (deduplicator != nullptr) {
    deduplicator->begin_step();
  }
  for (size_t i = 0; i < observation.size(); ++i) {
    const data::Field& field = spec_.observation_fields[i];
    data::Modality modality = data::Modality::text;
    if (field.role == data::Role::text) {
      text_encoder_->encode(require_text(observation[i], field),
                            document.tokens);
    } else if (field.role == data::Role::image) {
      try {
        encode_image_field(require_array(observation[i], field), document,
                           deduplicator);
      } catch (const base::Error& error) {
        throw base::Error(
            error.status(),
            fmt::format("observation key '{}': {}", field.name, error.what()));
      }
      continue;
    } else {
      encode_field(*observation_codecs_[i], observation[i], document.tokens,
                   out_of_range);
      modality = observation_codecs_[i]->modality();
    }
    document.modality.resize(document.tokens.size(), modality);
  }
  const size_t count = document.tokens.size() - first;
  if (count > data::TokenRow::kLocalPositionCount &&
      !warned_->long_observation.exchange(true)) {
    spdlog::warn(
        "task '{}': a step has {} observation tokens; those from index {} on "
        "share one position",
        spec_.name, count, data::TokenRow::kLocalPositionCount);
  }
  document.tokens.push_back(vocabulary_.separator());
  document.modality.push_back(data::Modality::separator);
}

void StepEncoder::encode_image_field(const data::Array& array,
                                     data::TokenizedDocument& document,
                                     PatchDeduplicator* deduplicator) const {
  if (resize_.height == 0) {
    if (const auto view = as_image_view(array)) {
      return encode_image(*view, document, deduplicator);
    }
  }
  encode_image(resize_by_area(to_image(array), resize_), document,
               deduplicator);
}

void StepEncoder::encode_action_fields(const data::FieldValues& action,
                                       std::vector<int32_t>& ids,
                                       OutOfRangeTally* out_of_range) const {
  check_value_count(action, spec_.action_fields);
  for (size_t i = 0; i < action.size(); ++i) {
    encode_field(action_codecs_[i], action[i], ids, out_of_range);
  }
}

void StepEncoder::encode_field(const FieldCodec& codec,
                               const data::FieldValue& value,
                               std::vector<int32_t>& ids,
                               OutOfRangeTally* out_of_range) const {
  const data::Field& field = codec.field();
  if (out_of_range != nullptr) {
    codec.encode(require_array(value, field), ids, *out_of_range);
    return;
  }
  OutOfRangeTally found;
  codec.encode(require_array(value, field), ids, found);
  if (found.count() > 0 && !warned_->out_of_range.exchange(true)) {
    spdlog::warn("task '{}': key '{}' is {}, which is outside its space",
                 spec_.name, field.name, found.by_key().at(field.name).first);
  }
}

void StepEncoder::encode_action(const data::FieldValues& action,
                                const data::FieldValues* label,
                                data::TokenizedDocument& document,
                                OutOfRangeTally* out_of_range) const {
  if (label != nullptr) {
    fill_labels(document);
    encode_action_fields(*label, document.labels, out_of_range);
  }
  encode_action_fields(action, document.tokens, out_of_range);
  document.modality.insert(document.modality.end(), action_modalities_.begin(),
                           action_modalities_.end());
}

data::FieldValues StepEncoder::decode_action(
    std::span<const int32_t> ids) const {
  if (static_cast<int64_t>(ids.size()) != action_tokens()) {
    throw base::input_error(
        "the number of action tokens is {}, but task '{}' has {}", ids.size(),
        spec_.name, action_tokens());
  }
  data::FieldValues values;
  size_t first = 0;
  for (const FieldCodec& codec : action_codecs_) {
    const auto count = static_cast<size_t>(codec.tokens());
    values.push_back(codec.decode(ids.subspan(first, count)));
    first += count;
  }
  return values;
}

std::vector<std::optional<data::FieldValue>> StepEncoder::decode_observation(
    std::span<const int32_t> tokens,
    std::span<const data::Modality> modality) const {
  const auto run_length = [&](size_t first, data::Modality wanted) {
    size_t last = first;
    while (last < tokens.size() && modality[last] == wanted) {
      ++last;
    }
    return last - first;
  };
  std::vector<std::optional<data::FieldValue>> values(
      spec_.observation_fields.size());
  size_t position = 0;
  bool is_first_text = true;
  for (size_t i = 0; i < values.size(); ++i) {
    const data::Field& field = spec_.observation_fields[i];
    if (field.role == data::Role::text) {
      const size_t count = run_length(position, data::Modality::text);
      if (is_first_text) {
        values[i] = text_encoder_->decode(tokens.subspan(position, count));
      }
      is_first_text = false;
      position += count;
    } else if (field.role == data::Role::image) {
      position += run_length(position, data::Modality::patch);
    } else {
      const FieldCodec& codec = *observation_codecs_[i];
      const auto count = static_cast<size_t>(codec.tokens());
      if (run_length(position, codec.modality()) < count) {
        throw base::input_error("the step ends within key '{}'", field.name);
      }
      values[i] = codec.decode(tokens.subspan(position, count));
      position += count;
    }
  }
  return values;
}

void fill_labels(data::TokenizedDocument& document) {
  const auto labeled = static_cast<std::ptrdiff_t>(document.labels.size());
  document.labels.insert(document.labels.end(),
                         document.tokens.begin() + labeled,
                         document.tokens.end());
}

}  // namespace gato::tokenize
