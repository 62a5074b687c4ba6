// gato-rollout runs a trained network or a scripted policy.
#include "gato/cli/tool.h"
#include "gato/commands/rollout_caption.h"
#include "gato/commands/rollout_control.h"
#include "gato/env/environment.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-rollout",
      .summary = "play environments and write captions",
      .description = "Puts a trained network, or a scripted policy, to work.",
      .commands = {gato::commands::rollout_control_command(),
                   gato::commands::rollout_caption_command()},
      .see_also = {"gato-train", "gato-eval", "gato-tokenize"},
      .completions = {{"env", gato::env::builtin_environment_names}}};
  return gato::cli::run(tool, argc, argv);
}
