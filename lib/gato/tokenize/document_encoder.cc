#include "gato/tokenize/document_encoder.h"

#include <string>
#include <utility>

#include "gato/base/error.h"

namespace gato::tokenize {
namespace {

// Copies row t of every column into `values`, and reuses their memory.
void copy_step_values(const std::vector<data::FieldColumn>& columns, int64_t t,
                      data::FieldValues& values) {
  values.resize(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    if (const auto* array = std::get_if<data::Array>(&columns[i])) {
      array->copy_row(t, std::get<data::Array>(values[i]));
    } else {
      values[i] = std::get<std::vector<std::string>>(columns[i])
                      .at(static_cast<size_t>(t));
    }
  }
}

// Reserves memory for all steps once the first one is encoded. Steps differ in
// size only if their texts do.
void reserve_steps(int64_t steps, data::TokenizedDocument& document) {
  const auto count = static_cast<size_t>(steps);
  document.tokens.reserve(count * document.tokens.size());
  document.modality.reserve(count * document.modality.size());
  document.labels.reserve(count * document.labels.size());
  document.images.reserve(count * document.images.size());
  document.step_offset.reserve(count + 1);
}

}  // namespace

data::TokenizedDocument encode_episode(const data::Episode& episode,
                                       const StepEncoder& encoder,
                                       OutOfRangeTally* out_of_range) {
  data::TokenizedDocument document;
  document.is_episode = true;
  document.total_reward = episode.total_reward();
  document.step_offset.push_back(0);
  const bool has_labels = !episode.expert_actions.empty();
  data::FieldValues observation, action, label;
  PatchDeduplicator deduplicator;
  for (int64_t t = 0; t < episode.step_count(); ++t) {
    if (out_of_range != nullptr) {
      out_of_range->set_step(t);
    }
    try {
      copy_step_values(episode.observations, t, observation);
      encoder.encode_observation(observation, document, out_of_range,
                                 &deduplicator);
      copy_step_values(episode.actions, t, action);
      if (has_labels) {
        copy_step_values(episode.expert_actions, t, label);
      }
      encoder.encode_action(action, has_labels ? &label : nullptr, document,
                            out_of_range);
    } catch (const base::Error& error) {
      throw base::Error(error.status(),
                        fmt::format("step {}: {}", t, error.what()));
    }
    document.step_offset.push_back(
        static_cast<int64_t>(document.tokens.size()));
    if (t == 0) {
      reserve_steps(episode.step_count(), document);
    }
  }
  return document;
}

data::TokenizedDocument encode_document(const data::Document& document,
                                        const data::Vocabulary& vocabulary,
                                        const TextEncoder& text_encoder) {
  if (text_encoder.size() != vocabulary.text_size) {
    throw base::usage_error(
        "the SentencePiece model has {} pieces, but the vocabulary has {}",
        text_encoder.size(), vocabulary.text_size);
  }
  data::TokenizedDocument result;
  size_t text_end = 0;  // after the last text token
  bool has_open_text = false;
  for (const auto& item : document.items) {
    if (const auto* image = std::get_if<data::Image>(&item)) {
      encode_image(*image, result);
    } else if (const auto* text = std::get_if<std::string>(&item)) {
      text_encoder.encode(*text, result.tokens);
      result.modality.resize(result.tokens.size(), data::Modality::text);
      text_end = result.tokens.size();
      has_open_text = true;
    } else {
      result.tokens.push_back(text_encoder.eos_id());
      result.modality.push_back(data::Modality::text);
      has_open_text = false;
    }
  }
  if (has_open_text) {
    const auto position = static_cast<std::ptrdiff_t>(text_end);
    result.tokens.insert(result.tokens.begin() + position,
                         text_encoder.eos_id());
    result.modality.insert(result.modality.begin() + position,
                           data::Modality::text);
    for (data::TokenizedImage& image : result.images) {
      if (image.first_token >= position) {
        ++image.first_token;
      }
    }
  }
  if (result.tokens.empty()) {
    throw base::input_error("the document is empty");
  }
  result.step_offset = {0, static_cast<int64_t>(result.tokens.size())};
  return result;
}

}  // namespace gato::tokenize
