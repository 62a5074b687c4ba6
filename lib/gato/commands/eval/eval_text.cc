#include "gato/commands/eval/eval_text.h"

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/cli/logging.h"
#include "gato/commands/eval/loss_options.h"
#include "gato/commands/info/file_kind.h"
#include "gato/data/token_file.h"
#include "gato/eval/text_examples.h"
#include "gato/train/text_loss.h"

namespace gato::commands {
namespace {

struct EvalTextOptions {
  std::optional<std::string> references, questions, predictions, model;
  std::vector<std::string> data;
  LossOptions model_options;
};

void check_options(const EvalTextOptions& options) {
  const bool has_predictions =
      options.references || options.questions || options.predictions;
  const bool has_model = options.model || !options.data.empty();
  if (has_predictions == has_model) {
    throw base::usage_error(
        "pass --references and --predictions for the metrics of generated "
        "text, or --model and --data for perplexity");
  }
  if (has_predictions && !(options.references && options.predictions)) {
    throw base::usage_error(
        "{} is missing", options.references ? "--predictions" : "--references");
  }
  if (has_model && !(options.model && !options.data.empty())) {
    throw base::usage_error("{} is missing",
                            options.model ? "--data" : "--model");
  }
}

nlohmann::ordered_json score_predictions(const EvalTextOptions& options) {
  const eval::TextExamples texts =
      options.questions
          ? eval::read_answer_examples(*options.references, *options.questions,
                                       *options.predictions)
          : eval::read_caption_examples(*options.references,
                                        *options.predictions);
  cli::log_counts({{"read", std::ssize(texts.examples)},
                   {options.questions ? "questions without prediction"
                                      : "images without prediction",
                    texts.without_prediction}});
  return options.questions ? eval::score_answers(texts.examples)
                           : eval::score_captions(texts.examples);
}

nlohmann::ordered_json compute_perplexity(const EvalTextOptions& options,
                                          const cli::CommandContext& context) {
  const model::LoadedModel model =
      load_model_for_loss(*options.model, options.model_options);
  const data::Vocabulary& vocabulary = model.network->config().vocabulary;
  if (vocabulary.sentencepiece_model.empty()) {
    throw base::input_error(
        "{}: the model has no text pieces or no tokenizer.model, so it has no "
        "perplexity",
        model.directory.string());
  }
  const tokenize::TextEncoder encoder(vocabulary.sentencepiece_model);
  const train::TextLossOptions loss_options = {context.common.threads,
                                               &context.progress};
  train::TextLoss loss;
  for (const std::string& path : options.data) {
    switch (detect_file_kind(path)) {
      case FileKind::token_file:
        loss.add(train::compute_text_loss(*model.network,
                                          data::TokenFileReader(path), encoder,
                                          loss_options));
        break;
      case FileKind::sequence_file:
        loss.add(train::compute_text_loss(*model.network,
                                          train::SequenceFileData({path}),
                                          encoder, loss_options));
        break;
      default:
        throw base::input_error(
            "{}: not a token file or a sequence file: convert text with "
            "gato-tokenize text",
            path);
    }
  }
  return loss.to_json(model.network->precision());
}

cli::CommandFunction build_text_command(cli::OptionTable& table) {
  auto options = std::make_shared<EvalTextOptions>();
  table.begin_group("Generated text");
  table
      .add("references", &options->references,
           "Reference texts: a COCO captions file, or the annotations of VQA")
      .metavar("FILE");
  table
      .add("questions", &options->questions,
           "Questions of the annotations, in the layout of VQA")
      .metavar("FILE");
  table
      .add("predictions", &options->predictions,
           "JSON lines of gato-rollout caption or gato-rollout answer")
      .metavar("FILE");
  table.begin_group("Perplexity");
  table
      .add("model", &options->model,
           "Model directory, or a run directory of gato-train")
      .metavar("DIR");
  table
      .add("data", &options->data,
           "Held-out text: token files, or sequence files")
      .metavar("FILE...")
      .files();
  add_loss_options(table, options->model_options);
  table.add_check([options] { check_options(*options); });
  return [options](cli::CommandContext& context) {
    const nlohmann::ordered_json report =
        options->model ? compute_perplexity(*options, context)
                       : score_predictions(*options);
    std::cout << report.dump(2) << "\n";
    return base::ExitStatus::success;
  };
}

constexpr const char* kDescription =
    "Compares generated captions or answers with correct ones, or computes the "
    "perplexity of a model on held-out text. Prints JSON.\n\n"
    "Generated text: {\"n\", \"bleu_1\", \"bleu_2\", \"bleu_3\", \"bleu_4\", "
    "\"rouge_l\", \"cider_d\", \"exact\", \"vqa_accuracy\"}. n is the number "
    "of predictions. BLEU (of the corpus, with the closest reference length), "
    "ROUGE-L (beta 1.2) and CIDEr-D (sigma 6) are those of the COCO caption "
    "evaluation, but texts are split into words differently: they are "
    "converted to lowercase, each of . ? ! , : ; ' \" ` ( ) { } [ ] - becomes "
    "a space, and spaces separate the words. The tokenizer of COCO treats "
    "apostrophes and hyphens differently. \"exact\" is the fraction of texts "
    "whose words equal those of a reference. \"vqa_accuracy\" is computed as "
    "in the official script of VQA: answers are normalized unless all people "
    "gave the same one, and an answer counts min(m/3, 1) for each person, "
    "where m is the number of other people who gave it; the accuracy is the "
    "mean over the people. All metrics are between 0 and 1, except for "
    "CIDEr-D, which is between 0 and 10. Those that do not apply are null: for "
    "answers all but \"exact\" and \"vqa_accuracy\", for captions "
    "\"vqa_accuracy\".\n\n"
    "An image belongs to the image_id that is the last number in its file "
    "name, and an answer to the question with the same image and the same "
    "text. A prediction without a reference is an error, and so are two "
    "predictions for an image or a question; references without a prediction "
    "are counted and left out.\n\n"
    "Perplexity: {\"tokens\", \"bytes\", \"loss\", \"perplexity\", "
    "\"bits_per_byte\"}. The loss is in nats per token, and perplexity is its "
    "exponential. Bytes are those of the text in UTF-8, as the pieces spell "
    "it; </s> is a token without bytes. In a token file, every text token "
    "counts: each document is preceded by </s>, and one that exceeds the "
    "context is read in windows that overlap by half. In a sequence file, the "
    "targets count, as in gato-eval loss.";

}  // namespace

cli::Command eval_text_command() {
  cli::Command command;
  command.name = "text";
  command.summary = "score captions and answers, or compute perplexity";
  command.description = kDescription;
  command.seed_help = cli::kUnusedOption;
  command.build = build_text_command;
  command.examples = {
      {"gato-eval text --references captions.json --predictions captions.jsonl",
       "Captions of gato-rollout caption"},
      {"gato-eval text --references annotations.json --questions "
       "questions.json --predictions answers.jsonl",
       "Answers of gato-rollout answer"},
      {"gato-eval text --model run --data held-out.h5",
       "Perplexity per token, and bits per byte"}};
  return command;
}

}  // namespace gato::commands
