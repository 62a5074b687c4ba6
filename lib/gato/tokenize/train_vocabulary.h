// Learns a SentencePiece model from text.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace gato {

struct VocabularyTraining {
  int64_t size = 0;                   // V: pieces, </s> and <unk> among them
  std::string algorithm = "unigram";  // or "bpe"
  // Pieces for the 256 byte values, so that no text is unknown. They cost ids,
  // so they are for larger vocabularies.
  bool byte_fallback = false;
  // Share of the characters of the text that become pieces of their own.
  double character_coverage = 1;
};

// The bytes of a model with <unk> 0 and </s> 1, without begin and padding
// marks. The same text and options give the same bytes. `next_text` gives texts
// of any length until it gives none; long ones are learned from in parts.
// Errors: bad_input where the text is too small for so many pieces (with the
// largest possible number), holds too many distinct characters for so few, or
// is empty.
std::string train_vocabulary(
    const VocabularyTraining& training,
    const std::function<std::optional<std::string>()>& next_text);

}  // namespace gato
