#include "gato/tokenize/token_decoder.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"

// Decodes tokens by the spec of their task. A step is split at its separator:
// the observation precedes it, the action follows it. Tokens that do not match
// the spec, such as those of a truncated step, are an Error, which marks the
// step as cut instead of ending the description.

namespace gato::tokenize {
namespace {

using nlohmann::ordered_json;

ordered_json value_to_json(const data::FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return *text;
  }
  const auto& array = std::get<data::Array>(value);
  const auto element = [&array](int64_t i) -> ordered_json {
    if (data::is_integer(array.dtype)) {
      return array.as_integer(i);
    }
    // Six digits are enough, since bins are coarser.
    return std::stod(fmt::format("{:.6g}", array.as_double(i)));
  };
  if (array.shape.empty()) {
    return element(0);
  }
  ordered_json list = ordered_json::array();
  for (int64_t i = 0; i < array.size(); ++i) {
    list.push_back(element(i));
  }
  return list;
}

std::string image_label(const data::TokenizedImage& image) {
  return fmt::format("image {}x{} patches", image.rows, image.columns);
}

// Adds "action" to a step, and "expert" if a label differs. The action begins
// at token `begin` and must be complete.
void decode_action_values(const StepEncoder& encoder,
                          const data::TokenizedDocument& document,
                          int64_t begin, ordered_json& step) {
  const auto count = static_cast<size_t>(encoder.action_tokens());
  const auto first = static_cast<size_t>(begin);
  const auto& fields = encoder.spec().action_fields;
  const data::FieldValues action =
      encoder.decode_action({document.tokens.data() + first, count});
  ordered_json values = ordered_json::object();
  for (size_t i = 0; i < fields.size(); ++i) {
    values[fields[i].name] = value_to_json(action[i]);
  }
  step["action"] = values;
  if (document.labels.empty()) {
    return;
  }
  const data::FieldValues label =
      encoder.decode_action({document.labels.data() + first, count});
  ordered_json differing = ordered_json::object();
  for (size_t i = 0; i < fields.size(); ++i) {
    ordered_json value = value_to_json(label[i]);
    if (value != values[fields[i].name]) {
      differing[fields[i].name] = value;
    }
  }
  if (!differing.empty()) {
    step["expert"] = differing;
  }
}

// Finds the images of a segment. The patch at the top left corner begins one;
// a patch at the left edge begins a row of patches.
void find_images(const data::SequenceView& row, size_t begin, size_t end,
                 data::TokenizedDocument& document) {
  for (size_t i = begin; i < end; ++i) {
    if (static_cast<data::Modality>(row.modality[i]) != data::Modality::patch) {
      continue;
    }
    const uint8_t* interval = &row.interval[4 * i];
    const bool is_top_left = interval[0] == 0 && interval[2] == 0;
    if (is_top_left || document.images.empty()) {
      document.images.push_back({static_cast<int64_t>(i - begin), 0, 0});
    }
    data::TokenizedImage& image = document.images.back();
    if (interval[2] == 0 || image.rows == 0) {
      ++image.rows;
    }
    if (image.rows == 1) {
      ++image.columns;
    }
  }
}

}  // namespace

TokenDecoder::TokenDecoder(const data::Vocabulary& vocabulary,
                           const data::TaskTable& tasks)
    : vocabulary_(vocabulary), tasks_(tasks) {
  try {
    text_encoder_ =
        std::make_unique<TextEncoder>(vocabulary.sentencepiece_model);
    eos_id_ = text_encoder_->eos_id();
  } catch (const base::Error&) {
    // Texts are described by their length.
  }
  for (const data::TaskEntry& task : tasks.tasks) {
    step_encoders_.emplace_back();
    if (task.spec.action_fields.empty()) {
      continue;
    }
    try {
      step_encoders_.back() = std::make_unique<StepEncoder>(
          task.spec, vocabulary, text_encoder_.get());
    } catch (const base::Error&) {
      // The steps of the task are described as cut.
    }
  }
}

std::string TokenDecoder::decode_text(const int32_t* ids, size_t count) const {
  if (!text_encoder_) {
    return fmt::format("text of {} pieces", count);
  }
  return text_encoder_->decode({ids, count});
}

bool TokenDecoder::ends_with_eos(
    const data::TokenizedDocument& document) const {
  return !eos_id_ || (document.modality.back() == data::Modality::text &&
                      document.tokens.back() == *eos_id_);
}

ordered_json TokenDecoder::decode(const data::TokenizedDocument& document,
                                  bool ends_row) const {
  const auto task = static_cast<size_t>(document.task_index);
  ordered_json result;
  result["task"] = tasks_.tasks.at(task).spec.name;
  result["tokens"] = document.tokens.size();
  if (!std::isnan(document.total_reward)) {
    result["return"] = document.total_reward;
  }
  if (!document.is_episode) {
    result["items"] = decode_items(document);
    if (ends_row && !ends_with_eos(document)) {
      result["cut"] = true;
    }
    return result;
  }
  ordered_json steps = ordered_json::array();
  for (size_t i = 0; i + 1 < document.step_offset.size(); ++i) {
    steps.push_back(decode_step(step_encoders_[task].get(), document,
                                document.step_offset[i],
                                document.step_offset[i + 1]));
  }
  result["steps"] = steps;
  return result;
}

ordered_json TokenDecoder::decode_step(const StepEncoder* encoder,
                                       const data::TokenizedDocument& document,
                                       int64_t begin, int64_t end) const {
  const auto first = document.modality.begin() + begin;
  const auto last = document.modality.begin() + end;
  const auto separator = std::find(first, last, data::Modality::separator);
  ordered_json step;
  try {
    if (encoder == nullptr || separator == last) {
      step["cut"] = true;
      return step;
    }
    const auto observed = static_cast<size_t>(separator - first);
    const auto values = encoder->decode_observation(
        {document.tokens.data() + begin, observed},
        {document.modality.data() + begin, observed});
    auto image = std::find_if(document.images.begin(), document.images.end(),
                              [begin](const data::TokenizedImage& candidate) {
                                return candidate.first_token >= begin;
                              });
    ordered_json observation = ordered_json::object();
    for (size_t i = 0; i < values.size(); ++i) {
      const data::Field& field = encoder->spec().observation_fields[i];
      if (values[i]) {
        observation[field.name] = value_to_json(*values[i]);
      } else if (field.role == data::Role::image &&
                 image != document.images.end()) {
        observation[field.name] = image_label(*image++);
      }
    }
    step["observation"] = observation;
    const int64_t actions = last - separator - 1;
    if (actions < encoder->action_tokens()) {
      step["cut"] = true;
    } else {
      decode_action_values(*encoder, document, end - actions, step);
    }
  } catch (const base::Error&) {
    step["cut"] = true;
  }
  return step;
}

ordered_json TokenDecoder::decode_items(
    const data::TokenizedDocument& document) const {
  ordered_json items = ordered_json::array();
  auto image = document.images.begin();
  const size_t count = document.tokens.size();
  for (size_t i = 0; i < count;) {
    if (image != document.images.end() &&
        static_cast<size_t>(image->first_token) == i) {
      items.push_back(image_label(*image));
      i += static_cast<size_t>(image->rows) *
           static_cast<size_t>(image->columns);
      ++image;
      continue;
    }
    size_t end = i + 1;
    const auto is_text = [&](size_t at) {
      return document.modality[at] == data::Modality::text;
    };
    while (end < count && is_text(i) && is_text(end)) {
      ++end;
    }
    items.push_back(is_text(i) ? decode_text(&document.tokens[i], end - i)
                               : fmt::format("token {}", document.tokens[i]));
    i = end;
  }
  return items;
}

std::vector<data::TokenizedDocument> split_into_documents(
    const data::SequenceView& row) {
  std::vector<data::TokenizedDocument> documents;
  const auto modality_at = [&row](size_t i) {
    return static_cast<data::Modality>(row.modality[i]);
  };
  for (size_t begin = 0; begin < row.tokens.size();) {
    if (modality_at(begin) == data::Modality::padding) {
      break;
    }
    size_t end = begin;
    while (end < row.tokens.size() &&
           row.segment_ids[end] == row.segment_ids[begin] &&
           modality_at(end) != data::Modality::padding) {
      ++end;
    }
    data::TokenizedDocument document;
    document.task_index = row.task_index;
    document.tokens.assign(row.tokens.begin() + begin,
                           row.tokens.begin() + end);
    if (row.labels.data() != row.tokens.data()) {
      document.labels.assign(row.labels.begin() + begin,
                             row.labels.begin() + end);
    }
    document.step_offset = {0};
    for (size_t i = begin; i < end; ++i) {
      document.modality.push_back(modality_at(i));
      document.is_episode |= modality_at(i) == data::Modality::separator;
      if (i > begin && data::is_action(modality_at(i - 1)) &&
          !data::is_action(modality_at(i))) {
        document.step_offset.push_back(static_cast<int64_t>(i - begin));
      }
    }
    document.step_offset.push_back(static_cast<int64_t>(end - begin));
    find_images(row, begin, end, document);
    documents.push_back(std::move(document));
    begin = end;
  }
  return documents;
}

}  // namespace gato::tokenize
