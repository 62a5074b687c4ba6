#include "gato/rollout/text_model.h"

#include <utility>

#include "gato/base/error.h"
#include "gato/base/signals.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/rollout/context_window.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {
namespace {

constexpr int64_t kPatchSide = 16;

const std::string& require_text_model(const model::LoadedModel& model) {
  const data::Vocabulary& vocabulary = model.network->config().vocabulary;
  if (!vocabulary.has_text()) {
    throw base::input_error(
        "{}: the model has no text pieces, because it was trained on data "
        "without text (--text-model none), so it cannot write text",
        model.directory.string());
  }
  if (vocabulary.sentencepiece_model.empty()) {
    throw base::input_error(
        "{} has no tokenizer.model, without which it cannot write text",
        model.directory.string());
  }
  return vocabulary.sentencepiece_model;
}

// Images with text are tasks without actions. If several of them resized their
// images, the first one decides.
tokenize::Resize recorded_text_resize(const data::TaskTable& tasks) {
  for (const data::TaskEntry& task : tasks.tasks) {
    if (task.spec.action_fields.empty() && task.image_height > 0) {
      return tokenize::recorded_resize(task);
    }
  }
  return {};
}

data::Image read_image(const std::string& path) {
  // A pipe may block for a long time, during which a signal must end the run.
  const base::ScopedExitOnSignal exit_on_signal;
  return ingest::read_image(path);
}

// Returns the number of patches of an image, counted before they are made.
int64_t count_patches(const data::Image& image) {
  const auto along = [](int64_t side) {
    return (side + kPatchSide - 1) / kPatchSide;
  };
  return along(image.height) * along(image.width);
}

}  // namespace

TextModel::TextModel(model::LoadedModel model,
                     const std::optional<tokenize::Resize>& resize)
    : model_(std::move(model)),
      encoder_(require_text_model(model_)),
      decoder_(model::make_decoder(network())),
      resize_(resize ? *resize
                     : recorded_text_resize(network().config().tasks)) {}

TextGenerationOptions TextModel::generation_options(
    const model::SamplingOptions& sampling, int64_t max_tokens) const {
  TextGenerationOptions options;
  options.sampling = sampling;
  options.end_of_text = encoder_.eos_id();
  options.max_tokens = max_tokens;
  for (const int32_t id : encoder_.ids_without_text()) {
    if (id != options.end_of_text) {
      options.sampling.excluded_ids.push_back(id);
    }
  }
  return options;
}

std::vector<int32_t> TextModel::ids_of_beginning(
    const std::string& text) const {
  const std::string word = text.substr(0, text.size() - 1);
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < encoder_.size(); ++id) {
    const std::string piece = encoder_.decode({&id, 1});
    if (piece == text || piece == word) {
      ids.push_back(id);
    }
  }
  return ids;
}

data::TokenRow TextModel::encode_text(std::string_view text) const {
  std::vector<int32_t> ids;
  encoder_.encode(text, ids);
  return text_row(ids);
}

data::TokenRow TextModel::encode_image(const std::string& path) const {
  const data::Image image = tokenize::resize_by_area(read_image(path), resize_);
  const int64_t context = network().config().context;
  if (const int64_t patches = count_patches(image); patches > context) {
    throw base::input_error(
        "{}: the {} patches of the image do not fit in the model's context of "
        "{} tokens: make it smaller (--resize)",
        path, patches, context);
  }
  data::TokenizedDocument document;
  tokenize::encode_image(image, document);
  document.step_offset = {0, std::ssize(document.tokens)};
  return step_tokens(document, 0);
}

}  // namespace gato::rollout
