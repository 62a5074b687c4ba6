#include "gato/tokenize/vocabulary_training.h"

#include <sentencepiece_trainer.h>

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/random.h"

namespace gato::tokenize {
namespace {

// The trainer passes over longer sentences, counted in bytes.
constexpr size_t kMaxSentenceBytes = 4000;

// Keeps the draws apart from all others of the same seed.
constexpr uint64_t kSentenceSamplingStream = 0x67610006;

// Up to a number of sentences, each of those added kept with the same
// probability (a reservoir). They keep their order where none is left out.
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
    // Assigning characters would keep the longer one's memory.
    if (slot < sentences_.size()) sentences_[slot] = std::string(sentence);
  }
  int64_t seen_count() const { return seen_count_; }  // added
  std::vector<std::string>& sentences() { return sentences_; }

 private:
  int64_t capacity_;
  uint64_t seed_;
  int64_t seen_count_ = 0;
  std::vector<std::string> sentences_;
};

// Cuts a text at line ends, and in longer lines at the last space, or else
// between two characters.
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

// Hands sentences over, so that the trainer's copies take the place of these.
class MovingSentenceIterator : public sentencepiece::SentenceIterator {
 public:
  explicit MovingSentenceIterator(std::vector<std::string>& sentences)
      : sentences_(sentences) {
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
    if (!done()) sentence_ = std::move(sentences_[index_]);
  }

  std::vector<std::string>& sentences_;
  size_t index_ = 0;
  std::string sentence_;
};

std::string text_between(const std::string& text, std::string_view before,
                         std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  const size_t first = begin + before.size();
  return text.substr(first, text.find(after, first) - first);
}

// The trainer's complaints about the size, in words that say what to do.
base::Error explain_trainer_error(const std::string& message,
                                  const VocabularyTrainingOptions& options) {
  if (message.find("Vocabulary size too high") != std::string::npos) {
    return base::input_error(
        "the text has too few different words for {} pieces: --algorithm {} "
        "finds at most --size {}{}",
        options.size, options.algorithm,
        text_between(message, "a value <= ", "."),
        options.algorithm == "bpe" ? "" : "; --algorithm bpe may find more");
  }
  if (message.find("smaller than required_chars") != std::string::npos) {
    return base::input_error(
        "{} pieces are too few: the text's characters alone need --size {} or "
        "more, or a lower --character-coverage",
        options.size, text_between(message, " vs ", "."));
  }
  return base::input_error("the text model could not be trained: {}", message);
}

}  // namespace

TrainedVocabulary train_vocabulary(const VocabularyTrainingOptions& options,
                                   TextStream& texts) {
  SentenceReservoir reservoir(options.max_sentences, options.seed);
  while (const auto text = texts.next()) split_into_sentences(*text, reservoir);
  if (reservoir.seen_count() == 0) {
    throw base::input_error("the inputs hold no text to learn pieces from");
  }
  TrainedVocabulary learned;
  learned.sentence_count = reservoir.seen_count();
  learned.unsampled_sentence_count =
      reservoir.seen_count() -
      static_cast<int64_t>(reservoir.sentences().size());
  MovingSentenceIterator sentences(reservoir.sentences());
  const std::unordered_map<std::string, std::string> trainer_arguments{
      {"model_type", options.algorithm},
      {"vocab_size", std::to_string(options.size)},
      {"byte_fallback", options.byte_fallback ? "true" : "false"},
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      {"unk_id", "0"},
      {"eos_id", "1"},
      {"bos_id", "-1"},
      {"pad_id", "-1"},
      {"num_threads", "1"},  // more make the result depend on timing
      {"minloglevel", "2"},  // errors only: they come back as a status
  };
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      trainer_arguments, &sentences, &learned.serialized_model);
  if (!status.ok()) throw explain_trainer_error(status.ToString(), options);
  return learned;
}

}  // namespace gato::tokenize
