// gato-rollout runs policies in environments and captions images.
#include "gato/cli/tool.h"
#include "gato/commands/rollout_caption.h"
#include "gato/commands/rollout_control.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-rollout",
      .summary = "run policies in environments and caption images",
      .description = "Runs a model or a scripted policy.",
      .commands = {gato::commands::rollout_control_command(),
                   gato::commands::rollout_caption_command()},
      .see_also = {"gato-train", "gato-eval", "gato-tokenize", "gato(7)",
                   "gato-formats(5)"},
      .completion_commands = {{"env", "gato-rollout control --list-envs"}}};
  return gato::cli::run(tool, argc, argv);
}
