#include "gato/commands/rollout/rollout_caption.h"

#include <memory>
#include <string>

#include "gato/commands/rollout/image_text_run.h"
#include "gato/ingest/text/dialogue.h"
#include "gato/ingest/text/vqa.h"

namespace gato::commands {
namespace {

struct RolloutCaptionOptions {
  ImageTextRunOptions run;
  std::string prompt_text;
};

cli::CommandFunction build_caption_command(cli::OptionTable& table) {
  auto options = std::make_shared<RolloutCaptionOptions>();
  add_image_text_run_options(table, options->run, "caption");
  table
      .add("prompt-text", &options->prompt_text,
           "Text placed after the image; the caption continues it")
      .metavar("TEXT");
  return [options](cli::CommandContext& context) {
    if (options->prompt_text.empty()) {
      options->run.excluded_beginnings = {std::string(ingest::kQuestionName),
                                          std::string(ingest::kUserName)};
    }
    OperandRequests requests(
        context.common.inputs, [&](const std::string& image) {
          return ImageTextRequest{
              {image, options->prompt_text}, {{"image", image}}, nullptr};
        });
    return run_image_texts(options->run, "caption", requests, context);
  };
}

}  // namespace

cli::Command rollout_caption_command() {
  cli::Command command;
  command.name = "caption";
  command.summary = "generate captions for images";
  command.description =
      "Writes one line per image to standard output: a JSON object {\"image\", "
      "\"caption\"} or, on a terminal, the path, a tab and the caption, whose "
      "tokens appear as they are generated. A caption ends when the model "
      "emits </s>, or after --max-tokens tokens. It does not begin with \"Q:\" "
      "or \"User:\", as questions and dialogues about an image do, unless "
      "--prompt-text is given. An image that is skipped (--skip-bad) has no "
      "line.";
  command.seed_help =
      "Random seed of the samples; the same seed, inputs and options give the "
      "same captions";
  command.operands = "IMAGE...";
  command.min_operands = 1;
  command.has_skip_bad = true;
  command.build = build_caption_command;
  command.examples = {
      {"gato-rollout caption --model run images/*.png",
       "Caption a set of images"},
      {"gato-rollout caption --model run --samples 3 --temperature 0.9 "
       "images/*.png >captions.jsonl",
       "Three captions per image, sampled as in the paper"}};
  return command;
}

}  // namespace gato::commands
