// gato-finetune fine-tunes a model on a few demonstrations.
#include "gato/base/malloc_options.h"
#include "gato/cli/tool.h"
#include "gato/commands/train/finetune.h"
#include "gato/commands/train/preset.h"

int main(int argc, char** argv) {
  gato::base::limit_malloc_arenas();
  const gato::cli::Tool tool{
      .name = "gato-finetune",
      .summary = "fine-tune a model on a few demonstrations",
      .commands = {gato::commands::finetune_command()},
      .see_also = {"gato-train", "gato-rollout", "gato-eval", "gato(7)",
                   "gato-formats(5)"},
      .completions = {{"preset", gato::commands::finetuning_preset_names}},
      .completion_commands = {{"env", "gato-rollout control --list-envs"}}};
  return gato::cli::run(tool, argc, argv);
}
