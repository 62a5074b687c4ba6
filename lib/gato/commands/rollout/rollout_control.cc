// The options of the command. control_validation.h validates them, and
// control_run.h plays the tasks.
#include "gato/commands/rollout/rollout_control.h"

#include <memory>

#include "gato/base/parse_number.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/rollout/control_run.h"
#include "gato/commands/rollout/control_validation.h"
#include "gato/commands/rollout/environment_report.h"

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "Runs episodes with a model or a scripted policy and writes them as a "
    "Minari dataset. With several environments, OUTPUT is a directory with one "
    "dataset per task, OUTPUT/<task name>. A table of returns is printed to "
    "standard output: task, episodes, failed, mean, std, success. There is no "
    "mean if an episode failed.\n\n"
    "Minari's list_local_datasets() shows datasets whose directory is their "
    "id, gato/TASK/POLICY-v0 below $MINARI_DATASETS_PATH, and fails if the "
    "name of a directory does not end in -v and a number. To have a dataset "
    "listed, use -o $MINARI_DATASETS_PATH/gato/arcade/catch/expert-v0. The "
    "library loads datasets from anywhere below that path.\n\n"
    "If an environment fails or returns NaN, the episode is retried once. If "
    "it fails again, it is recorded as failed, with the time steps before the "
    "failure. If all episodes of a task failed, the dataset is written and the "
    "exit status is 1. An episode succeeded if the info \"success\" or "
    "\"is_success\" exceeded 0.5 at any time step.\n\n"
    "An external environment implements the protocol of "
    "share/gato/envs/README.md. That directory is appended to its PYTHONPATH, "
    "so that 'python -m gymnasium_env' and 'import gato_environment' work from "
    "any directory.\n\n"
    "Episodes are kept in OUTPUT.partial until all of them have been played "
    "and the output is written. SIGINT, SIGTERM, SIGHUP and SIGUSR1 stop the "
    "program with exit status 75 if any episode is complete. The same command "
    "with --resume then plays the missing episodes and writes the same bytes "
    "as without an interruption, even after a crash. If OUTPUT is complete, "
    "--resume does nothing, so that a job can be submitted again and again. "
    "Without a model, --episodes and --batch may be changed until OUTPUT is "
    "complete.\n\n"
    "--shard I/N plays shard I of N of the episodes, with the seeds that they "
    "have without --shard, so that the datasets of all N shards contain "
    "exactly the same episodes.\n\n"
    "Each thread plays --batch episodes at a time and begins the next one as "
    "soon as one has ended. If there are several environments and any of them "
    "is external, several tasks are played at the same time, with at most "
    "twice as many environments in all as --batch times --threads. Episodes do "
    "not depend on --batch and --threads, except through rounding if a model "
    "plays: results of a forward pass can differ in the last bits depending on "
    "its batch size. If two tokens are nearly equally likely (with --greedy), "
    "or the random number is close to the boundary between two tokens, a "
    "different token may then be chosen. The same options nevertheless give "
    "the same episodes: a forward pass waits for the observations of all "
    "episodes of the batch (not with --control-period), and each thread plays "
    "batches whose episodes follow from --episodes, --batch and --threads. "
    "--resume plays incomplete batches, of up to four times --batch episodes, "
    "again. If a model plays, shards divide the batches rather than the "
    "episodes. With --batch 1, there is no such rounding.\n\n"
    "With --control-period, ticks are multiples of the period, counted from "
    "the reply to the reset. The first action is sent as soon as it is known, "
    "and each of the others at a tick. An action that is not known at its tick "
    "is sent at the next one; the ticks that it missed are overruns. Delays do "
    "not accumulate. At the end, a line reports the overruns and the latency "
    "from the arrival of an observation to the sending of its action; the "
    "dataset stores both in the attribute gato_latency. Use --batch 1 for a "
    "robot.\n\n"
    "--policy nearest compares observations by the sum of squares of the "
    "differences between their numbers, each divided by its standard deviation "
    "in the demonstrations of the task. An image counts as the mean of each "
    "color channel in each cell of an 8 x 8 grid. Ties go to the earlier "
    "observation. If a text equals that of any demonstration, only the steps "
    "with this text are compared. Ties between discrete actions go to the "
    "smallest.\n\n"
    "Each action token is sampled among the ids that the action space allows. "
    "With --context-steps W, the last W time steps are encoded again at every "
    "time step, and nothing older affects the model. With 0, keys and values "
    "are cached and the oldest time steps are evicted first, like the paper's "
    "Transformer-XL memory. The time steps of a prompt count toward the "
    "context. With --prompt-part nearest, an action depends on the current "
    "observation and on the steps that were retrieved for it, as many as fit "
    "in the context or --context-steps; distances are those of --policy "
    "nearest. A dataset that was played with --prompt DATASET or --policy "
    "nearest records how many demonstrations there were; gato-eval few-shot "
    "draws curves from such datasets.";

const std::vector<cli::UsageExample> kExamples = {
    {"gato-rollout control --policy expert --noise 0.3 --env arcade/catch "
     "--episodes 400 -o catch",
     "Demonstrations with noise, labeled with the expert's actions"},
    {"gato-rollout control --model run --env arcade/catch --env grid/goto -o "
     "played",
     "50 episodes of each of two tasks, played by a model"},
    {"gato-rollout control --policy nearest --demonstrations catch --env "
     "arcade/catch --video catch.webp -o nearest",
     "Play from demonstrations without training, and record a video of nine "
     "episodes"},
    {"gato-rollout control --model run --env-command ./robot "
     "--control-period 50ms --batch 1 --context-steps 1 --blank-actions -o "
     "robot",
     "Control a robot at 20 Hz"},
    {"gato-rollout control --check-env --env-command 'python3 -m "
     "minigrid_env --task BabyAI-GoToLocal-v0'",
     "Check an external environment"},
    {"gato-rollout control --policy expert --env grid/goto --episodes 10000 "
     "--shard 3/8 --resume -o shard3",
     "One of eight jobs, each of which can be submitted again if it was "
     "stopped"}};

// The groups of options, in the order of the help.
void add_policy_options(cli::OptionTable& table,
                        RolloutControlOptions& options) {
  table.begin_group("Agent");
  table
      .add("model", &options.model,
           "Model directory, or a run directory of gato-train")
      .metavar("DIR")
      .fixed_on_resume();
  table
      .add("policy", &options.policy,
           "Policy without a model: the environment's own expert, random "
           "actions, or nearest, which takes the action of the nearest "
           "observation in the --demonstrations")
      .one_of({"expert", "random", "nearest"})
      .metavar("POLICY")
      .fixed_on_resume();
  table
      .add("demonstrations", &options.demonstrations,
           "Datasets of the tasks for --policy nearest, in any format that "
           "gato-tokenize episodes reads; a directory means every dataset in "
           "it. If the expert's actions are recorded, those are used")
      .metavar("DATASET...")
      .fixed_on_resume();
  table
      .add("neighbors", &options.neighbors,
           "Combine the actions of the K nearest observations: the mean of "
           "continuous elements, and the most frequent of discrete ones")
      .metavar("K")
      .range(1, 1e6)
      .fixed_on_resume();
  table
      .add(
          "noise", &options.noise,
          "Add noise to every action of a scripted policy, so that "
          "demonstrations cover the recovery from mistakes: replace a discrete "
          "element with a random one with probability P, and add Gaussian "
          "noise to a continuous one, with a standard deviation of P times "
          "half its range. The action without noise is recorded as "
          "infos/expert_action and becomes the training label")
      .metavar("P")
      .range(0, 1)
      .fixed_on_resume();
}

void add_episode_options(cli::OptionTable& table,
                         RolloutControlOptions& options) {
  table.begin_group("Environments");
  add_environment_options(table, options.environments);
  table.add("episodes", &options.episodes, "Episodes per task")
      .metavar("N")
      .range(1, 1e9)
      .fixed_on_resume_with("model");
  table
      .add("max-steps", &options.max_steps,
           "Truncate episodes after N time steps; 0: after the environment's "
           "own limit, or after 10000 if it has none")
      .metavar("N")
      .range(0, 1e9)
      .fixed_on_resume();
  table
      .add("batch", &options.batch_size,
           "Maximum number of episodes that a thread plays at a time. External "
           "environments work at the same time, and a model reads all "
           "available observations in one forward pass")
      .metavar("N")
      .range(1, 65536)
      .fixed_on_resume_with("model");
  table
      .add("control-period", &options.control_period,
           "Send actions at multiples of T, such as 50ms or 0.05s, after the "
           "reply to the reset, for environments that run in real time. The "
           "latencies of all steps are reported and recorded")
      .metavar("T")
      .fixed_on_resume();
}

void add_model_options(cli::OptionTable& table,
                       RolloutControlOptions& options) {
  table.begin_group("Model");
  table
      .add("prompt", &options.prompt,
           "Prompt that precedes every episode. own: the demonstration of the "
           "task in the model directory. none: no prompt. DATASET: the best "
           "episode of a dataset")
      .metavar("own|none|DATASET")
      .default_is(
          "own if there is one and the model was not trained on short windows, "
          "otherwise none")
      .fixed_on_resume();
  table
      .add("prompt-part", &options.prompt_part,
           "Which part of DATASET to use as the prompt. first: the beginning "
           "of its best episode. last: the end, which shows the goal. nearest: "
           "at every time step, the part of an episode whose last observation "
           "is nearest to the current one, instead of the past time steps")
      .one_of({"first", "last", "nearest"})
      .metavar("PART")
      .fixed_on_resume();
  add_max_episode_steps_option(table, options.max_episode_steps,
                               "an episode of the --prompt dataset");
  table
      .add("context-steps", &options.context_steps,
           "Let the model read only the last W time steps; 0: as many as fit "
           "in its context")
      .metavar("W")
      .range(0, 1e6)
      .default_is("the time steps per window that it was trained on")
      .fixed_on_resume();
  table
      .add("temperature", &options.temperature,
           "Temperature at which action tokens are sampled")
      .metavar("T")
      .range(1e-6, 1e6)
      .default_is("1")
      .fixed_on_resume();
  table.add("greedy", &options.greedy, "Always take the most likely token")
      .fixed_on_resume();
  table
      .add("blank-actions", &options.mask_actions,
           "Mask past actions in the input and sample all tokens of an action "
           "after one forward pass, for a model that was trained with "
           "--blank-actions 1. This is how the paper controls its real robot, "
           "with --context-steps 1")
      .fixed_on_resume();
  add_resize_option(table, options.resize);
  add_decoding_options(table, options.decoding);
}

void add_other_options(cli::OptionTable& table,
                       RolloutControlOptions& options) {
  table.begin_group("Other");
  table
      .add("video", &options.video,
           "Record the first episodes side by side as an animation that "
           "browsers play: a PNG (.png or .apng), or a smaller WebP (.webp). "
           "If the environment fails to render, there is no video, and the "
           "episodes are the same as without --video")
      .metavar("FILE")
      .may_change_on_resume();
  table
      .add("video-episodes", &options.video_episodes,
           "Number of episodes in the video")
      .metavar("N")
      .range(1, 100)
      .may_change_on_resume();
  table
      .add("resume", &options.resume,
           "Continue a recording that was interrupted, or start it if there is "
           "none")
      .not_in_config();
  table
      .add("list-envs", &options.list_environments,
           "Print the names of the environments that can be played, one per "
           "line, and exit")
      .not_in_config();
  table
      .add("built-in", &options.list_built_in,
           "With --list-envs: only the built-in environments")
      .not_in_config();
  table
      .add("long", &options.list_long,
           "With --list-envs: a table with descriptions, and the domains that "
           "are not installed")
      .not_in_config();
  table
      .add("check-env", &options.check_environments,
           "Check that the environments implement their interface correctly, "
           "warn of observations outside their spaces, and exit")
      .not_in_config();
}

base::ExitStatus run_control(const RolloutControlOptions& options,
                             const cli::OptionTable& table,
                             cli::CommandContext& context) {
  if (options.list_environments) {
    list_environments(options.environments, options.list_built_in,
                      options.list_long);
    return base::ExitStatus::success;
  }
  if (options.check_environments) {
    return check_environments(options.environments, context.common.seed);
  }
  validate_control_options(options, context.common);
  return play_tasks(options, table, context);
}

cli::CommandFunction build_control_command(cli::OptionTable& table) {
  auto options = std::make_shared<RolloutControlOptions>();
  add_policy_options(table, *options);
  add_episode_options(table, *options);
  add_model_options(table, *options);
  table.require_exactly_one({"model", "policy"}, {"list-envs", "check-env"});
  table.require_at_least_one({"env", "env-command"}, {"list-envs"});
  table.require_exactly_one({"output"}, {"list-envs", "check-env"});
  add_other_options(table, *options);
  return [options, &table](cli::CommandContext& context) {
    return run_control(*options, table, context);
  };
}

}  // namespace

double control_period(const RolloutControlOptions& options) {
  return options.control_period
             ? base::parse_duration(*options.control_period,
                                    "option --control-period")
             : 0;
}

cli::Command rollout_control_command() {
  cli::Command command;
  command.name = "control";
  command.summary = "run episodes in environments and record them";
  command.other_usages = {"--list-envs",
                          "--check-env (--env NAME... | --env-command CMD)"};
  command.description = kDescription;
  command.seed_help =
      "Random seed of the environments and of the policy; the same seed, "
      "inputs and options give the same episodes, with a model for the same "
      "--batch and --threads";
  command.can_resume = true;
  command.output = cli::OutputRequirement::optional;
  command.output_help =
      "Dataset, or with several environments a directory of datasets";
  command.allow_existing_output = true;  // --resume
  command.sharding = cli::Sharding::work;
  command.build = build_control_command;
  command.examples = kExamples;
  return command;
}

}  // namespace gato::commands
