// Trains a SentencePiece model on text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gato::tokenize {

struct VocabularyTrainingOptions {
  int64_t size = 0;  // V: the number of pieces, including </s> and <unk>
  std::string algorithm = "unigram";  // or "bpe"
  // Reserves pieces for the 256 byte values, so that no text is unknown. They
  // use ids, so this is for larger vocabularies.
  bool byte_fallback = false;
  // Trains fewer than `size` pieces if the text allows no more. The sentences
  // are then in memory twice.
  bool is_soft_limit = false;
  // The fraction of the characters of the text that get pieces.
  double character_coverage = 1;
  // The number of sentences to train on; 0: all. If the text has more, each
  // sentence is sampled with the same probability.
  int64_t max_sentences = 1'000'000;
  uint64_t seed = 0;
};

struct TrainedVocabulary {
  std::string serialized_model;
  int64_t size = 0;                      // of the model, in pieces
  int64_t sentence_count = 0;            // of the text, without blank ones
  int64_t unsampled_sentence_count = 0;  // of these: not trained on
};

// A sequence of texts to learn from.
class TextStream {
 public:
  virtual ~TextStream() = default;
  // Returns the next text, of any length, or nullopt after the last.
  virtual std::optional<std::string> next() = 0;
  // Returns the number of bytes read so far from a file that is read as a
  // stream; 0 for other texts.
  virtual int64_t bytes_read() const { return 0; }
};

// Trains a model with <unk> = 0 and </s> = 1, and without beginning-of-text or
// padding pieces. The same texts and options give the same bytes. Sentences are
// the lines of the texts; lines of more than 4000 bytes are split. The
// sentences that are trained on are kept in memory, and "unigram" needs almost
// 30 bytes more for each of their bytes. Throws Error(bad_input) if the text is
// empty, is too small for this number of pieces (the message says how many are
// possible), or has too many distinct characters for it.
TrainedVocabulary train_vocabulary(const VocabularyTrainingOptions& options,
                                   TextStream& texts);

}  // namespace gato::tokenize
