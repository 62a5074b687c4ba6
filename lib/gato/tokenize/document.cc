#include "gato/tokenize/document.h"

#include <string>
#include <utility>

#include "gato/base/error.h"

namespace gato {

Values values_at(const std::vector<Column>& columns, int64_t t) {
  Values values;
  values.reserve(columns.size());
  for (const Column& column : columns) {
    if (const auto* array = std::get_if<Array>(&column)) {
      values.emplace_back(array->row(t));
    } else {
      values.emplace_back(std::get<std::vector<std::string>>(column).at(
          static_cast<size_t>(t)));
    }
  }
  return values;
}

TokenizedDocument encode_episode(const Episode& episode,
                                 const StepEncoder& encoder) {
  TokenizedDocument document;
  document.is_episode = true;
  document.total_reward = episode.total_reward();
  document.step_offset.push_back(0);
  const bool has_labels = !episode.expert_actions.empty();
  for (int64_t t = 0; t < episode.steps(); ++t) {
    try {
      encoder.encode_observation(values_at(episode.observations, t), document);
      const Values action = values_at(episode.actions, t);
      if (has_labels) {
        const Values label = values_at(episode.expert_actions, t);
        encoder.encode_action(action, &label, document);
      } else {
        encoder.encode_action(action, nullptr, document);
      }
    } catch (const Error& error) {
      throw Error(error.status(), fmt::format("step {}: {}", t, error.what()));
    }
    document.step_offset.push_back(
        static_cast<int64_t>(document.tokens.size()));
  }
  return document;
}

TokenizedDocument encode_document(const Document& document,
                                  const Vocabulary& vocabulary,
                                  const TextEncoder& text) {
  if (text.size() != vocabulary.text_size) {
    throw usage_error("the text model has {} pieces, the vocabulary {}",
                      text.size(), vocabulary.text_size);
  }
  TokenizedDocument result;
  size_t text_end = 0;
  bool has_text = false;
  for (const auto& item : document.items) {
    if (const auto* image = std::get_if<Image>(&item)) {
      encode_image(*image, result);
    } else {
      text.encode(std::get<std::string>(item), result.tokens);
      result.modality.resize(result.tokens.size(), Modality::text);
      text_end = result.tokens.size();
      has_text = true;
    }
  }
  if (has_text) {
    const auto place = static_cast<std::ptrdiff_t>(text_end);
    result.tokens.insert(result.tokens.begin() + place, text.end_of_text());
    result.modality.insert(result.modality.begin() + place, Modality::text);
    for (TokenizedImage& image : result.images) {
      if (image.token >= place) ++image.token;
    }
  }
  if (result.tokens.empty()) throw input_error("the document is empty");
  result.step_offset = {0, static_cast<int64_t>(result.tokens.size())};
  return result;
}

}  // namespace gato
