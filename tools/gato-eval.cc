// gato-eval: what a model did, in figures to compare.
#include "gato/cli/tool.h"
#include "gato/eval/score_command.h"
#include "gato/train/evaluate_loss.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-eval",
      .summary = "score policies and models",
      .description = "",
      .commands = {gato::score_command(), gato::loss_command()},
      .see_also = {"gato-rollout", "gato-train", "gato-pack", "gato-info"}};
  return gato::cli::run(tool, argc, argv);
}
