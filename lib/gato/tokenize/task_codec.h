// Translates between one task and the tokens of a model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gato/data/token_file.h"
#include "gato/data/vocabulary.h"
#include "gato/tokenize/step_encoder.h"
#include "gato/tokenize/task_match.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::tokenize {

// Encodes observations and decodes actions of an environment exactly as the
// training data of a model was tokenized: with the model's vocabulary, roles,
// order of fields and image size. Safe to use from several threads.
class TaskCodec {
 public:
  // `vocabulary` and `tasks` are those of the model. `resize` overrides the
  // image size that `tasks` records. Throws Error(bad_input) if the fields of
  // the environment are not those that the model learned under this name (see
  // match_task) or if they cannot be encoded (see StepEncoder).
  static TaskCodec for_environment(const data::TaskSpec& environment,
                                   const data::Vocabulary& vocabulary,
                                   const data::TaskTable& tasks,
                                   std::optional<Resize> resize = {});
  // Keeps the fields as they are in `dataset`, which may differ from what the
  // model learned: a model can be fine-tuned on new observations and actions.
  // Throws Error(bad_input) if they cannot be encoded.
  static TaskCodec for_dataset(const data::TaskSpec& dataset,
                               const data::Vocabulary& vocabulary,
                               const data::TaskTable& tasks);

  // The task with its fields in the order of the tokens.
  const data::TaskSpec& spec() const { return encoder_.spec(); }
  // Index in the model's task table; nullopt if the model does not know the
  // task.
  std::optional<int32_t> task_index() const { return match_.task_index; }
  const Resize& resize() const { return resize_; }
  // Encodes values that are in the order of spec().
  const StepEncoder& step_encoder() const { return encoder_; }

  // Appends the tokens of an observation, whose values are in the environment's
  // order, and the separator. Throws the errors of
  // StepEncoder::encode_observation().
  void encode_observation(const data::FieldValues& observation,
                          data::TokenizedDocument& document) const;

  // Returns the tokens of an episode whose values are in the environment's
  // order, for the task of the model. Throws the errors of
  // tokenize::encode_episode(), and Error(bad_input) if the model does not know
  // the task.
  data::TokenizedDocument encode_episode(data::Episode episode) const;

  int64_t action_tokens() const { return encoder_.action_tokens(); }
  // The ids that the action space allows for each action token.
  const std::vector<data::IdRange>& action_ranges() const {
    return encoder_.action_ranges();
  }
  data::Modality action_modality(int64_t token) const {
    return encoder_.action_modality(token);
  }
  // Decodes action_tokens() ids. Returns the action in the environment's order.
  // Throws the errors of StepEncoder::decode_action().
  data::FieldValues decode_action(std::span<const int32_t> ids) const;

 private:
  TaskCodec(TaskMatch match, const data::Vocabulary& vocabulary, Resize resize);

  TaskMatch match_;
  Resize resize_;
  std::unique_ptr<TextEncoder> text_encoder_;  // null if no field is text
  StepEncoder encoder_;                        // refers to *text_encoder_
};

// Returns the size that images of a task had when they were tokenized.
inline Resize recorded_resize(const data::TaskEntry& task) {
  return {task.image_height, task.image_width};
}

}  // namespace gato::tokenize
