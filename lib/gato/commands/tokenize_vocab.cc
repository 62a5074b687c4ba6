#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/file_io.h"
#include "gato/base/signals.h"
#include "gato/cli/logging.h"
#include "gato/commands/text_options.h"
#include "gato/commands/tokenize.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/text/caption_source.h"
#include "gato/ingest/text/page_source.h"
#include "gato/ingest/text/text_source.h"
#include "gato/ingest/text/vqa.h"
#include "gato/tokenize/vocabulary_training.h"

namespace gato::commands {
namespace {

constexpr int64_t kMinByteFallbackSize = 4096;

struct TokenizeVocabOptions {
  tokenize::VocabularyTrainingOptions training;  // but for what the others say
  std::optional<int64_t> size;
  std::string byte_fallback = "auto";
  std::optional<double> character_coverage;
  ingest::TextSourceOptions source;
};

// Gives texts until it gives none.
using TextStream = std::function<std::optional<std::string>()>;

TextStream caption_stream(std::shared_ptr<ingest::ImageTextSource> source) {
  auto captions = std::make_shared<std::deque<ingest::LocatedText>>();
  return [source, captions]() -> std::optional<std::string> {
    while (captions->empty()) {
      auto record = source->next();
      if (!record) return std::nullopt;
      std::move(record->texts.begin(), record->texts.end(),
                std::back_inserter(*captions));
    }
    const ingest::LocatedText caption = std::move(captions->front());
    captions->pop_front();
    if (ingest::is_blank(caption.text)) {
      throw base::input_error("{}: the caption is empty", caption.location);
    }
    return caption.text;
  };
}

// Of pages, each text by itself.
TextStream page_text_stream(const std::string& input) {
  std::shared_ptr<ingest::PageSource> source = ingest::open_pages(input, {});
  auto texts = std::make_shared<std::deque<std::string>>();
  return [source, texts]() -> std::optional<std::string> {
    while (texts->empty()) {
      auto record = source->next();
      if (!record) return std::nullopt;
      for (auto& item : ingest::parse_page(std::move(*record)).items) {
        if (auto* text = std::get_if<std::string>(&item)) {
          texts->push_back(std::move(*text));
        }
      }
    }
    const std::string text = std::move(texts->front());
    texts->pop_front();
    return text;
  };
}

// Of files of questions, each followed by its annotations.
TextStream vqa_text_stream(const std::string& questions,
                           const std::string& annotations) {
  ingest::VqaOptions options;
  options.image_name_format = "{image}";  // is not looked for
  return caption_stream(ingest::open_vqa(questions, annotations, options));
}

// The text observations of episodes, each once where it stays the same.
TextStream episode_text_stream(const std::string& input) {
  std::shared_ptr<ingest::EpisodeSource> source =
      ingest::open_episodes(input, {});
  auto texts = std::make_shared<std::vector<std::string>>();
  return
      [source, texts, i = int64_t{0}]() mutable -> std::optional<std::string> {
        while (texts->empty()) {
          if (i == source->episode_count()) return std::nullopt;
          const data::Episode episode = source->read_episode(i++);
          for (const data::FieldColumn& column : episode.observations) {
            const auto* steps = std::get_if<std::vector<std::string>>(&column);
            if (steps == nullptr) continue;
            for (size_t t = 0; t < steps->size(); ++t) {
              if (t == 0 || (*steps)[t] != (*steps)[t - 1]) {
                texts->push_back((*steps)[t]);
              }
            }
          }
        }
        std::string text = std::move(texts->back());
        texts->pop_back();
        return text;
      };
}

TextStream open_text_stream(const std::string& input,
                            const ingest::TextSourceOptions& options,
                            TextWarnings& warnings) {
  const bool is_episodes =
      options.format == "episodes" ||
      (options.format == "auto" &&
       (std::filesystem::is_directory(input) || input.ends_with(".hdf5")));
  if (is_episodes) return episode_text_stream(input);
  if (options.format == "captions" ||
      (options.format == "auto" &&
       ingest::has_known_caption_extension(input))) {
    return caption_stream(ingest::open_captions(input, {}));
  }
  if (options.format == "interleaved") return page_text_stream(input);
  auto source = std::make_shared<ingest::TextSource>(input, options);
  return [source, &warnings]() -> std::optional<std::string> {
    auto record = base::try_call([&] { return source->next(); });
    warnings.warn_if_json_lines(*source);
    if (record.error) std::rethrow_exception(record.error);
    if (record.value) return ingest::extract_text(std::move(*record.value));
    warnings.count_missing_separator(*source);
    return std::nullopt;
  };
}

base::ExitStatus train_text_model(const TokenizeVocabOptions& options,
                                  const cli::CommandContext& context) {
  tokenize::VocabularyTrainingOptions training = options.training;
  training.size = *options.size;
  training.seed = context.common.seed;
  training.byte_fallback =
      options.byte_fallback == "on" || (options.byte_fallback == "auto" &&
                                        training.size >= kMinByteFallbackSize);
  training.character_coverage = options.character_coverage.value_or(
      training.byte_fallback ? 0.9995 : 1.0);

  const std::vector<std::string>& inputs = context.common.inputs;
  if (options.source.format == "vqa" && inputs.size() % 2 != 0) {
    throw base::usage_error(
        "--format vqa reads pairs of files, questions and their annotations in "
        "turn, but {} are given",
        inputs.size());
  }
  TextWarnings warnings(options.source.document_separator);
  base::BadRecordPolicy bad_records(context.common.skip_bad);
  int64_t read = 0;
  size_t next_input = 0;  // input
  TextStream texts;
  const TextStream all_texts = [&]() -> std::optional<std::string> {
    while (true) {
      if (!texts) {
        if (next_input == inputs.size()) return std::nullopt;
        const std::string& input = inputs[next_input++];
        texts = options.source.format == "vqa"
                    ? vqa_text_stream(input, inputs[next_input++])
                    : open_text_stream(input, options.source, warnings);
      }
      try {
        if (auto text = texts()) {
          ++read;
          return text;
        }
        texts = nullptr;
      } catch (const base::Error&) {
        bad_records.skip_or_rethrow(std::current_exception());
      }
    }
  };
  const tokenize::TrainedVocabulary learned = [&] {
    const base::ScopedExitOnSignal ends_on_stop;  // SentencePiece does not ask
    return tokenize::train_vocabulary(training, all_texts);
  }();
  base::write_file(context.common.output, learned.serialized_model,
                   context.common.force);
  warnings.warn_of_missing_separators();
  if (learned.unsampled_sentence_count > 0) {
    spdlog::info(
        "learned from {} of {} sentences, drawn by --seed; --sentences 0 takes "
        "all, and more memory",
        learned.sentence_count - learned.unsampled_sentence_count,
        learned.sentence_count);
  }
  cli::log_counts({{"read", read},
                   {"skipped", bad_records.skipped()},
                   {"sentences", learned.sentence_count},
                   {"left_out", learned.unsampled_sentence_count},
                   {"pieces", training.size}});
  return base::ExitStatus::success;
}

void add_training_options(cli::OptionTable& table,
                          TokenizeVocabOptions& options) {
  table.add("size", &options.size, "Pieces to learn, </s> among them")
      .metavar("V")
      .range(1, 1 << 20)
      .required();
  table
      .add("algorithm", &options.training.algorithm,
           "How pieces are chosen; both are SentencePiece's")
      .one_of({"unigram", "bpe"})
      .metavar("NAME");
  table
      .add("byte-fallback", &options.byte_fallback,
           "Give the 256 byte values pieces, so that no text is unknown; auto "
           "does from 4096 pieces on")
      .one_of({"auto", "on", "off"})
      .metavar("WHEN");
  table
      .add("character-coverage", &options.character_coverage,
           "Share of the text's characters that get a piece of their own; by "
           "default 0.9995 with byte pieces, else all")
      .metavar("SHARE")
      .range(0.98, 1);
  table
      .add("sentences", &options.training.max_sentences,
           "Learn from at most N sentences, drawn from --seed where the inputs "
           "have more; 0 is all. Sentences are lines, cut at 4000 bytes")
      .metavar("N")
      .range(0, std::numeric_limits<double>::infinity());
}

}  // namespace

cli::Command tokenize_vocab_command() {
  cli::Command command;
  command.name = "vocab";
  command.summary = "text to a SentencePiece model";
  command.description =
      "Learns the pieces of text tokens from plain text, JSON lines, the "
      "captions of images (COCO .json, .tsv, WebDataset .tar), questions with "
      "their answers (--format vqa, and pairs of files: questions, annotations "
      "and so on in turn), the texts of pages (--format interleaved) and the "
      "text observations of episodes (a dataset that gato-tokenize episodes "
      "reads). "
      "The same inputs give the same bytes. The model has </s>, with which "
      "texts end, and no begin mark. Line ends and runs of spaces become one "
      "space, and characters their compatible form (NFKC). Memory is about 30 "
      "bytes for each byte of the sentences that are learned from, or 8 with "
      "--algorithm bpe; --sentences limits how many these are.";
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
       "The size of the paper's"},
      {"gato-tokenize vocab --algorithm bpe --size 110 -o small.model "
       "captions.json grid-expert",
       "A small one, from captions and missions"}};
  return command;
}

}  // namespace gato::commands
