// The options of gato-finetune. The preset that fits the model supplies the
// values that are not given.
#include "gato/commands/train/finetune.h"

#include <memory>
#include <string>
#include <vector>

#include "gato/commands/episode_options.h"
#include "gato/commands/train/finetune_run.h"
#include "gato/commands/train/preset.h"

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "Continues training a model on demonstrations of a task. For networks of "
    "10 million parameters and more, the settings are those of the paper: "
    "Adam at a constant learning rate of 1e-5, batches of 64 sequences, a "
    "dropout rate of 0.1, and 10,000 training steps. Smaller networks learn "
    "too little that way and get the preset finetuning-small by default: a "
    "learning rate of 1e-3 with a warmup of 50 steps and a cosine decay, "
    "batches of 16 sequences, targets smoothed over 8 bins, and 1,000 steps. "
    "The defaults below are those of the paper. config.toml of a run "
    "contains the settings that it was trained with.\n\n"
    "OUTPUT is a run directory like that of gato-train, and every checkpoint "
    "in it is a model. With --episodes it contains one run per sample size "
    "and repeat, such as OUTPUT/episodes-3-repeat-1/: the points of a "
    "few-shot curve, which gato-eval few-shot plots. As in the paper, the "
    "demonstrations of a repeat are sampled from the 2,000 best ones, and "
    "smaller samples are subsets of larger ones. demonstrations.json of a "
    "run names its dataset and lists the numbers of its episodes. The runs "
    "of small networks are trained side by side, in processes that share the "
    "machine (--jobs). --from-scratch trains the same network from random "
    "weights; the difference shows how much the pre-trained weights help.\n\n"
    "With --env, the policy plays --eval-episodes episodes after every "
    "--eval-every steps and after the last one, and metrics.jsonl gets a "
    "line with their returns, under the key \"evaluation\"; see "
    "gato-formats(5). Evaluations at different steps play different "
    "episodes; those of two runs at the same step play the same ones. On a "
    "CPU, a copy of the network is evaluated while training continues, so "
    "that the weights do not depend on it. The log reports how long training "
    "had to wait for evaluations, with a warning if that was more than a "
    "third of the time; --dry-run estimates both.\n\n"
    "When it is asked to stop, by SIGINT, SIGTERM, SIGHUP, SIGUSR1 or "
    "--max-time, every run saves a checkpoint, and the program exits with "
    "status 75. The same command with --resume resumes them exactly; runs "
    "that are complete are not trained again, and --episodes and --repeats "
    "may be extended.";

const std::vector<cli::UsageExample> kExamples = {
    {"gato-finetune --init run --demonstrations catch-expert -o tuned",
     "Fine-tune on all demonstrations"},
    {"gato-finetune --init run --demonstrations catch-expert --episodes "
     "1,10,100 --repeats 3 --env arcade/catch -o curve",
     "A few-shot curve of nine runs"},
    {"gato-finetune --init run --demonstrations catch-expert --episodes "
     "1,10,100 --repeats 3 --env arcade/catch -o curve --only 10:2 --resume",
     "One of these runs, as a task of a job array"}};

void check_options(const FinetuneOptions& options) {
  const FewShotOptions& few_shot = options.few_shot;
  if (!options.demonstrations) {
    const std::pair<const char*, bool> demonstration_options[] = {
        {"episodes", !few_shot.episodes.empty()},
        {"only", few_shot.only.has_value()},
        {"best", few_shot.best.has_value()}};
    for (const auto& [name, is_given] : demonstration_options) {
      if (is_given) {
        throw base::usage_error(
            "--{} applies to --demonstrations, not to --data", name);
      }
    }
  }
  check_few_shot_options(few_shot);
  if (options.initial.embedding_scale && !options.initial.from_scratch) {
    throw base::usage_error(
        "--embedding-scale requires --from-scratch: the embeddings of a model "
        "are already trained");
  }
}

// Adds the options for the training data.
void add_data_options(cli::OptionTable& table, FinetuneOptions& options) {
  table
      .add("demonstrations", &options.demonstrations,
           "Dataset of episodes, which are tokenized with the model's own "
           "vocabulary and settings")
      .metavar("DATASET")
      .may_change_on_resume();
  add_max_episode_steps_option(table, options.max_episode_steps,
                               "a demonstration");
  table
      .add("data", &options.data,
           "Sequence files from gato-pack, instead of --demonstrations")
      .metavar("FILE...")
      .files()
      .may_change_on_resume();
  table.require_exactly_one({"demonstrations", "data"});
}

void add_few_shot_options(cli::OptionTable& table, FinetuneOptions& options) {
  FewShotOptions& few_shot = options.few_shot;
  table.begin_group("Few-shot curve");
  table
      .add("episodes", &few_shot.episodes,
           "Train once for each of these numbers of randomly sampled "
           "demonstrations; smaller samples are subsets of larger ones")
      .metavar("N,...")
      .default_is("once, on all demonstrations")
      .may_change_on_resume();
  table
      .add("repeats", &few_shot.repeats,
           "Independent samples of each size; with --from-scratch also "
           "independent initial weights")
      .metavar("N")
      .range(1, 1e6)
      .may_change_on_resume();
  table
      .add("only", &few_shot.only,
           "Train only the run with this number of demonstrations and this "
           "repeat, exactly as the complete curve would, for example as one "
           "task of a job array")
      .metavar("N:REPEAT")
      .may_change_on_resume();
  table
      .add("best", &few_shot.best,
           "Train on, or sample from, only the N demonstrations with the "
           "highest returns (ties: the earlier ones); 0: no limit")
      .metavar("N")
      .range(0, 1e12)
      .default_is("2000 with --episodes, as in the paper, and otherwise 0")
      .fixed_on_resume();
  table
      .add("jobs", &options.jobs,
           "Runs to train at the same time, which share --threads; 0: as many "
           "as there are threads if the network has fewer than 10 million "
           "parameters, and otherwise 1")
      .metavar("N")
      .range(0, 1e4)
      .per_invocation();
}

void add_evaluation_options(cli::OptionTable& table, FinetuneOptions& options) {
  table.begin_group("Evaluation");
  add_environment_options(table, options.environment);
  table
      .add("eval-every", &options.evaluate_every,
           "Training steps between evaluations")
      .range(1, 1e12)
      .fixed_on_resume();
  table
      .add("eval-episodes", &options.evaluation_episodes,
           "Episodes per evaluation")
      .range(1, 1e9)
      .fixed_on_resume();
  table
      .add("max-steps", &options.evaluation_max_steps,
           "Truncate evaluation episodes after N steps; 0: only at the "
           "environment's own limit")
      .metavar("N")
      .range(0, 1e12)
      .fixed_on_resume();
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<FinetuneOptions>();
  table
      .add("init", &options->initial.init,
           "Model to start from: a model directory, or a run directory of "
           "gato-train")
      .metavar("MODEL")
      .required()
      .fixed_on_resume();
  table
      .add("from-scratch", &options->initial.from_scratch,
           "Start with new random weights, for comparison: only the network's "
           "shape and the vocabulary are those of --init")
      .fixed_on_resume();
  table
      .add("embedding-scale", &options->initial.embedding_scale,
           "With --from-scratch: standard deviation of the initial token "
           "embeddings")
      .metavar("X")
      .range(1e-6, 1e3)
      .default_is("the one that --init was trained with")
      .fixed_on_resume();
  table
      .add("preset", &options->preset,
           fmt::format("Read options from a named configuration ({}), a TOML "
                       "file in share/gato/presets that --config and the "
                       "command line override",
                       fmt::join(preset_names(PresetKind::finetuning), ", ")))
      .metavar("NAME")
      .default_is(
          "finetuning-small if the network of --init has fewer than 10 million "
          "parameters, and otherwise finetuning")
      .fixed_on_resume();
  table.set_base_config_files([options] {
    std::vector<std::string> files;
    if (options->preset.empty() && !options->initial.init.empty()) {
      options->preset = default_finetuning_preset(options->initial.init);
    }
    if (!options->preset.empty()) {
      files.push_back(
          preset_path(PresetKind::finetuning, options->preset).string());
    }
    return files;
  });
  table
      .add("dry-run", &options->dry_run,
           "Print the estimated memory and time of a run, of an evaluation and "
           "of the curve as JSON and exit; nothing is written")
      .not_in_config();
  add_data_options(table, *options);
  add_few_shot_options(table, *options);
  add_evaluation_options(table, *options);
  add_run_options(table, options->training);
  add_optimization_options(table, options->training);
  table.add_check([options] { check_options(*options); });
  return [options, &table](cli::CommandContext& context) {
    return finetune(*options, table, context);
  };
}

}  // namespace

cli::Command finetune_command() {
  cli::Command command;
  command.description = kDescription;
  command.seed_help =
      "Random seed of the samples, of the order of the data and of "
      "regularization; the same seed, inputs and options give the same weights";
  command.threads_help =
      "Number of threads of all runs together; 0: one per processor. Does not "
      "affect the weights";
  command.can_resume = true;
  command.output = cli::OutputRequirement::required;
  command.output_help = "Directory of the run";
  command.allow_existing_output = true;
  command.build = build;
  command.examples = kExamples;
  return command;
}

}  // namespace gato::commands
