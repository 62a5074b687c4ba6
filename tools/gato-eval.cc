// gato-eval evaluates policies and models.
#include "gato/cli/tool.h"
#include "gato/commands/eval/eval_compare.h"
#include "gato/commands/eval/eval_few_shot.h"
#include "gato/commands/eval/eval_loss.h"
#include "gato/commands/eval/eval_score.h"
#include "gato/commands/eval/eval_text.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-eval",
      .summary = "evaluate policies and models",
      .commands = {gato::commands::eval_score_command(),
                   gato::commands::eval_compare_command(),
                   gato::commands::eval_few_shot_command(),
                   gato::commands::eval_loss_command(),
                   gato::commands::eval_text_command()},
      .see_also = {"gato-rollout", "gato-train", "gato-pack", "gato-info",
                   "gato(7)", "gato-formats(5)"}};
  return gato::cli::run(tool, argc, argv);
}
