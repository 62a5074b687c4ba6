// gato-train trains a model on sequence files.
#include "gato/base/malloc_options.h"
#include "gato/cli/tool.h"
#include "gato/commands/train/preset.h"
#include "gato/commands/train/train.h"

int main(int argc, char** argv) {
  gato::base::limit_malloc_arenas();
  const gato::cli::Tool tool{
      .name = "gato-train",
      .summary = "train one network on sequences from all tasks",
      .commands = {gato::commands::train_command()},
      .see_also = {"gato-pack", "gato-finetune", "gato-rollout", "gato-eval",
                   "gato(7)", "gato-formats(5)"},
      .completions = {{"preset", gato::commands::pretraining_preset_names}}};
  return gato::cli::run(tool, argc, argv);
}
