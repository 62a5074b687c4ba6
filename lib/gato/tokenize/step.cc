#include "gato/tokenize/step.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/utf8.h"

namespace gato {
namespace {

const Array& numbers_of(const Value& value, const Field& field) {
  if (const auto* array = std::get_if<Array>(&value)) return *array;
  throw input_error("key '{}' is text where its space says {}", field.name,
                    name_of(field.role));
}

const std::string& text_of(const Value& value, const Field& field) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (const auto place = find_invalid_utf8(*text)) {
      throw input_error("key '{}': byte {} is not UTF-8", field.name, *place);
    }
    return *text;
  }
  throw input_error("key '{}' is numbers where its space says text",
                    field.name);
}

void check_count(const Values& values, const std::vector<Field>& fields) {
  if (values.size() != fields.size()) {
    throw input_error("{} values where the task has {} keys", values.size(),
                      fields.size());
  }
}

}  // namespace

StepEncoder::StepEncoder(TaskSpec spec, const Vocabulary& vocabulary,
                         const TextEncoder* text, Resize resize)
    : spec_(std::move(spec)),
      vocabulary_(vocabulary),
      text_(text),
      resize_(resize) {
  for (const Field& field : spec_.observation) {
    if (field.role == Role::text && text_ == nullptr) {
      throw input_error("key '{}' is text, which needs a text model",
                        field.name);
    }
    const bool numeric =
        field.role == Role::discrete || field.role == Role::continuous;
    observation_codecs_.push_back(
        numeric ? std::optional<FieldCodec>(std::in_place, field,
                                            FieldCodec::Place::observation,
                                            vocabulary_)
                : std::nullopt);
  }
  for (const Field& field : spec_.action) {
    if (field.role == Role::text || field.role == Role::image) {
      throw input_error(
          "action key '{}' is {}: actions are discrete or continuous",
          field.name, field.role == Role::text ? "text" : "an image");
    }
    const FieldCodec& codec = action_codecs_.emplace_back(
        field, FieldCodec::Place::action, vocabulary_);
    for (int64_t i = 0; i < codec.tokens(); ++i) {
      action_ranges_.push_back(codec.range(i));
      action_modality_.push_back(codec.modality());
    }
  }
  if (action_ranges_.empty()) {
    throw input_error("task '{}' has no action", spec_.name);
  }
}

void StepEncoder::encode_observation(const Values& observation,
                                     TokenizedDocument& document,
                                     OutsideTally* outside,
                                     PatchFinder* patches) const {
  check_count(observation, spec_.observation);
  const size_t first = document.tokens.size();
  if (patches != nullptr) patches->begin_step();
  for (size_t i = 0; i < observation.size(); ++i) {
    const Field& field = spec_.observation[i];
    Modality modality = Modality::text;
    if (field.role == Role::text) {
      text_->encode(text_of(observation[i], field), document.tokens);
    } else if (field.role == Role::image) {
      try {
        encode_picture(numbers_of(observation[i], field), document, patches);
      } catch (const Error& error) {
        throw Error(error.status(), fmt::format("observation key '{}': {}",
                                                field.name, error.what()));
      }
      continue;
    } else {
      encode(*observation_codecs_[i], observation[i], document.tokens, outside);
      modality = observation_codecs_[i]->modality();
    }
    document.modality.resize(document.tokens.size(), modality);
  }
  const size_t count = document.tokens.size() - first;
  if (count > TokenFeatures::local_positions &&
      !notices_->long_observation.exchange(true)) {
    spdlog::warn(
        "task '{}': a step has {} observation tokens; those from number {} on "
        "share one position",
        spec_.name, count, TokenFeatures::local_positions);
  }
  document.tokens.push_back(vocabulary_.separator());
  document.modality.push_back(Modality::separator);
}

void StepEncoder::encode_picture(const Array& array,
                                 TokenizedDocument& document,
                                 PatchFinder* patches) const {
  if (resize_.height == 0) {
    if (const auto view = view_of(array)) {
      return encode_image(*view, document, patches);
    }
  }
  encode_image(resize_by_area(image_of(array), resize_), document, patches);
}

void StepEncoder::encode_actions(const Values& action,
                                 std::vector<int32_t>& ids,
                                 OutsideTally* outside) const {
  check_count(action, spec_.action);
  for (size_t i = 0; i < action.size(); ++i) {
    encode(action_codecs_[i], action[i], ids, outside);
  }
}

void StepEncoder::encode(const FieldCodec& codec, const Value& value,
                         std::vector<int32_t>& ids,
                         OutsideTally* outside) const {
  const Field& field = codec.field();
  const FieldCodec::Outside found = codec.encode(numbers_of(value, field), ids);
  if (found.count == 0) return;
  if (outside != nullptr) {
    OutsideValues& values = (*outside)[field.name];
    if (values.count == 0) values = {0, found.first, -1, field.role};
    values.count += found.count;
  } else if (!notices_->outside_values.exchange(true)) {
    spdlog::warn("task '{}': key '{}' holds {}, which its space does not have",
                 spec_.name, field.name, found.first);
  }
}

void StepEncoder::encode_action(const Values& action, const Values* label,
                                TokenizedDocument& document,
                                OutsideTally* outside) const {
  if (label != nullptr) {
    fill_labels(document);
    encode_actions(*label, document.labels, outside);
  }
  encode_actions(action, document.tokens, outside);
  document.modality.insert(document.modality.end(), action_modality_.begin(),
                           action_modality_.end());
}

Values StepEncoder::decode_action(std::span<const int32_t> ids) const {
  if (static_cast<int64_t>(ids.size()) != action_tokens()) {
    throw input_error("{} action tokens where task '{}' has {}", ids.size(),
                      spec_.name, action_tokens());
  }
  Values values;
  size_t first = 0;
  for (const FieldCodec& codec : action_codecs_) {
    const auto count = static_cast<size_t>(codec.tokens());
    values.push_back(codec.decode(ids.subspan(first, count)));
    first += count;
  }
  return values;
}

std::vector<std::optional<Value>> StepEncoder::decode_observation(
    std::span<const int32_t> tokens, std::span<const Modality> modality) const {
  const auto count_of = [&](size_t first, Modality wanted) {
    size_t last = first;
    while (last < tokens.size() && modality[last] == wanted) ++last;
    return last - first;
  };
  std::vector<std::optional<Value>> values(spec_.observation.size());
  size_t place = 0;
  bool first_text = true;
  for (size_t i = 0; i < values.size(); ++i) {
    const Field& field = spec_.observation[i];
    if (field.role == Role::text) {
      const size_t count = count_of(place, Modality::text);
      if (first_text) values[i] = text_->decode(tokens.subspan(place, count));
      first_text = false;
      place += count;
    } else if (field.role == Role::image) {
      place += count_of(place, Modality::patch);
    } else {
      const FieldCodec& codec = *observation_codecs_[i];
      const auto count = static_cast<size_t>(codec.tokens());
      if (count_of(place, codec.modality()) < count) {
        throw input_error("the step ends within key '{}'", field.name);
      }
      values[i] = codec.decode(tokens.subspan(place, count));
      place += count;
    }
  }
  return values;
}

void fill_labels(TokenizedDocument& document) {
  const auto have = static_cast<std::ptrdiff_t>(document.labels.size());
  document.labels.insert(document.labels.end(), document.tokens.begin() + have,
                         document.tokens.end());
}

}  // namespace gato
