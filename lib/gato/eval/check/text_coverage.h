// A measure of how well the pieces of a SentencePiece model fit texts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gato/eval/check/finding.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::eval {

struct TextTally {
  int64_t pieces = 0;
  int64_t unknown = 0;  // unknown pieces
  // Words of at least two ASCII letters, and those that are a single piece.
  int64_t words = 0, known_words = 0;

  TextTally& operator+=(const TextTally& other);
};

class TextCoverage {
 public:
  // `encoder` must outlive this object.
  explicit TextCoverage(const tokenize::TextEncoder& encoder);

  void add_text(std::string_view text, TextTally& tally) const;
  // Adds the pieces of a text; ids outside the model are ignored.
  void add_pieces(std::span<const int32_t> ids, TextTally& tally) const;

 private:
  struct Piece {
    int32_t letters = 0;  // -1 if it has other than ASCII letters
    bool begins_word = false;
    bool is_punctuation = false;  // has no letters, so that it ends a word
  };
  const tokenize::TextEncoder& encoder_;
  std::vector<Piece> pieces_;
  int32_t unknown_id_;
};

// Adds the findings "unknown_pieces" and "text_vocabulary".
void find_text_faults(const TextTally& tally, const std::string& key,
                      std::vector<Finding>& findings);

}  // namespace gato::eval
