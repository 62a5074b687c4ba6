// Tokens in the colors of their modalities.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/task.h"
#include "gato/data/tokens.h"
#include "gato/data/vocabulary.h"
#include "gato/tokenize/field_codec.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::eval {

class TokenStream {
 public:
  TokenStream(const data::Vocabulary& vocabulary, const data::TaskTable& tasks);

  // Returns the pixels of a patch of the document, [16,16,3].
  using PatchPixels = std::function<const uint8_t*(int64_t)>;

  // Returns HTML that shows the tokens of a document, one time step per line,
  // until it has about `max_bytes` or `max_tokens` tokens: each with its value
  // or its patch, with what it stands for as a tooltip, and marked if it is a
  // target or if its label differs.
  std::string html(const data::TokenizedDocument& document,
                   const PatchPixels& pixels_of, int64_t max_bytes,
                   int64_t max_tokens) const;

  // Returns the explanation of the colors.
  static std::string key();

 private:
  // The numeric fields of the observations, or the fields of the actions, of a
  // task, and how many tokens they have.
  struct Part {
    std::vector<tokenize::FieldCodec> codecs;
    size_t tokens = 0;
  };
  static Part make_part(const std::vector<data::Field>& fields,
                        tokenize::FieldCodec::Kind kind,
                        const data::Vocabulary& vocabulary);
  // Writes what the tokens of a part, which begin at `first`, stand for to
  // `values` and `keys`, which have one text per token of the document.
  static void describe(const data::TokenizedDocument& document, size_t first,
                       const Part& part, std::vector<std::string>& values,
                       std::vector<std::string>& keys);
  std::string step_html(const data::TokenizedDocument& document, size_t begin,
                        size_t end, const PatchPixels& pixels_of) const;
  std::string token_html(const data::TokenizedDocument& document,
                         size_t position, const std::string& value,
                         const std::string& key) const;
  std::string text_of(int32_t id) const;

  data::Vocabulary vocabulary_;
  std::optional<tokenize::TextEncoder> text_encoder_;
  std::vector<Part> observations_, actions_;  // per task
};

}  // namespace gato::eval
