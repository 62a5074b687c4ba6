#include "gato/tokenize/vocabulary_training.h"

#include <sentencepiece_trainer.h>

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"
#include "gato/base/random.h"

// Texts are split into sentences, of which a reservoir keeps a sample. The
// trainer of SentencePiece then takes the sentences from the reservoir.

namespace gato::tokenize {
namespace {

// The trainer ignores longer sentences, counted in bytes.
constexpr size_t kMaxSentenceBytes = 4000;

// The random stream of this file; other users of a seed have other streams.
constexpr uint64_t kSentenceSamplingStream = 0x67610006;

// A uniform sample of the sentences added, by reservoir sampling (Vitter 1985,
// algorithm R). The sentences keep their order if all of them fit.
class SentenceReservoir {
 public:
  SentenceReservoir(int64_t capacity, uint64_t seed)
      : capacity_(capacity), seed_(seed) {}

  void add(std::string_view sentence) {
    const auto number = static_cast<uint64_t>(seen_count_++);
    if (capacity_ == 0 || seen_count_ <= capacity_) {
      sentences_.emplace_back(sentence);
      return;
    }
    const uint64_t slot =
        base::RandomStream(seed_, {kSentenceSamplingStream, number})
            .uniform_int(number + 1);
    // A new string: copy assignment would keep the capacity of a longer one.
    if (slot < sentences_.size()) {
      sentences_[slot] = std::string(sentence);
    }
  }
  int64_t seen_count() const { return seen_count_; }
  std::vector<std::string>& sentences() { return sentences_; }

 private:
  int64_t capacity_;
  uint64_t seed_;
  int64_t seen_count_ = 0;
  std::vector<std::string> sentences_;
};

// Splits a text into its lines, and lines that are too long at the last space
// that is near enough, or else between two characters.
void split_into_sentences(std::string_view text, SentenceReservoir& sentences) {
  while (!text.empty()) {
    const std::string_view near = text.substr(0, kMaxSentenceBytes + 1);
    size_t end = near.find('\n');
    size_t next = end + 1;
    if (end == std::string_view::npos) {
      end = near.size();
      if (end > kMaxSentenceBytes) {
        end = text.substr(0, kMaxSentenceBytes).rfind(' ');
        if (end == std::string_view::npos || end == 0) {
          end = kMaxSentenceBytes;
          // Bytes 10xxxxxx continue a character.
          while (end > 1 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) {
            --end;
          }
        }
      }
      next = end;
    }
    const std::string_view sentence = text.substr(0, end);
    if (sentence.find_first_not_of(" \t\r") != std::string_view::npos) {
      sentences.add(sentence);
    }
    text.remove_prefix(next);
  }
}

// Passes sentences to the trainer. Moves them unless they are needed again, so
// that they are in memory only once.
class TrainingSentenceIterator : public sentencepiece::SentenceIterator {
 public:
  TrainingSentenceIterator(std::vector<std::string>& sentences,
                           bool is_reusable)
      : sentences_(sentences), is_reusable_(is_reusable) {
    load_current();
  }
  bool done() const override { return index_ == sentences_.size(); }
  const std::string& value() const override { return sentence_; }
  sentencepiece::util::Status status() const override { return {}; }
  void Next() override {
    ++index_;
    load_current();
  }

 private:
  void load_current() {
    if (!done()) {
      sentence_ =
          is_reusable_ ? sentences_[index_] : std::move(sentences_[index_]);
    }
  }

  std::vector<std::string>& sentences_;
  const bool is_reusable_;
  size_t index_ = 0;
  std::string sentence_;
};

std::string text_between(const std::string& text, std::string_view before,
                         std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string::npos) {
    return {};
  }
  const size_t first = begin + before.size();
  return text.substr(first, text.find(after, first) - first);
}

// Returns how many pieces the text allows if the trainer's error says that the
// size is too large, otherwise an empty string.
std::string max_size_in(const std::string& message) {
  return message.find("Vocabulary size too high") == std::string::npos
             ? std::string()
             : text_between(message, "a value <= ", ".");
}

// Translates errors of the trainer about the size to messages that say what to
// do.
base::Error explain_trainer_error(const std::string& message,
                                  const VocabularyTrainingOptions& options) {
  if (const std::string max_size = max_size_in(message); !max_size.empty()) {
    return base::input_error(
        "the text has too few distinct words for {} pieces: --algorithm {} "
        "allows at most --size {}{}; --soft-limit makes as many as possible",
        options.size, options.algorithm, max_size,
        options.algorithm == "bpe" ? "" : "; --algorithm bpe may allow more");
  }
  if (message.find("smaller than required_chars") != std::string::npos) {
    return base::input_error(
        "{} pieces are too few: the characters of the text alone need --size "
        "{} or more, or a lower --character-coverage",
        options.size, text_between(message, " vs ", "."));
  }
  return base::input_error("cannot train the SentencePiece model: {}", message);
}

// Trains a model of `size` pieces. Returns the trainer's error, or an empty
// string.
std::string train_on(std::vector<std::string>& sentences,
                     const VocabularyTrainingOptions& options, int64_t size,
                     std::string& serialized_model) {
  TrainingSentenceIterator iterator(sentences, options.is_soft_limit);
  const std::unordered_map<std::string, std::string> trainer_arguments{
      {"model_type", options.algorithm},
      {"vocab_size", std::to_string(size)},
      {"byte_fallback", options.byte_fallback ? "true" : "false"},
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      {"unk_id", "0"},
      {"eos_id", "1"},
      {"bos_id", "-1"},
      {"pad_id", "-1"},
      {"num_threads", "1"},  // with more, the result depends on timing
      {"minloglevel", "2"},  // errors only; they are also returned as a status
  };
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      trainer_arguments, &iterator, &serialized_model);
  return status.ok() ? std::string() : status.ToString();
}

}  // namespace

TrainedVocabulary train_vocabulary(const VocabularyTrainingOptions& options,
                                   TextStream& texts) {
  SentenceReservoir reservoir(options.max_sentences, options.seed);
  while (const auto text = texts.next()) {
    split_into_sentences(*text, reservoir);
  }
  if (reservoir.seen_count() == 0) {
    throw base::input_error(
        "the inputs contain no text to train on; episodes without text need no "
        "SentencePiece model: use gato-tokenize episodes --text-model none");
  }
  TrainedVocabulary trained;
  trained.sentence_count = reservoir.seen_count();
  trained.unsampled_sentence_count =
      reservoir.seen_count() -
      static_cast<int64_t>(reservoir.sentences().size());
  trained.size = options.size;
  std::string failure = train_on(reservoir.sentences(), options, trained.size,
                                 trained.serialized_model);
  if (const std::string max_size = max_size_in(failure);
      options.is_soft_limit && !max_size.empty()) {
    trained.size = base::parse_number<int64_t>(
        max_size, "the size of the SentencePiece model");
    failure = train_on(reservoir.sentences(), options, trained.size,
                       trained.serialized_model);
  }
  if (!failure.empty()) {
    throw explain_trainer_error(failure, options);
  }
  return trained;
}

}  // namespace gato::tokenize
