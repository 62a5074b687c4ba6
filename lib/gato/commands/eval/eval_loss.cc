#include "gato/commands/eval/eval_loss.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "gato/commands/eval/loss_options.h"
#include "gato/train/evaluate_loss.h"
#include "gato/train/input/sequence_file_data.h"

namespace gato::commands {
namespace {

struct EvalLossOptions {
  std::string model;
  std::vector<std::string> data;
  LossOptions model_options;
  bool swap_observations = false;
};

base::ExitStatus run_eval_loss(const EvalLossOptions& options,
                               const cli::CommandContext& context) {
  const train::SequenceFileData data(
      {options.data.begin(), options.data.end()});
  const model::LoadedModel model =
      load_model_for_loss(options.model, options.model_options);
  const nlohmann::json losses =
      train::evaluate_loss(*model.network, data,
                           {.threads = context.common.threads,
                            .progress = &context.progress,
                            .swap_observations = options.swap_observations});
  std::cout << losses.dump(2) << "\n";
  return base::ExitStatus::success;
}

}  // namespace

cli::Command eval_loss_command() {
  cli::Command command;
  command.name = "loss";
  command.summary = "compute the loss of a model on held-out sequences";
  command.description =
      "Prints the mean cross-entropy of the target tokens, in nats, as JSON: "
      "in total and by modality, domain and task. Sequences without any target "
      "have no loss: the status is 3.\n\n"
      "With --swap-observations, the observations other than text are "
      "replaced, time step by time step, by those of another sequence of the "
      "same task, while actions, labels and separators are kept. The loss "
      "rises if the policy uses its observations; it does not if the policy "
      "copies its past actions.";
  command.seed_help = cli::kUnusedOption;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<EvalLossOptions>();
    table
        .add("model", &options->model,
             "Model directory, or a run directory of gato-train")
        .metavar("DIR")
        .required();
    table
        .add("data", &options->data,
             "Sequence files from gato-pack, treated as one dataset")
        .metavar("FILE...")
        .files()
        .required();
    add_loss_options(table, options->model_options);
    table.add("swap-observations", &options->swap_observations,
              "Replace the observations other than text with those of other "
              "sequences of the same task");
    return [options](cli::CommandContext& context) {
      return run_eval_loss(*options, context);
    };
  };
  command.examples = {
      {"gato-eval loss --model run --data held-out.h5",
       "The loss in total and by modality, domain and task"},
      {"gato-eval loss --model run --data held-out.h5 --swap-observations",
       "The same with the observations of other sequences"}};
  return command;
}

}  // namespace gato::commands
