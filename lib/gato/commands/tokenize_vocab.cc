#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/file_io.h"
#include "gato/base/progress.h"
#include "gato/base/signals.h"
#include "gato/cli/logging.h"
#include "gato/commands/text_options.h"
#include "gato/commands/tokenize.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/text/caption_source.h"
#include "gato/ingest/text/end_of_text.h"
#include "gato/ingest/text/page_source.h"
#include "gato/ingest/text/text_source.h"
#include "gato/ingest/text/vqa.h"
#include "gato/tokenize/vocabulary_training.h"

// Every kind of input is a TextStream. InputTextStream joins the streams of all
// inputs and skips bad records; the training pulls the texts from it one by
// one.

namespace gato::commands {
namespace {

constexpr int64_t kMinByteFallbackSize = 4096;

struct TokenizeVocabOptions {
  // Without the size, byte fallback, coverage and seed, which are below.
  tokenize::VocabularyTrainingOptions training;
  std::optional<int64_t> size;
  std::string byte_fallback = "auto";
  std::optional<double> character_coverage;
  ingest::TextSourceOptions source;
};

// A stream of records that contain any number of texts each.
class RecordTextStream : public tokenize::TextStream {
 public:
  std::optional<std::string> next() final {
    while (pending_.empty()) {
      if (!read_record(pending_)) {
        return std::nullopt;
      }
    }
    const ingest::LocatedText text = std::move(pending_.front());
    pending_.pop_front();
    check(text);
    return text.text;
  }

 private:
  // Adds the texts of the next record; returns false after the last record.
  // A record that cannot be read is an Error, and the next call continues
  // after it.
  virtual bool read_record(std::deque<ingest::LocatedText>& texts) = 0;
  // Throws Error(bad_input) if the text is a bad record by itself.
  virtual void check(const ingest::LocatedText& /*text*/) const {}

  std::deque<ingest::LocatedText> pending_;
};

class CaptionStream : public RecordTextStream {
 public:
  explicit CaptionStream(std::unique_ptr<ingest::ImageTextSource> source)
      : source_(std::move(source)) {}
  int64_t bytes_read() const override { return source_->bytes_read(); }

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    auto record = source_->next();
    if (!record) {
      return false;
    }
    std::ranges::move(record->texts, std::back_inserter(texts));
    return true;
  }
  void check(const ingest::LocatedText& text) const override {
    if (ingest::is_blank(text.text)) {
      throw base::input_error("{}: the caption is empty", text.location);
    }
  }

  std::unique_ptr<ingest::ImageTextSource> source_;
};

// Each text of a page is a text by itself.
class PageTextStream : public RecordTextStream {
 public:
  explicit PageTextStream(const std::string& input)
      : source_(ingest::open_pages(input, {})) {}
  int64_t bytes_read() const override { return source_->bytes_read(); }

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    auto record = source_->next();
    if (!record) {
      return false;
    }
    for (auto& item : ingest::parse_page(std::move(*record)).items) {
      if (auto* text = std::get_if<std::string>(&item)) {
        texts.push_back({std::move(*text), {}});
      }
    }
    return true;
  }

  std::unique_ptr<ingest::PageSource> source_;
};

// The text observations of episodes. A text that stays the same from one step
// to the next counts once.
class EpisodeTextStream : public RecordTextStream {
 public:
  explicit EpisodeTextStream(const std::string& input)
      : source_(ingest::open_episodes(input, {})) {}

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    if (next_episode_ == source_->episode_count()) {
      return false;
    }
    const data::Episode episode = source_->read_episode(next_episode_++);
    for (const data::FieldColumn& column : episode.observations) {
      const auto* steps = std::get_if<std::vector<std::string>>(&column);
      if (steps == nullptr) {
        continue;
      }
      for (size_t t = 0; t < steps->size(); ++t) {
        // The last text comes first: models depend on the order, and existing
        // ones should stay reproducible.
        if (t == 0 || (*steps)[t] != (*steps)[t - 1]) {
          texts.push_front({(*steps)[t], {}});
        }
      }
    }
    return true;
  }

  std::unique_ptr<ingest::EpisodeSource> source_;
  int64_t next_episode_ = 0;
};

// The documents of plain text or JSON lines.
class DocumentStream : public tokenize::TextStream {
 public:
  DocumentStream(const std::string& input,
                 const ingest::TextSourceOptions& options,
                 TextWarnings& warnings)
      : source_(input, options),
        end_of_text_(options.end_of_text_marker()),
        warnings_(warnings) {}

  std::optional<std::string> next() override {
    auto record = base::try_call([&] { return source_.next(); });
    warnings_.warn_if_json_lines(source_);
    if (record.error) {
      std::rethrow_exception(record.error);
    }
    if (record.value) {
      return read_text(std::move(*record.value));
    }
    warnings_.count_missing_separator(source_);
    return std::nullopt;
  }
  int64_t bytes_read() const override { return source_.bytes_read(); }

 private:
  // The marker of the end of a text is not learned.
  std::string read_text(ingest::TextRecord record) {
    const std::string location = record.location;
    std::string text = ingest::extract_text(std::move(record));
    warnings_.count_end_of_text_marker(text, location);
    if (end_of_text_.empty()) return text;
    std::string joined;
    for (auto& part :
         ingest::split_at_end_of_text(std::move(text), end_of_text_)) {
      const auto* piece = std::get_if<std::string>(&part);
      if (piece != nullptr) joined += *piece + '\n';
    }
    return joined;
  }

  ingest::TextSource source_;
  std::string end_of_text_;
  TextWarnings& warnings_;
};

std::unique_ptr<tokenize::TextStream> open_vqa_texts(
    const std::string& questions, const std::string& annotations) {
  ingest::VqaOptions options;
  options.image_name_format = "{image}";  // no image is opened
  return std::make_unique<CaptionStream>(
      ingest::open_vqa(questions, annotations, options));
}

std::unique_ptr<tokenize::TextStream> open_texts(
    const std::string& input, const ingest::TextSourceOptions& options,
    TextWarnings& warnings) {
  const bool is_auto = options.format == "auto";
  if (options.format == "episodes" ||
      (is_auto &&
       (std::filesystem::is_directory(input) || input.ends_with(".hdf5")))) {
    return std::make_unique<EpisodeTextStream>(input);
  }
  if (options.format == "captions" ||
      (is_auto && ingest::has_known_caption_extension(input))) {
    ingest::CaptionSourceOptions captions;
    captions.tsv.finds_images = false;
    return std::make_unique<CaptionStream>(
        ingest::open_captions(input, captions));
  }
  if (options.format == "interleaved") {
    return std::make_unique<PageTextStream>(input);
  }
  return std::make_unique<DocumentStream>(input, options, warnings);
}

// The texts of all inputs, one input after another. Bad records are skipped as
// far as `max_skipped` allows.
class InputTextStream : public tokenize::TextStream {
 public:
  InputTextStream(const std::vector<std::string>& inputs,
                  const ingest::TextSourceOptions& options, int64_t max_skipped,
                  base::ProgressDisplay& display)
      : inputs_(inputs),
        options_(options),
        warnings_(options),
        bad_records_(max_skipped),
        progress_(&display, "read", "texts") {}

  std::optional<std::string> next() override {
    while (input_ || next_input_ < inputs_.size()) {
      if (!input_) {
        input_ = open_next_input();
      }
      try {
        if (auto text = input_->next()) {
          ++read_;
          progress_.advance(
              1, base::bytes_read_note(bytes_read_ + input_->bytes_read()));
          return text;
        }
        bytes_read_ += input_->bytes_read();
        input_ = nullptr;
      } catch (const base::Error&) {
        bad_records_.skip_or_rethrow(std::current_exception());
      }
    }
    return std::nullopt;
  }

  int64_t read() const { return read_; }
  int64_t skipped() const { return bad_records_.skipped(); }
  const TextWarnings& warnings() const { return warnings_; }

 private:
  // Opens the next input; with --format vqa, a pair of them.
  std::unique_ptr<tokenize::TextStream> open_next_input() {
    const std::string& input = inputs_[next_input_++];
    if (options_.format == "vqa") {
      return open_vqa_texts(input, inputs_[next_input_++]);
    }
    return open_texts(input, options_, warnings_);
  }

  const std::vector<std::string>& inputs_;
  const ingest::TextSourceOptions& options_;
  TextWarnings warnings_;
  base::BadRecordPolicy bad_records_;
  base::Progress progress_;
  int64_t bytes_read_ = 0;  // of the inputs before the present one
  std::unique_ptr<tokenize::TextStream> input_;
  size_t next_input_ = 0;
  int64_t read_ = 0;
};

tokenize::VocabularyTrainingOptions training_options(
    const TokenizeVocabOptions& options, uint64_t seed) {
  tokenize::VocabularyTrainingOptions training = options.training;
  training.size = *options.size;
  training.seed = seed;
  training.byte_fallback =
      options.byte_fallback == "on" || (options.byte_fallback == "auto" &&
                                        training.size >= kMinByteFallbackSize);
  training.character_coverage = options.character_coverage.value_or(
      training.byte_fallback ? 0.9995 : 1.0);
  return training;
}

void check_inputs(const std::vector<std::string>& inputs,
                  const std::string& format) {
  if (format == "vqa" && inputs.size() % 2 != 0) {
    throw base::usage_error(
        "--format vqa reads pairs of files, alternating between questions and "
        "annotations, but the number of inputs is {}",
        inputs.size());
  }
}

base::ExitStatus train_text_model(const TokenizeVocabOptions& options,
                                  const cli::CommandContext& context) {
  const tokenize::VocabularyTrainingOptions training =
      training_options(options, context.common.seed);
  check_inputs(context.common.inputs, options.source.format);
  InputTextStream texts(context.common.inputs, options.source,
                        context.common.skip_bad, context.progress);
  const tokenize::TrainedVocabulary learned = [&] {
    // SentencePiece does not poll for signals.
    const base::ScopedExitOnSignal exit_on_signal;
    return tokenize::train_vocabulary(training, texts);
  }();
  base::write_file(context.common.output, learned.serialized_model,
                   context.common.force);
  texts.warnings().warn_of_missing_separators();
  texts.warnings().warn_of_end_of_text_markers();
  if (learned.unsampled_sentence_count > 0) {
    spdlog::info(
        "trained on {} of {} sentences, sampled with --seed; --sentences 0 "
        "uses all of them and needs more memory",
        learned.sentence_count - learned.unsampled_sentence_count,
        learned.sentence_count);
  }
  cli::log_counts({{"read", texts.read()},
                   {"skipped", texts.skipped()},
                   {"sentences", learned.sentence_count},
                   {"not sampled", learned.unsampled_sentence_count},
                   {"pieces", training.size}});
  return base::ExitStatus::success;
}

void add_training_options(cli::OptionTable& table,
                          TokenizeVocabOptions& options) {
  table.add("size", &options.size, "Number of pieces, including </s>")
      .metavar("V")
      .range(1, 1 << 20)
      .required();
  table
      .add("algorithm", &options.training.algorithm,
           "Training algorithm of SentencePiece")
      .one_of({"unigram", "bpe"})
      .metavar("NAME");
  table
      .add("byte-fallback", &options.byte_fallback,
           "Reserve pieces for the 256 byte values, so that any text can be "
           "encoded; auto does so if --size is at least 4096")
      .one_of({"auto", "on", "off"})
      .metavar("WHEN");
  table
      .add("character-coverage", &options.character_coverage,
           "Fraction of the characters of the text that the vocabulary covers: "
           "SentencePiece's character_coverage")
      .metavar("P")
      .range(0.98, 1)
      .default_is("0.9995 with byte fallback, otherwise 1");
  table
      .add("sentences", &options.training.max_sentences,
           "Train on at most N sentences, which are a random sample of those "
           "in the inputs; 0: all sentences. A sentence is a line; lines of "
           "more than 4000 bytes are split")
      .metavar("N")
      .range(0, std::numeric_limits<double>::infinity());
}

}  // namespace

cli::Command tokenize_vocab_command() {
  cli::Command command;
  command.name = "vocab";
  command.summary = "train a SentencePiece model on text";
  command.description =
      "Trains the SentencePiece model whose pieces are the text tokens. Inputs "
      "are plain text, JSON lines, captions of images (COCO .json, .tsv, "
      "WebDataset .tar), questions with answers (--format vqa; pairs of files, "
      "alternating between questions and annotations), the text of pages "
      "(--format interleaved), and the text observations of episodes (any "
      "dataset that gato-tokenize episodes reads). The model has an "
      "end-of-sequence piece (</s>) but no beginning-of-sequence piece. "
      "Newlines and runs of spaces are normalized to one space, and characters "
      "to their compatibility form (NFKC). Training takes about 30 bytes of "
      "memory per byte of training text, or 8 with --algorithm bpe; "
      "--sentences limits the number of sentences.";
  command.seed_help =
      "Random seed of the sample of --sentences; the same seed, inputs and "
      "options give the same model, byte for byte";
  command.threads_help = cli::kUnusedOption;
  command.operands = "INPUT...";
  command.min_operands = 1;
  command.output = cli::OutputRequirement::required;
  command.output_help = "SentencePiece model to write";
  command.has_skip_bad = true;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeVocabOptions>();
    add_training_options(table, *options);
    add_text_options(table, options->source,
                     {"auto", "plain", "jsonl", "captions", "vqa",
                      "interleaved", "episodes"});
    return [options](cli::CommandContext& context) {
      return train_text_model(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize vocab --size 32000 -o words.model corpus/*.txt",
       "A vocabulary of the paper's size"},
      {"gato-tokenize vocab --algorithm bpe --size 110 -o small.model "
       "captions.json grid-expert",
       "A small vocabulary, from captions and the missions of episodes"}};
  return command;
}

}  // namespace gato::commands
