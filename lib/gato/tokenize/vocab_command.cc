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

#include "gato/base/output.h"
#include "gato/base/signals.h"
#include "gato/cli/bad_records.h"
#include "gato/cli/progress.h"
#include "gato/ingest/caption_source.h"
#include "gato/ingest/episode_source.h"
#include "gato/ingest/page_source.h"
#include "gato/ingest/text_source.h"
#include "gato/ingest/vqa.h"
#include "gato/tokenize/commands.h"
#include "gato/tokenize/text_options.h"
#include "gato/tokenize/train_vocabulary.h"

namespace gato {
namespace {

constexpr int64_t size_for_bytes = 4096;

struct VocabCommand {
  VocabularyTraining training;  // but for what the others say
  std::optional<int64_t> size;
  std::string byte_fallback = "auto";
  std::optional<double> character_coverage;
  TextSourceOptions source;
};

// Gives texts until it gives none.
using Texts = std::function<std::optional<std::string>()>;

Texts texts_beside(std::shared_ptr<ImageTextSource> source) {
  auto captions = std::make_shared<std::deque<PlacedText>>();
  return [source, captions]() -> std::optional<std::string> {
    while (captions->empty()) {
      auto record = source->next();
      if (!record) return std::nullopt;
      std::move(record->texts.begin(), record->texts.end(),
                std::back_inserter(*captions));
    }
    const PlacedText caption = std::move(captions->front());
    captions->pop_front();
    if (is_blank(caption.text)) {
      throw input_error("{}: the caption is empty", caption.place);
    }
    return caption.text;
  };
}

// Of pages, each text by itself.
Texts texts_of_pages(const std::string& input) {
  std::shared_ptr<PageSource> source = open_pages(input, {});
  auto texts = std::make_shared<std::deque<std::string>>();
  return [source, texts]() -> std::optional<std::string> {
    while (texts->empty()) {
      auto record = source->next();
      if (!record) return std::nullopt;
      for (auto& item : page_of(std::move(*record)).items) {
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
Texts answers_of(const std::string& questions, const std::string& annotations) {
  VqaOptions options;
  options.image_name = "{image}";  // is not looked for
  return texts_beside(open_vqa(questions, annotations, options));
}

// The text observations of episodes, each once where it stays the same.
Texts instructions_of(const std::string& input) {
  std::shared_ptr<EpisodeSource> source = open_episodes(input, {});
  auto texts = std::make_shared<std::vector<std::string>>();
  return
      [source, texts, i = int64_t{0}]() mutable -> std::optional<std::string> {
        while (texts->empty()) {
          if (i == source->episodes()) return std::nullopt;
          const Episode episode = source->episode(i++);
          for (const Column& column : episode.observations) {
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

Texts texts_of(const std::string& input, const TextSourceOptions& options,
               TextWarnings& warnings) {
  const bool is_episodes =
      options.format == "episodes" ||
      (options.format == "auto" &&
       (std::filesystem::is_directory(input) || input.ends_with(".hdf5")));
  if (is_episodes) return instructions_of(input);
  if (options.format == "captions" ||
      (options.format == "auto" && is_caption_name(input))) {
    return texts_beside(open_captions(input, {}));
  }
  if (options.format == "interleaved") return texts_of_pages(input);
  auto source = std::make_shared<TextSource>(input, options);
  return [source, &warnings]() -> std::optional<std::string> {
    auto record = cli::attempt([&] { return source->next(); });
    warnings.look(*source);
    if (record.error) std::rethrow_exception(record.error);
    if (record.value) return text_of(std::move(*record.value));
    warnings.end(*source);
    return std::nullopt;
  };
}

ExitStatus train(const VocabCommand& options, const cli::Context& context) {
  VocabularyTraining training = options.training;
  training.size = *options.size;
  training.seed = context.common.seed;
  training.byte_fallback =
      options.byte_fallback == "on" ||
      (options.byte_fallback == "auto" && training.size >= size_for_bytes);
  training.character_coverage = options.character_coverage.value_or(
      training.byte_fallback ? 0.9995 : 1.0);

  const std::vector<std::string>& inputs = context.common.inputs;
  if (options.source.format == "vqa" && inputs.size() % 2 != 0) {
    throw usage_error(
        "--format vqa reads pairs of files, questions and their annotations in "
        "turn, but {} are given",
        inputs.size());
  }
  TextWarnings warnings(options.source.document_separator);
  cli::BadRecords bad_records(context.common.skip_bad);
  int64_t read = 0;
  size_t next = 0;  // input
  Texts texts;
  const Texts all = [&]() -> std::optional<std::string> {
    while (true) {
      if (!texts) {
        if (next == inputs.size()) return std::nullopt;
        const std::string& input = inputs[next++];
        texts = options.source.format == "vqa"
                    ? answers_of(input, inputs[next++])
                    : texts_of(input, options.source, warnings);
      }
      try {
        if (auto text = texts()) {
          ++read;
          return text;
        }
        texts = nullptr;
      } catch (const Error&) {
        bad_records.tolerate(std::current_exception());
      }
    }
  };
  const LearnedVocabulary learned = [&] {
    const EndsOnStop ends_on_stop;  // SentencePiece does not ask
    return train_vocabulary(training, all);
  }();
  write_file(context.common.output, learned.model, context.common.force);
  warnings.warn();
  if (learned.left_out > 0) {
    spdlog::info(
        "learned from {} of {} sentences, drawn by --seed; --sentences 0 takes "
        "all, and more memory",
        learned.sentences - learned.left_out, learned.sentences);
  }
  cli::report_counts({{"read", read},
                      {"skipped", bad_records.skipped()},
                      {"sentences", learned.sentences},
                      {"left_out", learned.left_out},
                      {"pieces", training.size}});
  return ExitStatus::done;
}

void add_training_options(cli::OptionTable& table, VocabCommand& options) {
  table.add("size", &options.size, "Pieces to learn, </s> among them")
      .named("V")
      .within(1, 1 << 20)
      .required();
  table
      .add("algorithm", &options.training.algorithm,
           "How pieces are chosen; both are SentencePiece's")
      .one_of({"unigram", "bpe"})
      .named("NAME");
  table
      .add("byte-fallback", &options.byte_fallback,
           "Give the 256 byte values pieces, so that no text is unknown; auto "
           "does from 4096 pieces on")
      .one_of({"auto", "on", "off"})
      .named("WHEN");
  table
      .add("character-coverage", &options.character_coverage,
           "Share of the text's characters that get a piece of their own; by "
           "default 0.9995 with byte pieces, else all")
      .named("SHARE")
      .within(0.98, 1);
  table
      .add("sentences", &options.training.sentences,
           "Learn from at most N sentences, drawn from --seed where the inputs "
           "have more; 0 is all. Sentences are lines, cut at 4000 bytes")
      .named("N")
      .within(0, std::numeric_limits<double>::infinity());
}

}  // namespace

cli::Command vocab_command() {
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
  command.minimum_operands = 1;
  command.output = cli::Output::required;
  command.output_help = "SentencePiece model to write";
  command.skip_bad = true;
  command.build = [](cli::OptionTable& table) -> cli::Work {
    auto options = std::make_shared<VocabCommand>();
    add_training_options(table, *options);
    add_text_options(table, options->source,
                     {"auto", "plain", "jsonl", "captions", "vqa",
                      "interleaved", "episodes"});
    return
        [options](cli::Context& context) { return train(*options, context); };
  };
  command.examples = {
      {"gato-tokenize vocab --size 32000 -o words.model corpus/*.txt",
       "The size of the paper's"},
      {"gato-tokenize vocab --algorithm bpe --size 110 -o small.model "
       "captions.json grid-expert",
       "A small one, from captions and missions"}};
  return command;
}

}  // namespace gato
