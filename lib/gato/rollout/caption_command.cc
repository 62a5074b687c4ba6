#include <memory>

#include "gato/rollout/caption.h"

namespace gato {
namespace {

cli::Work build_caption(cli::OptionTable& table) {
  auto options = std::make_shared<CaptionOptions>();
  table.add("model", &options->model, "Model directory, or a run of gato-train")
      .named("DIR")
      .required();
  table
      .add("temperature", &options->temperature,
           "Sample at this temperature (the paper: 0.9); without it the "
           "likeliest token is taken")
      .named("T")
      .within(1e-6, 1e6);
  table.add("max-tokens", &options->maximum_tokens, "Longest caption")
      .named("N")
      .within(1, 65536);
  table
      .add("prompt-text", &options->prompt_text,
           "Text after the picture that the model continues")
      .named("TEXT");
  table
      .add("resize", &options->resize,
           "Size that pictures were given when the training data was "
           "tokenized; default: what the model recorded")
      .named("HxW");
  table.add("batch", &options->batch, "Pictures in one forward pass")
      .named("N")
      .within(1, 65536);
  table.add("json", &options->json,
            "Write a JSON object a line: {\"image\", \"caption\"}");
  return
      [options](cli::Context& context) { return caption(*options, context); };
}

}  // namespace

cli::Command caption_command() {
  cli::Command command;
  command.name = "caption";
  command.summary = "Write captions of pictures";
  command.description =
      "Writes one line a picture to stdout: its path, a tab and the caption. "
      "The caption ends where the model ends it, or after --max-tokens tokens. "
      "A picture that is left out (--skip-bad) has no line.";
  command.operands = "IMAGE...";
  command.minimum_operands = 1;
  command.skip_bad = true;
  command.build = build_caption;
  command.examples = {{"gato-rollout caption --model run pictures/*.png",
                       "captions of some pictures"}};
  return command;
}

}  // namespace gato
