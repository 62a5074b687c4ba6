// Writes captions of images (Reed et al. 2022, section 4.3).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/data/tokens.h"
#include "gato/model/decode/decoder.h"
#include "gato/model/model_directory.h"
#include "gato/model/token_sampler.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::rollout {

struct CaptionGeneratorOptions {
  model::SamplingOptions sampling;
  int64_t max_tokens = 64;  // of a caption
  // Text after the image that the caption continues.
  std::string prompt_text;
  // Size that images had in training; nullopt: what the model recorded.
  std::optional<tokenize::Resize> resize;
};

// Safe to use from several threads.
class CaptionGenerator {
 public:
  // Throws Error(bad_input) if the model directory has no tokenizer.model.
  CaptionGenerator(model::LoadedModel model,
                   const CaptionGeneratorOptions& options);

  // Returns a caption per image file, or the Error of an image that cannot be
  // read or does not fit the model's context. Image i of the call is number
  // first_image + i of the run, which its samples depend on: a caption does not
  // depend on how images are divided into batches.
  std::vector<base::Expected<std::string>> generate(
      std::span<const std::string> paths, int64_t first_image) const;

 private:
  struct EncodedImage {
    size_t index;  // in the call
    data::TokenizedDocument document;
  };

  data::TokenizedDocument encode(const std::string& path) const;
  std::vector<std::string> generate_texts(
      const std::vector<EncodedImage>& images, int64_t first_image) const;

  model::LoadedModel model_;
  std::shared_ptr<const model::Decoder> decoder_;
  tokenize::TextEncoder text_encoder_;
  tokenize::Resize resize_;
  model::TextGenerationOptions generation_options_;
  std::vector<int32_t> prompt_;
};

}  // namespace gato::rollout
