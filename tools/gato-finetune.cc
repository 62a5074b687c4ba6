// gato-finetune: a model and few demonstrations to a model.
#include "gato/base/heap.h"
#include "gato/cli/tool.h"
#include "gato/env/environment.h"
#include "gato/rollout/evaluate_policy.h"
#include "gato/train/finetuning.h"
#include "gato/train/preset.h"

int main(int argc, char** argv) {
  gato::share_one_heap();
  const gato::cli::Tool tool{
      .name = "gato-finetune",
      .summary = "fine-tune a model on few demonstrations",
      .description = "",
      .commands = {gato::finetuning_command(
          {gato::check_evaluation, gato::evaluate_policy})},
      .see_also = {"gato-train", "gato-rollout", "gato-eval"},
      .completions = {{"env", gato::environment_names},
                      {"preset", [] {
                         return preset_names(gato::PresetFor::finetuning);
                       }}}};
  return gato::cli::run(tool, argc, argv);
}
