// ingest::open_vqa() joins a file of questions with its annotations and yields
// the questions of an image together, so that each image is decoded only once.
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gato/commands/shard_range.h"
#include "gato/commands/tokenize/image_text_tokenizer.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/ingest/text/vqa.h"

namespace gato::commands {
namespace {

struct TokenizeVqaOptions {
  ImageTextOptions images;
  std::vector<std::string> questions, annotations;
  std::string answers = "most-frequent";
  std::string image_name = ingest::VqaOptions{}.image_name_format;
};

base::ExitStatus run_tokenize_vqa(const TokenizeVqaOptions& options,
                                  const cli::CommandContext& context) {
  const base::Shard::Range pairs = nonempty_shard_range(
      context.common.shard, std::ssize(options.questions), "pairs of files");
  ImageTextTokenizer output(context, options.images, "answers");
  ingest::VqaOptions source;
  source.image_name_format = options.image_name;
  source.all_answers = options.answers == "all";
  source.end_of_text = EndOfTextMarkers(options.images.end_of_text).marker();
  for (int64_t pair = pairs.first; pair < pairs.last; ++pair) {
    const auto i = static_cast<size_t>(pair);
    const std::filesystem::path questions = options.questions[i];
    source.image_root = options.images.image_root;
    if (source.image_root.empty()) {
      source.image_root = questions.parent_path();
    }
    output.add_all(
        *ingest::open_vqa(questions, options.annotations[i], source));
  }
  output.commit();
  return base::ExitStatus::success;
}

// Questions may be paired with several files of annotations, but a pair that is
// given twice would count twice. Files that cannot be resolved are reported
// when they are read.
void check_distinct_pairs(const TokenizeVqaOptions& options) {
  const auto resolve = [](const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::path resolved =
        std::filesystem::weakly_canonical(path, error);
    return error ? path : resolved;
  };
  std::set<std::pair<std::filesystem::path, std::filesystem::path>> pairs;
  for (size_t i = 0; i < options.questions.size(); ++i) {
    const bool is_new = pairs
                            .emplace(resolve(options.questions[i]),
                                     resolve(options.annotations[i]))
                            .second;
    if (!is_new) {
      throw base::usage_error(
          "{}: is given twice with the annotations {}: name every pair of "
          "files only once",
          options.questions[i], options.annotations[i]);
    }
  }
}

void add_source_options(cli::OptionTable& table, TokenizeVqaOptions& options) {
  table.add("questions", &options.questions, "JSON files of questions")
      .metavar("FILE...")
      .files()
      .required();
  table
      .add("annotations", &options.annotations,
           "JSON files of their annotations, in the same order")
      .metavar("FILE...")
      .files()
      .required();
  table
      .add("answers", &options.answers,
           "Answers to use: the most frequent one of each question, or all of "
           "them, with one document per answer")
      .one_of({"most-frequent", "all"})
      .metavar("WHICH");
  table
      .add("image-name", &options.image_name,
           "Path of an image, relative to --image-root: {subtype} is the "
           "data_subtype of the questions (train2014), {image} is the image_id")
      .metavar("TEMPLATE");
  table.add_check([&options] {
    ingest::check_vqa_image_name_format(options.image_name);
    if (options.questions.size() != options.annotations.size()) {
      throw base::usage_error(
          "--questions names {} files and --annotations names {}: they must "
          "name the same number of files, in the same order",
          options.questions.size(), options.annotations.size());
    }
    check_distinct_pairs(options);
  });
}

constexpr const char* kDescription =
    "Reads the pairs of files of VQAv2 and OK-VQA: \"questions\" with "
    "\"question_id\", \"image_id\" and \"question\", and \"annotations\" with "
    "\"question_id\", \"multiple_choice_answer\" and \"answers\", a list of "
    "objects with \"answer\". A document consists of the patches of the image, "
    "the pieces of \"Q: <question> A: <answer>\", and </s>. The most frequent "
    "answer is multiple_choice_answer or, if there is none (in OK-VQA), the "
    "first of the most frequent ones in \"answers\". With --answers all, empty "
    "answers are omitted and counted. Documents are grouped by image, in the "
    "order in which the questions mention the images. A question without an "
    "annotation, or an annotation without a question, is a bad record. --shard "
    "divides the pairs of files.";

}  // namespace

cli::Command tokenize_vqa_command() {
  cli::Command command = make_token_command(
      "vqa",
      "convert images with questions and answers (VQAv2, OK-VQA) to a token "
      "file",
      "");
  command.description = kDescription;
  command.seed_help = cli::kUnusedOption;
  command.sharding = cli::Sharding::work;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeVqaOptions>();
    options->images.task = options->images.domain = "vqa";
    add_source_options(table, *options);
    add_image_text_options(table, options->images, "each questions file");
    return [options](cli::CommandContext& context) {
      return run_tokenize_vqa(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize vqa --text-model words.model --image-root train2014 "
       "--questions v2_OpenEnded_mscoco_train2014_questions.json --annotations "
       "v2_mscoco_train2014_annotations.json -o vqa.h5",
       "VQAv2 with the most frequent answers"},
      {"gato-tokenize vqa --text-model words.model --image-root coco "
       "--image-name '{subtype}/{image:012}.jpg' --answers all --questions "
       "OpenEnded_mscoco_train2014_questions.json --annotations "
       "mscoco_train2014_annotations.json -o okvqa.h5",
       "OK-VQA with every answer, and images named as in COCO 2017"}};
  return command;
}

}  // namespace gato::commands
