// A caption is what the network writes after the patches of an image and the
// text of the prompt, as in the (image, text) documents that it was trained on.
// All images of a call are slots of one KV cache: they are read in one forward
// pass and then continued together, one token at a time.
#include "gato/rollout/caption_generator.h"

#include <ATen/core/grad_mode.h>

#include <utility>

#include "gato/base/error.h"
#include "gato/base/signals.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/model/kv_cache.h"
#include "gato/rollout/context_window.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {
namespace {

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

// Captions are tasks without actions. If several of them resized their images,
// the first one decides.
tokenize::Resize recorded_caption_resize(const data::TaskTable& tasks) {
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

}  // namespace

CaptionGenerator::CaptionGenerator(model::LoadedModel model,
                                   const CaptionGeneratorOptions& options)
    : model_(std::move(model)),
      decoder_(model::make_decoder(*model_.network)),
      text_encoder_(require_text_model(model_)),
      resize_(options.resize
                  ? *options.resize
                  : recorded_caption_resize(model_.network->config().tasks)) {
  generation_options_.sampling = options.sampling;
  generation_options_.end_of_text = text_encoder_.eos_id();
  generation_options_.max_tokens = options.max_tokens;
  text_encoder_.encode(options.prompt_text, prompt_);
}

std::vector<base::Expected<std::string>> CaptionGenerator::generate(
    std::span<const std::string> paths, int64_t first_image) const {
  std::vector<base::Expected<std::string>> captions(paths.size());
  std::vector<EncodedImage> images;
  for (size_t i = 0; i < paths.size(); ++i) {
    auto document = base::try_call([&] { return encode(paths[i]); });
    captions[i].error = document.error;
    if (!document.error) {
      images.push_back({i, std::move(document.value)});
    }
  }
  std::vector<std::string> texts = generate_texts(images, first_image);
  for (size_t i = 0; i < images.size(); ++i) {
    captions[images[i].index].value = std::move(texts[i]);
  }
  return captions;
}

data::TokenizedDocument CaptionGenerator::encode(
    const std::string& path) const {
  const data::Image image = read_image(path);
  data::TokenizedDocument document;
  base::with_context(path, [&] {
    tokenize::encode_image(tokenize::resize_by_area(image, resize_), document);
  });
  document.modality.resize(document.tokens.size(), data::Modality::patch);
  document.tokens.insert(document.tokens.end(), prompt_.begin(), prompt_.end());
  document.modality.resize(document.tokens.size(), data::Modality::text);
  const int64_t size = std::ssize(document.tokens);
  document.step_offset = {0, size};
  const int64_t context = model_.network->config().context;
  if (size > context) {
    throw base::input_error(
        "{}: its {} tokens do not fit the model's context of {}: make the "
        "image smaller (--resize)",
        path, size, context);
  }
  return document;
}

std::vector<std::string> CaptionGenerator::generate_texts(
    const std::vector<EncodedImage>& images, int64_t first_image) const {
  if (images.empty()) {
    return {};
  }
  const at::NoGradGuard no_gradients;
  model::KvCache cache(decoder_, std::ssize(images));
  // Parallel vectors: image i is in slot i of the cache.
  std::vector<data::TokenRow> chunks;
  std::vector<int64_t> slots;
  std::vector<model::SampleKey> keys;
  for (size_t i = 0; i < images.size(); ++i) {
    chunks.push_back(step_tokens(images[i].document, 0));
    slots.push_back(static_cast<int64_t>(i));
    keys.push_back(
        {static_cast<uint64_t>(first_image) + images[i].index, 0, 0});
  }
  const at::Tensor hidden = cache.append(slots, chunks);
  std::vector<std::string> texts;
  for (const std::vector<int32_t>& ids :
       model::generate_text(cache, slots, hidden, keys, generation_options_)) {
    texts.push_back(text_encoder_.decode(ids));
  }
  return texts;
}

}  // namespace gato::rollout
