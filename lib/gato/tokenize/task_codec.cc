#include "gato/tokenize/task_codec.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "gato/base/error.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::tokenize {
namespace {

bool has_text_observation(const data::TaskSpec& spec) {
  return std::any_of(
      spec.observation_fields.begin(), spec.observation_fields.end(),
      [](const data::Field& field) { return field.role == data::Role::text; });
}

// Returns null if nothing has to be encoded as text, or if there is no text
// model: StepEncoder then names the field that needs one.
std::unique_ptr<TextEncoder> make_text_encoder(
    const data::TaskSpec& spec, const data::Vocabulary& vocabulary) {
  if (!has_text_observation(spec) || vocabulary.sentencepiece_model.empty()) {
    return nullptr;
  }
  return std::make_unique<TextEncoder>(vocabulary.sentencepiece_model);
}

Resize find_recorded_resize(const data::TaskTable& tasks,
                            std::optional<int32_t> task_index) {
  return task_index ? recorded_resize(tasks.tasks[*task_index]) : Resize{};
}

std::vector<size_t> identity_order(size_t size) {
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  return order;
}

}  // namespace

TaskCodec::TaskCodec(TaskMatch match, const data::Vocabulary& vocabulary,
                     Resize resize)
    : match_(std::move(match)),
      resize_(resize),
      text_encoder_(make_text_encoder(match_.spec, vocabulary)),
      encoder_(match_.spec, vocabulary, text_encoder_.get(), resize) {}

TaskCodec TaskCodec::for_environment(const data::TaskSpec& environment,
                                     const data::Vocabulary& vocabulary,
                                     const data::TaskTable& tasks,
                                     std::optional<Resize> resize) {
  TaskMatch match = match_task(environment, tasks);
  const Resize recorded = find_recorded_resize(tasks, match.task_index);
  return {std::move(match), vocabulary, resize.value_or(recorded)};
}

TaskCodec TaskCodec::for_dataset(const data::TaskSpec& dataset,
                                 const data::Vocabulary& vocabulary,
                                 const data::TaskTable& tasks) {
  TaskMatch match;
  match.spec = dataset;
  match.observation_order = identity_order(dataset.observation_fields.size());
  match.action_order = identity_order(dataset.action_fields.size());
  match.task_index = tasks.find(dataset.name);
  const Resize recorded = find_recorded_resize(tasks, match.task_index);
  return {std::move(match), vocabulary, recorded};
}

void TaskCodec::encode_observation(const data::FieldValues& observation,
                                   data::TokenizedDocument& document) const {
  encoder_.encode_observation(match_.observation_for_model(observation),
                              document);
}

data::TokenizedDocument TaskCodec::encode_episode(data::Episode episode) const {
  if (!task_index()) {
    throw base::input_error("the model does not know the task '{}'",
                            spec().name);
  }
  data::TokenizedDocument document = tokenize::encode_episode(
      match_.episode_for_model(std::move(episode)), encoder_);
  document.task_index = *task_index();
  return document;
}

data::FieldValues TaskCodec::decode_action(std::span<const int32_t> ids) const {
  return match_.action_for_environment(encoder_.decode_action(ids));
}

}  // namespace gato::tokenize
