#include "gato/tokenize/train_vocabulary.h"

#include <sentencepiece_trainer.h>

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/random.h"

namespace gato {
namespace {

// The trainer passes over longer sentences, counted in bytes.
constexpr size_t longest_sentence = 4000;

// Keeps the draws apart from all others of the same seed.
constexpr uint64_t purpose = 0x67610006;

// Up to a number of sentences, each of those added kept with the same
// probability (a reservoir). They keep their order where none is left out.
class SentenceDraw {
 public:
  SentenceDraw(int64_t most, uint64_t seed) : most_(most), seed_(seed) {}

  void add(std::string_view sentence) {
    const auto number = static_cast<uint64_t>(count_++);
    if (most_ == 0 || count_ <= most_) {
      kept_.emplace_back(sentence);
      return;
    }
    const uint64_t place =
        RandomStream(seed_, {purpose, number}).below(number + 1);
    // Assigning characters would keep the longer one's memory.
    if (place < kept_.size()) kept_[place] = std::string(sentence);
  }
  int64_t count() const { return count_; }  // added
  std::vector<std::string>& kept() { return kept_; }

 private:
  int64_t most_;
  uint64_t seed_;
  int64_t count_ = 0;
  std::vector<std::string> kept_;
};

// Cuts a text at line ends, and in longer lines at the last space, or else
// between two characters.
void cut_into_sentences(std::string_view text, SentenceDraw& sentences) {
  while (!text.empty()) {
    const std::string_view near = text.substr(0, longest_sentence + 1);
    size_t end = near.find('\n');
    size_t next = end + 1;
    if (end == std::string_view::npos) {
      end = near.size();
      if (end > longest_sentence) {
        end = text.substr(0, longest_sentence).rfind(' ');
        if (end == std::string_view::npos || end == 0) {
          end = longest_sentence;
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
class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(std::vector<std::string>& sentences)
      : sentences_(sentences) {
    take();
  }
  bool done() const override { return place_ == sentences_.size(); }
  const std::string& value() const override { return sentence_; }
  sentencepiece::util::Status status() const override { return {}; }
  void Next() override {
    ++place_;
    take();
  }

 private:
  void take() {
    if (!done()) sentence_ = std::move(sentences_[place_]);
  }

  std::vector<std::string>& sentences_;
  size_t place_ = 0;
  std::string sentence_;
};

std::string between(const std::string& text, std::string_view before,
                    std::string_view after) {
  const size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  const size_t first = begin + before.size();
  return text.substr(first, text.find(after, first) - first);
}

// The trainer's complaints about the size, in words that say what to do.
Error explain(const std::string& message, const VocabularyTraining& training) {
  if (message.find("Vocabulary size too high") != std::string::npos) {
    return input_error(
        "the text has too few different words for {} pieces: --algorithm {} "
        "finds at most --size {}{}",
        training.size, training.algorithm, between(message, "a value <= ", "."),
        training.algorithm == "bpe" ? "" : "; --algorithm bpe may find more");
  }
  if (message.find("smaller than required_chars") != std::string::npos) {
    return input_error(
        "{} pieces are too few: the text's characters alone need --size {} or "
        "more, or a lower --character-coverage",
        training.size, between(message, " vs ", "."));
  }
  return input_error("the text model could not be trained: {}", message);
}

}  // namespace

LearnedVocabulary train_vocabulary(
    const VocabularyTraining& training,
    const std::function<std::optional<std::string>()>& next_text) {
  SentenceDraw draw(training.sentences, training.seed);
  while (const auto text = next_text()) cut_into_sentences(*text, draw);
  if (draw.count() == 0) {
    throw input_error("the inputs hold no text to learn pieces from");
  }
  LearnedVocabulary learned;
  learned.sentences = draw.count();
  learned.left_out = draw.count() - static_cast<int64_t>(draw.kept().size());
  Sentences sentences(draw.kept());
  const std::unordered_map<std::string, std::string> options{
      {"model_type", training.algorithm},
      {"vocab_size", std::to_string(training.size)},
      {"byte_fallback", training.byte_fallback ? "true" : "false"},
      {"character_coverage", fmt::format("{}", training.character_coverage)},
      {"unk_id", "0"},
      {"eos_id", "1"},
      {"bos_id", "-1"},
      {"pad_id", "-1"},
      {"num_threads", "1"},  // more make the result depend on timing
      {"minloglevel", "2"},  // errors only: they come back as a status
  };
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      options, &sentences, &learned.model);
  if (!status.ok()) throw explain(status.ToString(), training);
  return learned;
}

}  // namespace gato
