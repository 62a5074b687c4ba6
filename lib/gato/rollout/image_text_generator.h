// Writes texts about images: captions and answers (Reed et al. 2022, sections
// 4.3 and 5.1).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/data/tokens.h"
#include "gato/rollout/text_model.h"

namespace gato::rollout {

// The beginning of a text: an image and the words after it.
struct ImagePrompt {
  std::string image;  // path
  std::string text;
  // The number of the prompt in the run, which its samples depend on: a text
  // does not depend on how prompts are divided into batches.
  uint64_t number = 0;
};

struct ImageTextOptions {
  model::SamplingOptions sampling;
  int64_t max_tokens = 64;  // of a text
  int64_t samples = 1;      // texts per prompt
  int64_t batch_size = 16;  // max texts per forward pass
  // Texts that never begin a text, each of them a word and a colon. An image
  // may begin a question or a dialogue, too, but their text is not a caption.
  std::vector<std::string> excluded_beginnings = {};
};

// The texts of a prompt, one per sample.
using ImageTexts = std::vector<std::string>;

// Receives the next part of sample `sample` of prompt `prompt`. The parts of
// several texts may alternate.
using ImageTextCallback =
    std::function<void(size_t prompt, int64_t sample, std::string_view part)>;

// Safe to use from several threads.
class ImageTextGenerator {
 public:
  // `model` must outlive the generator.
  ImageTextGenerator(const TextModel& model, const ImageTextOptions& options);

  // Returns the texts of each prompt, or the Error of one whose image cannot be
  // read or that does not fit in the model's context.
  std::vector<base::Expected<ImageTexts>> generate(
      std::span<const ImagePrompt> prompts,
      const ImageTextCallback& on_text = {}) const;

 private:
  // A text to write: a slot of the cache.
  struct Text {
    size_t prompt;  // index in the call
    int64_t sample;
    model::SampleKey key;
    const data::TokenRow* row;  // the tokens of the prompt
  };

  data::TokenRow encode(const ImagePrompt& prompt) const;
  std::vector<std::string> generate_batch(
      std::span<const Text> texts, const ImageTextCallback& on_text) const;

  const TextModel& model_;
  ImageTextOptions options_;
  TextGenerationOptions generation_options_;
};

}  // namespace gato::rollout
