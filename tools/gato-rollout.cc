// gato-rollout runs policies in environments, and models that write text.
#include "gato/cli/tool.h"
#include "gato/commands/rollout/rollout_answer.h"
#include "gato/commands/rollout/rollout_caption.h"
#include "gato/commands/rollout/rollout_chat.h"
#include "gato/commands/rollout/rollout_control.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-rollout",
      .summary =
          "run policies in environments, caption images, answer questions and "
          "chat",
      .description = "Runs a model or a scripted policy.",
      .commands = {gato::commands::rollout_control_command(),
                   gato::commands::rollout_caption_command(),
                   gato::commands::rollout_answer_command(),
                   gato::commands::rollout_chat_command()},
      .see_also = {"gato-train", "gato-eval", "gato-tokenize", "gato(7)",
                   "gato-formats(5)"},
      .completion_commands = {{"env", "gato-rollout control --list-envs"}}};
  return gato::cli::run(tool, argc, argv);
}
