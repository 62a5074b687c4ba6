#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/vqa.h"
#include "gato/tokenize/commands.h"
#include "gato/tokenize/image_text_output.h"

namespace gato {
namespace {

struct VqaCommand {
  ImageTextOptions images;
  std::vector<std::string> questions, annotations;
  std::string answers = "most-frequent";
  std::string image_name = VqaOptions{}.image_name;
};

// The pairs of files that this shard reads.
cli::Shard::Range pairs_of(const cli::Shard& shard, int64_t pairs) {
  const cli::Shard::Range range = shard.of(pairs);
  if (range.size() == 0) {
    throw usage_error(
        "--shard {}/{}: nothing is left to do, there are {} pairs of files",
        shard.number, shard.count, pairs);
  }
  return range;
}

ExitStatus tokenize_vqa(const VqaCommand& options,
                        const cli::Context& context) {
  const cli::Shard::Range pairs =
      pairs_of(context.common.shard, std::ssize(options.questions));
  ImageTextOutput output(context, options.images, "answers");
  VqaOptions source;
  source.image_name = options.image_name;
  source.all_answers = options.answers == "all";
  for (int64_t pair = pairs.first; pair < pairs.last; ++pair) {
    const auto i = static_cast<size_t>(pair);
    const std::filesystem::path questions = options.questions[i];
    source.image_root = options.images.image_root;
    if (source.image_root.empty()) source.image_root = questions.parent_path();
    output.add_all(*open_vqa(questions, options.annotations[i], source));
  }
  output.commit();
  return ExitStatus::done;
}

void add_source_options(cli::OptionTable& table, VqaCommand& options) {
  table
      .add("questions", &options.questions,
           "Questions, in JSON: one file or several")
      .named("FILE")
      .files()
      .required();
  table
      .add("annotations", &options.annotations,
           "Their annotations, as many files in the same order")
      .named("FILE")
      .files()
      .required();
  table
      .add("answers", &options.answers,
           "Which answers become documents: the most-frequent one of each "
           "question, or all, a document each")
      .one_of({"most-frequent", "all"})
      .named("WHICH");
  table
      .add("image-name", &options.image_name,
           "Path of an image below --image-root: {subtype} is the data_subtype "
           "of the questions (train2014), {image} the image_id")
      .named("TEMPLATE");
  table.check([&options] {
    check_vqa_image_name(options.image_name);
    if (options.questions.size() != options.annotations.size()) {
      throw usage_error(
          "{} files of --questions and {} of --annotations: they must be as "
          "many, in the same order",
          options.questions.size(), options.annotations.size());
    }
  });
}

constexpr const char* description =
    "Reads the pairs of files of VQAv2 and OK-VQA: \"questions\" with "
    "\"question_id\", \"image_id\" and \"question\"; \"annotations\" with "
    "\"question_id\", \"multiple_choice_answer\" and \"answers\", a list of "
    "objects with \"answer\". A document is the image's patches, then the "
    "pieces of \"Q: <question> A: <answer>\", and </s>. The most frequent "
    "answer is multiple_choice_answer or, where there is none (OK-VQA), "
    "counted among the answers, the first of several. With --answers all, "
    "empty answers are left out. Documents are ordered by image, in the order "
    "in which the questions name them. A question without annotation, or an "
    "annotation without question, is a bad record. --shard divides the pairs "
    "of files.";

}  // namespace

cli::Command vqa_command() {
  cli::Command command = token_command(
      "vqa",
      "pictures with questions and answers (VQAv2, OK-VQA) to a token file",
      "");
  command.description = description;
  command.sharding = cli::Sharding::work;
  command.build = [](cli::OptionTable& table) -> cli::Work {
    auto options = std::make_shared<VqaCommand>();
    options->images.task = options->images.domain = "vqa";
    add_source_options(table, *options);
    add_image_text_options(table, options->images, "each questions file");
    return [options](cli::Context& context) {
      return tokenize_vqa(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize vqa --text-model words.model --image-root train2014 "
       "--questions v2_OpenEnded_mscoco_train2014_questions.json --annotations "
       "v2_mscoco_train2014_annotations.json -o vqa.h5",
       "VQAv2, the most frequent answers"},
      {"gato-tokenize vqa --text-model words.model --image-root coco "
       "--image-name '{subtype}/{image:012}.jpg' --answers all "
       "--questions OpenEnded_mscoco_train2014_questions.json --annotations "
       "mscoco_train2014_annotations.json -o okvqa.h5",
       "OK-VQA, every answer, images named as COCO 2017 names them"}};
  return command;
}

}  // namespace gato
