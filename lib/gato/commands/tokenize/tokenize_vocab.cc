#include <spdlog/spdlog.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/signals.h"
#include "gato/cli/logging.h"
#include "gato/commands/tokenize/end_of_text_option.h"
#include "gato/commands/tokenize/text_options.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/commands/tokenize/vocabulary_texts.h"
#include "gato/tokenize/vocabulary_training.h"

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
  std::string end_of_text;
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

base::ExitStatus run_tokenize_vocab(const TokenizeVocabOptions& options,
                                    const cli::CommandContext& context) {
  const tokenize::VocabularyTrainingOptions training =
      training_options(options, context.common.seed);
  check_inputs(context.common.inputs, options.source.format);
  InputTextStream texts(context.common.inputs, options.source,
                        options.end_of_text, context.common.skip_bad,
                        context.progress);
  const tokenize::TrainedVocabulary learned = [&] {
    // SentencePiece does not poll for signals.
    const base::ScopedExitOnSignal exit_on_signal;
    return tokenize::train_vocabulary(training, texts);
  }();
  base::write_file(context.common.output, learned.serialized_model,
                   context.common.force);
  texts.warn();
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
                   {"pieces", learned.size}});
  return base::ExitStatus::success;
}

void add_training_options(cli::OptionTable& table,
                          TokenizeVocabOptions& options) {
  table.add("size", &options.size, "Number of pieces, including </s>")
      .metavar("V")
      .range(1, 1 << 20)
      .required();
  table.add("soft-limit", &options.training.is_soft_limit,
            "Make fewer than --size pieces if the text yields no more");
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
           "Train on at most N sentences, sampled at random from the inputs; "
           "0: all sentences. A sentence is a line; lines of more than 4000 "
           "bytes are split")
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
    add_end_of_text_option(table, options->end_of_text);
    return [options](cli::CommandContext& context) {
      return run_tokenize_vocab(*options, context);
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
