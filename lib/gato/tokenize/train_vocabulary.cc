#include "gato/tokenize/train_vocabulary.h"

#include <sentencepiece_trainer.h>

#include <exception>
#include <string_view>
#include <unordered_map>

#include "gato/base/error.h"

namespace gato {
namespace {

// The trainer passes over longer sentences, counted in bytes.
constexpr size_t longest_sentence = 4000;

// Cuts texts into sentences: at line ends, and in longer lines at the last
// space, or else between two characters. An exception of the source ends the
// iteration and is kept, since the trainer cannot pass it on.
class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(
      const std::function<std::optional<std::string>()>& next_text)
      : next_text_(next_text) {
    Next();
  }
  bool done() const override { return done_; }
  const std::string& value() const override { return sentence_; }
  sentencepiece::util::Status status() const override { return {}; }
  std::exception_ptr failure() const { return failure_; }
  int64_t count() const { return count_; }

  void Next() override {
    do {
      while (place_ >= text_.size()) {
        if (!refill()) return;
      }
      cut();
    } while (sentence_.find_first_not_of(" \t\r") == std::string::npos);
    ++count_;
  }

 private:
  bool refill() {
    place_ = 0;
    std::optional<std::string> text;
    try {
      text = next_text_();
    } catch (...) {
      failure_ = std::current_exception();
    }
    done_ = !text.has_value();
    text_ = text.value_or(std::string());
    return !done_;
  }

  void cut() {
    const std::string_view rest = std::string_view(text_).substr(place_);
    size_t end = rest.find('\n');
    size_t next = end == std::string_view::npos ? rest.size() : end + 1;
    if (end == std::string_view::npos) end = rest.size();
    if (end > longest_sentence) {
      end = rest.substr(0, longest_sentence).rfind(' ');
      if (end == std::string_view::npos || end == 0) {
        end = longest_sentence;
        // Bytes 10xxxxxx continue a character.
        while (end > 1 && (static_cast<uint8_t>(rest[end]) & 0xC0) == 0x80) {
          --end;
        }
      }
      next = end;
    }
    sentence_ = rest.substr(0, end);
    place_ += next;
  }

  const std::function<std::optional<std::string>()>& next_text_;
  std::string text_, sentence_;
  size_t place_ = 0;
  int64_t count_ = 0;
  bool done_ = false;
  std::exception_ptr failure_;
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

std::string train_vocabulary(
    const VocabularyTraining& training,
    const std::function<std::optional<std::string>()>& next_text) {
  Sentences sentences(next_text);
  if (sentences.failure()) std::rethrow_exception(sentences.failure());
  if (sentences.done()) {
    throw input_error("the inputs hold no text to learn pieces from");
  }
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
  std::string model;
  const auto status =
      sentencepiece::SentencePieceTrainer::Train(options, &sentences, &model);
  if (sentences.failure()) std::rethrow_exception(sentences.failure());
  if (!status.ok()) throw explain(status.ToString(), training);
  return model;
}

}  // namespace gato
