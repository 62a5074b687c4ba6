// gato-train: sequence files to a model.
#include "gato/base/heap.h"
#include "gato/cli/tool.h"
#include "gato/train/preset.h"
#include "gato/train/pretraining.h"

int main(int argc, char** argv) {
  gato::share_one_heap();
  const gato::cli::Tool tool{
      .name = "gato-train",
      .summary = "train one network on sequences of every task",
      .description = "",
      .commands = {gato::pretraining_command()},
      .see_also = {"gato-pack", "gato-finetune", "gato-rollout", "gato-eval"},
      .completions = {{"preset", [] {
                         return preset_names(gato::PresetFor::pretraining);
                       }}}};
  return gato::cli::run(tool, argc, argv);
}
