// A text is what the network writes after the patches of an image and the words
// of the prompt, as in the documents that it was trained on. The texts of a
// batch are slots of one KV cache: their prompts are read in one forward pass,
// and then they are continued together, one token at a time.
#include "gato/rollout/image_text_generator.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/model/kv_cache.h"
#include "gato/rollout/streaming_decoder.h"

namespace gato::rollout {

ImageTextGenerator::ImageTextGenerator(const TextModel& model,
                                       const ImageTextOptions& options)
    : model_(model),
      options_(options),
      generation_options_(
          model.generation_options(options.sampling, options.max_tokens)) {
  for (const std::string& text : options.excluded_beginnings) {
    const std::vector<int32_t> ids = model.ids_of_beginning(text);
    generation_options_.excluded_first_ids.insert(
        generation_options_.excluded_first_ids.end(), ids.begin(), ids.end());
  }
}

std::vector<base::Expected<ImageTexts>> ImageTextGenerator::generate(
    std::span<const ImagePrompt> prompts,
    const ImageTextCallback& on_text) const {
  std::vector<base::Expected<ImageTexts>> results(prompts.size());
  std::vector<data::TokenRow> rows(prompts.size());
  std::vector<Text> texts;
  for (size_t i = 0; i < prompts.size(); ++i) {
    auto row = base::try_call([&] { return encode(prompts[i]); });
    results[i].error = row.error;
    if (row.error) {
      continue;
    }
    rows[i] = std::move(row.value);
    for (int64_t sample = 0; sample < options_.samples; ++sample) {
      texts.push_back({i,
                       sample,
                       {prompts[i].number, static_cast<uint64_t>(sample), 0},
                       &rows[i]});
    }
  }
  for (size_t first = 0; first < texts.size();) {
    const size_t size = std::min(static_cast<size_t>(options_.batch_size),
                                 texts.size() - first);
    const std::span<const Text> batch(&texts[first], size);
    std::vector<std::string> batch_texts = generate_batch(batch, on_text);
    for (size_t i = 0; i < size; ++i) {
      results[batch[i].prompt].value.push_back(std::move(batch_texts[i]));
    }
    first += size;
  }
  return results;
}

data::TokenRow ImageTextGenerator::encode(const ImagePrompt& prompt) const {
  data::TokenRow row = model_.encode_image(prompt.image);
  const data::TokenRow words = model_.encode_text(prompt.text);
  const int64_t size = row.size() + words.size();
  const int64_t context = model_.network().config().context;
  if (size > context) {
    throw base::input_error(
        "{}: the {} tokens of the image and the {} tokens of the text after it "
        "do not fit in the model's context of {}: make the image smaller "
        "(--resize) or the text shorter",
        prompt.image, row.size(), words.size(), context);
  }
  row.append(words, 0, words.size());
  return row;
}

std::vector<std::string> ImageTextGenerator::generate_batch(
    std::span<const Text> texts, const ImageTextCallback& on_text) const {
  const at::NoGradGuard no_gradients;
  // Parallel vectors: text i is in slot i of the cache.
  std::vector<data::TokenRow> chunks;
  std::vector<int64_t> slots;
  std::vector<model::SampleKey> keys;
  std::vector<StreamingDecoder> streams;
  for (const Text& text : texts) {
    chunks.push_back(*text.row);
    slots.push_back(std::ssize(slots));
    keys.push_back(text.key);
    streams.emplace_back(model_.encoder());
  }
  model::KvCache cache(model_.decoder(), std::ssize(texts));
  const auto report = [&](size_t i, std::string_view part) {
    if (!part.empty()) {
      on_text(texts[i].prompt, texts[i].sample, part);
    }
  };
  TokenCallback on_token;
  if (on_text) {
    on_token = [&](size_t i, int32_t id) { report(i, streams[i].push(id)); };
  }
  const at::Tensor hidden = cache.append(slots, chunks);
  std::vector<std::string> results;
  for (const GeneratedText& text : generate_text(
           cache, slots, hidden, keys, generation_options_, on_token)) {
    if (on_text) {
      report(results.size(), streams[results.size()].finish());
    }
    results.push_back(model_.encoder().decode(text.ids));
  }
  return results;
}

}  // namespace gato::rollout
