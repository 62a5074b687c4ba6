// Learns a SentencePiece model from text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gato::tokenize {

struct VocabularyTrainingOptions {
  int64_t size = 0;                   // V: pieces, </s> and <unk> among them
  std::string algorithm = "unigram";  // or "bpe"
  // Pieces for the 256 byte values, so that no text is unknown. They cost ids,
  // so they are for larger vocabularies.
  bool byte_fallback = false;
  // Share of the characters of the text that become pieces of their own.
  double character_coverage = 1;
  // The most sentences to learn from, drawn by chance from `seed` where the
  // text has more: each is kept with the same probability. 0: all.
  int64_t max_sentences = 1'000'000;
  uint64_t seed = 0;
};

struct TrainedVocabulary {
  std::string serialized_model;  // its bytes
  int64_t sentence_count = 0;    // that the text has; blank ones are none
  int64_t unsampled_sentence_count = 0;  // of these
};

// A sequence of texts to learn from.
class TextStream {
 public:
  virtual ~TextStream() = default;
  // Returns the next text, of any length, or nullopt after the last.
  virtual std::optional<std::string> next() = 0;
};

// A model with <unk> 0 and </s> 1, without begin and padding
// marks. The same text and options give the same bytes. `next_text` gives texts
// of any length until it gives none; sentences are their lines, and parts of
// lines longer than 4000 bytes. Memory holds the sentences that are learned
// from, and for unigram nearly 30 bytes more for each of their bytes.
// Errors: bad_input where the text is too small for so many pieces (with the
// largest possible number), holds too many distinct characters for so few, or
// is empty.
TrainedVocabulary train_vocabulary(const VocabularyTrainingOptions& options,
                                   TextStream& texts);

}  // namespace gato::tokenize
