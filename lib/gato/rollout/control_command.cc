#include <memory>

#include "gato/rollout/control.h"

namespace gato {
namespace {

cli::Work build_control(cli::OptionTable& table) {
  auto options = std::make_shared<ControlOptions>();
  table.group("Who plays");
  table.add("model", &options->model, "Model directory, or a run of gato-train")
      .named("DIR");
  table
      .add("policy", &options->policy,
           "Scripted policy: the environment's own expert, or chance")
      .one_of({"expert", "random"})
      .named("POLICY");
  table
      .add("noise", &options->noise,
           "Disturb every action of a scripted policy: draw a discrete one "
           "anew with this probability, add Gaussian noise of this times half "
           "the range to a continuous one; the expert's own choice is recorded "
           "as infos/expert_action")
      .named("P")
      .within(0, 1);
  table.group("What is played");
  table
      .add("env", &options->environments,
           "Built-in environment (see --list-envs); may be repeated")
      .named("NAME...");
  table
      .add("env-command", &options->environment_command,
           "Shell command that starts an external environment")
      .named("CMD");
  table
      .add("hello-timeout", &options->hello_timeout,
           "Seconds that it may take to start")
      .named("S")
      .within(0.001, 1e6);
  table
      .add("step-timeout", &options->step_timeout,
           "Seconds that it may take to answer")
      .named("S")
      .within(0.001, 1e6);
  table.add("episodes", &options->episodes, "Episodes of every task")
      .named("N")
      .within(1, 1e9);
  table
      .add("max-steps", &options->max_steps,
           "Truncate episodes after so many steps; 0: after the environment's "
           "own limit, or 10000 where it states none")
      .named("N")
      .within(0, 1e9);
  table
      .add("batch", &options->batch,
           "Most environments that are played in one forward pass; every "
           "thread plays as many")
      .named("N")
      .within(1, 65536);
  table.group("How the model plays");
  table
      .add("prompt", &options->prompt,
           "What every episode begins with: the demonstration of the task in "
           "the model directory (own), the best episode of a dataset, "
           "or none. Default: own, where there is one and the model was not "
           "trained on short windows")
      .named("own|none|DATASET");
  table
      .add("max-episode-steps", &options->max_episode_steps,
           "Of the dataset of --prompt: steps after which an episode ends "
           "where it does not say; D4RL files without timeouts need it")
      .within(0, 1e12);
  table
      .add("context-steps", &options->context_steps,
           "The model reads the last W time steps and nothing older; 0: all "
           "that its context holds. Default: the windows it was trained on")
      .named("W")
      .within(0, 1e6);
  table
      .add("temperature", &options->temperature,
           "Of the sampling of action tokens; default 1")
      .named("T")
      .within(1e-6, 1e6);
  table.add("greedy", &options->greedy, "Take the likeliest token");
  table.add("blank-actions", &options->blank_actions,
            "Hide past actions from the model and sample all tokens of an "
            "action in one pass: for a model trained with --blank-actions 1. "
            "With --context-steps 1 it is how the paper's robot acts");
  table
      .add("resize", &options->resize,
           "Size that images were given when the training data was tokenized; "
           "default: what the model recorded")
      .named("HxW");
  table.require_one({"model", "policy"}, {"list-envs", "check-env"});
  table.require_one({"env", "env-command"}, {"list-envs"});
  table.require_one({"output"}, {"list-envs", "check-env"});
  table.group("Other");
  table
      .add("video", &options->video,
           "Film the first episode as an animated PNG (.png or .apng), which "
           "browsers play")
      .named("FILE.png");
  table
      .add("list-envs", &options->list_environments,
           "Print the names of the built-in environments and stop")
      .of_run();
  table
      .add("check-env", &options->check_environments,
           "Check that the environment keeps its contract and stop")
      .of_run();
  return
      [options](cli::Context& context) { return control(*options, context); };
}

}  // namespace

cli::Command control_command() {
  cli::Command command;
  command.name = "control";
  command.summary = "Play environments and record the episodes";
  command.description =
      "Plays episodes with a model or a scripted policy and writes them as a "
      "Minari dataset; with several --env, OUTPUT is a folder with one dataset "
      "a task, OUTPUT/<task name>. A table of returns goes to stdout: task, "
      "episodes, failed, mean, std, success; there is no mean where an episode "
      "failed.\n\n"
      "Minari's list_local_datasets() shows datasets whose folder is their id, "
      "gato/TASK/POLICY-v0 below $MINARI_DATASETS_PATH, and fails where a "
      "folder's name does not end in -v and a number. For a listing, give -o "
      "$MINARI_DATASETS_PATH/gato/arcade/catch/expert-v0; what the library "
      "loads may be anywhere below.\n\n"
      "An episode whose environment breaks down, or returns a NaN, is played "
      "once more; if it fails again it is recorded as failed, with the steps "
      "that it had. It is a success where any step's info \"success\" is above "
      "one half.\n\n"
      "Each action token is sampled among the ids that the action space "
      "allows. With --context-steps W the model reads its last W steps anew at "
      "every step and nothing older reaches it; with 0 it keeps the keys and "
      "values of its whole context and forgets the oldest step first, as the "
      "paper's Transformer-XL memory does. A prompt counts as past steps.\n\n"
      "The same seed gives the same episodes, whatever --threads is; with "
      "scripted policies whatever --batch is, too.";
  command.output = cli::Output::optional;
  command.output_help = "Dataset (with several --env, folder of datasets)";
  command.build = build_control;
  command.examples = {
      {"gato-rollout control --policy expert --noise 0.3 --env arcade/catch "
       "--episodes 400 -o catch",
       "demonstrations with noise, labelled with the expert's actions"},
      {"gato-rollout control --model run --env arcade/catch "
       "--env grid/goto -o played",
       "50 episodes of two tasks by a model"},
      {"gato-rollout control --check-env --env-command "
       "'python3 minigrid_env.py --task BabyAI-GoToLocal-v0'",
       "check an external environment"}};
  return command;
}

}  // namespace gato
