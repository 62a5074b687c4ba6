#include "gato/tokenize/document.h"

#include <string>
#include <utility>

#include "gato/base/error.h"

namespace gato {

namespace {

// Row t of every column; the memory of the values of another row is reused.
void take_values(const std::vector<Column>& columns, int64_t t,
                 Values& values) {
  values.resize(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    if (const auto* array = std::get_if<Array>(&columns[i])) {
      array->copy_row(t, std::get<Array>(values[i]));
    } else {
      values[i] = std::get<std::vector<std::string>>(columns[i])
                      .at(static_cast<size_t>(t));
    }
  }
}

// Memory for all steps of an episode, which are alike but for their texts.
void reserve_steps(int64_t steps, TokenizedDocument& document) {
  const auto count = static_cast<size_t>(steps);
  document.tokens.reserve(count * document.tokens.size());
  document.modality.reserve(count * document.modality.size());
  document.labels.reserve(count * document.labels.size());
  document.images.reserve(count * document.images.size());
  document.step_offset.reserve(count + 1);
}

}  // namespace

TokenizedDocument encode_episode(const Episode& episode,
                                 const StepEncoder& encoder,
                                 OutsideTally* outside) {
  TokenizedDocument document;
  document.is_episode = true;
  document.total_reward = episode.total_reward();
  document.step_offset.push_back(0);
  const bool has_labels = !episode.expert_actions.empty();
  Values observation, action, label;
  PatchFinder patches;
  for (int64_t t = 0; t < episode.steps(); ++t) {
    try {
      take_values(episode.observations, t, observation);
      encoder.encode_observation(observation, document, outside, &patches);
      take_values(episode.actions, t, action);
      if (has_labels) {
        take_values(episode.expert_actions, t, label);
        encoder.encode_action(action, &label, document, outside);
      } else {
        encoder.encode_action(action, nullptr, document, outside);
      }
    } catch (const Error& error) {
      throw Error(error.status(), fmt::format("step {}: {}", t, error.what()));
    }
    if (outside != nullptr) {
      for (auto& [field, values] : *outside) {
        if (values.step < 0) values.step = t;
      }
    }
    document.step_offset.push_back(
        static_cast<int64_t>(document.tokens.size()));
    if (t == 0) reserve_steps(episode.steps(), document);
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
