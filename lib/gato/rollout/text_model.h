// A model that reads images and text, and writes text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gato/data/tokens.h"
#include "gato/model/decode/decoder.h"
#include "gato/model/model_directory.h"
#include "gato/rollout/text_generation.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::rollout {

// Safe to use from several threads.
class TextModel {
 public:
  // `resize` is the size that images had in training; nullopt: what the model
  // recorded. Throws Error(bad_input) if the model has no text pieces or its
  // directory has no tokenizer.model.
  TextModel(model::LoadedModel model,
            const std::optional<tokenize::Resize>& resize);

  const model::Network& network() const { return *model_.network; }
  // Returns the weights in the form in which all caches of the model read them.
  const std::shared_ptr<const model::Decoder>& decoder() const {
    return decoder_;
  }
  const tokenize::TextEncoder& encoder() const { return encoder_; }
  // Returns options that end texts at </s> and exclude pieces without text.
  TextGenerationOptions generation_options(
      const model::SamplingOptions& sampling, int64_t max_tokens) const;

  // Returns the ids of pieces that are `text`, which is a word and a colon, or
  // the word alone.
  std::vector<int32_t> ids_of_beginning(const std::string& text) const;

  // Returns the tokens of a text, without </s>.
  data::TokenRow encode_text(std::string_view text) const;
  // Returns the patches of an image. Throws Error(io) or Error(bad_input), with
  // the path, if it cannot be read or has more patches than the context of the
  // network.
  data::TokenRow encode_image(const std::string& path) const;

 private:
  model::LoadedModel model_;
  tokenize::TextEncoder encoder_;
  std::shared_ptr<const model::Decoder> decoder_;
  tokenize::Resize resize_;
};

}  // namespace gato::rollout
