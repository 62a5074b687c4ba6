#include "gato/tokenize/describe.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"

namespace gato {
namespace {

using nlohmann::ordered_json;

ordered_json value_to_json(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto& array = std::get<Array>(value);
  const auto element = [&array](int64_t i) -> ordered_json {
    if (is_integer(array.dtype)) return array.as_integer(i);
    // Six digits: bins are coarser.
    return std::stod(fmt::format("{:.6g}", array.as_double(i)));
  };
  if (array.shape.empty()) return element(0);
  ordered_json list = ordered_json::array();
  for (int64_t i = 0; i < array.size(); ++i) list.push_back(element(i));
  return list;
}

std::string image_text(const TokenizedImage& image) {
  return fmt::format("image {}x{} patches", image.rows, image.columns);
}

// Ids of an action, by field, where the step holds all of it.
void describe_action(const StepEncoder& encoder,
                     const TokenizedDocument& document, int64_t begin,
                     ordered_json& step) {
  const auto count = static_cast<size_t>(encoder.action_tokens());
  const auto first = static_cast<size_t>(begin);
  const auto& fields = encoder.spec().action;
  const Values action =
      encoder.decode_action({document.tokens.data() + first, count});
  ordered_json values = ordered_json::object();
  for (size_t i = 0; i < fields.size(); ++i) {
    values[fields[i].name] = value_to_json(action[i]);
  }
  step["action"] = values;
  if (document.labels.empty()) return;
  const Values label =
      encoder.decode_action({document.labels.data() + first, count});
  ordered_json differing = ordered_json::object();
  for (size_t i = 0; i < fields.size(); ++i) {
    ordered_json value = value_to_json(label[i]);
    if (value != values[fields[i].name]) differing[fields[i].name] = value;
  }
  if (!differing.empty()) step["expert"] = differing;
}

// Images of a segment: a patch at the top left corner starts one.
void find_images(const SequenceView& row, size_t begin, size_t end,
                 TokenizedDocument& document) {
  for (size_t i = begin; i < end; ++i) {
    if (static_cast<Modality>(row.modality[i]) != Modality::patch) continue;
    const uint8_t* interval = &row.interval[4 * i];
    const bool starts = interval[0] == 0 && interval[2] == 0;
    if (starts || document.images.empty()) {
      document.images.push_back({static_cast<int64_t>(i - begin), 0, 0});
    }
    TokenizedImage& image = document.images.back();
    if (interval[2] == 0 || image.rows == 0) ++image.rows;
    if (image.rows == 1) ++image.columns;
  }
}

}  // namespace

Describer::Describer(const Vocabulary& vocabulary, const TaskTable& tasks)
    : vocabulary_(vocabulary), tasks_(tasks) {
  try {
    text_ = std::make_unique<TextEncoder>(vocabulary.sentencepiece);
    end_of_text_ = text_->end_of_text();
  } catch (const Error&) {
    // Texts are then described by their length.
  }
  for (const TaskEntry& task : tasks.tasks) {
    encoders_.emplace_back();
    if (task.spec.action.empty()) continue;
    try {
      encoders_.back() =
          std::make_unique<StepEncoder>(task.spec, vocabulary, text_.get());
    } catch (const Error&) {
      // Its steps are described as cut.
    }
  }
}

std::string Describer::text_of(const int32_t* ids, size_t count) const {
  if (!text_) return fmt::format("text of {} pieces", count);
  return text_->decode({ids, count});
}

bool Describer::has_end_mark(const TokenizedDocument& document) const {
  return !end_of_text_ || (document.modality.back() == Modality::text &&
                           document.tokens.back() == *end_of_text_);
}

ordered_json Describer::describe(const TokenizedDocument& document,
                                 bool ends_row) const {
  const auto task = static_cast<size_t>(document.task);
  ordered_json result;
  result["task"] = tasks_.tasks.at(task).spec.name;
  result["tokens"] = document.tokens.size();
  if (!std::isnan(document.total_reward)) {
    result["return"] = document.total_reward;
  }
  if (!document.is_episode) {
    result["items"] = describe_items(document);
    if (ends_row && !has_end_mark(document)) result["cut"] = true;
    return result;
  }
  ordered_json steps = ordered_json::array();
  for (size_t i = 0; i + 1 < document.step_offset.size(); ++i) {
    steps.push_back(describe_step(encoders_[task].get(), document,
                                  document.step_offset[i],
                                  document.step_offset[i + 1]));
  }
  result["steps"] = steps;
  return result;
}

ordered_json Describer::describe_step(const StepEncoder* encoder,
                                      const TokenizedDocument& document,
                                      int64_t begin, int64_t end) const {
  const auto first = document.modality.begin() + begin;
  const auto last = document.modality.begin() + end;
  const auto separator = std::find(first, last, Modality::separator);
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
                              [begin](const TokenizedImage& candidate) {
                                return candidate.token >= begin;
                              });
    ordered_json observation = ordered_json::object();
    for (size_t i = 0; i < values.size(); ++i) {
      const Field& field = encoder->spec().observation[i];
      if (values[i]) {
        observation[field.name] = value_to_json(*values[i]);
      } else if (field.role == Role::image && image != document.images.end()) {
        observation[field.name] = image_text(*image++);
      }
    }
    step["observation"] = observation;
    const int64_t actions = last - separator - 1;
    if (actions < encoder->action_tokens()) {
      step["cut"] = true;
    } else {
      describe_action(*encoder, document, end - actions, step);
    }
  } catch (const Error&) {
    step["cut"] = true;
  }
  return step;
}

ordered_json Describer::describe_items(
    const TokenizedDocument& document) const {
  ordered_json items = ordered_json::array();
  auto image = document.images.begin();
  const size_t count = document.tokens.size();
  for (size_t i = 0; i < count;) {
    if (image != document.images.end() &&
        static_cast<size_t>(image->token) == i) {
      items.push_back(image_text(*image));
      i += static_cast<size_t>(image->rows) *
           static_cast<size_t>(image->columns);
      ++image;
      continue;
    }
    size_t end = i + 1;
    const auto is_text = [&](size_t at) {
      return document.modality[at] == Modality::text;
    };
    while (end < count && is_text(i) && is_text(end)) ++end;
    items.push_back(is_text(i) ? text_of(&document.tokens[i], end - i)
                               : fmt::format("token {}", document.tokens[i]));
    i = end;
  }
  return items;
}

std::vector<TokenizedDocument> documents_of(const SequenceView& row) {
  std::vector<TokenizedDocument> documents;
  const auto kind = [&row](size_t i) {
    return static_cast<Modality>(row.modality[i]);
  };
  for (size_t begin = 0; begin < row.tokens.size();) {
    if (kind(begin) == Modality::padding) break;
    size_t end = begin;
    while (end < row.tokens.size() && row.segment[end] == row.segment[begin] &&
           kind(end) != Modality::padding) {
      ++end;
    }
    TokenizedDocument document;
    document.task = row.task;
    document.tokens.assign(row.tokens.begin() + begin,
                           row.tokens.begin() + end);
    if (row.labels.data() != row.tokens.data()) {
      document.labels.assign(row.labels.begin() + begin,
                             row.labels.begin() + end);
    }
    document.step_offset = {0};
    for (size_t i = begin; i < end; ++i) {
      document.modality.push_back(kind(i));
      document.is_episode |= kind(i) == Modality::separator;
      if (i > begin && is_action(kind(i - 1)) && !is_action(kind(i))) {
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

}  // namespace gato
