#include <memory>
#include <string>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/tokenize/episode_tokenizer.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/ingest/episodes/dataset_search.h"
#include "gato/ingest/episodes/minari_files.h"

namespace gato::commands {
namespace {

void add_source_options(cli::OptionTable& table,
                        TokenizeEpisodesOptions& options) {
  ingest::EpisodeSourceOptions& source = options.source;
  table.begin_group("Reading episodes");
  table
      .add("format", &source.format,
           "Format of the inputs; auto detects it from their content")
      .one_of({"auto", "minari", "d4rl", "robomimic"})
      .metavar("FORMAT");
  table.add("task", &source.task, "Name of the task")
      .metavar("NAME")
      .default_is("from the dataset");
  table.add("domain", &source.domain, "Domain of the task")
      .metavar("NAME")
      .default_is("from the dataset");
  table
      .add(
          "source", &source.source,
          "Name of the agent that played the episodes. gato-pack takes prompts "
          "from episodes of the same agent")
      .metavar("NAME")
      .default_is("from the dataset");
  table
      .add("role", &options.roles,
           "Treat KEY (nested keys are joined by '/') as text, image, discrete "
           "or continuous, instead of the role that follows from its space; "
           "may be repeated")
      .metavar("KEY=ROLE");
  add_max_episode_steps_option(table, source.max_episode_steps);
  table
      .add("mask", &source.mask,
           "Read only the episodes in this mask of a robomimic file, such as "
           "train or valid")
      .metavar("NAME");
  table.add_check([&options] {
    for (const auto& [key, role] : options.roles) {
      options.source.roles[key] = data::parse_role(role);
    }
  });
}

void add_selection_options(cli::OptionTable& table,
                           ingest::EpisodeSelectionOptions& options) {
  table.begin_group("Selecting episodes");
  table.add("successful", &options.successful_only,
            "Keep the episodes that are known to have succeeded");
  table
      .add("keep-return", &options.min_return_fraction,
           "Keep the episodes whose return is at least R times the expert's, "
           "which is the highest mean return of min(1000, N/10) consecutive "
           "episodes, at least one, among the N of the task")
      .metavar("R")
      .range(0, 1);
  table
      .add("random-return", &options.random_return,
           "Mean return of a random policy, for tasks whose returns are not "
           "positive: --keep-return then compares (return - X) with R x "
           "(expert - X)")
      .metavar("X");
  table
      .add("best", &options.best_count,
           "Keep the N episodes of each task with the highest returns")
      .range(1, 1e12);
  table
      .add("episodes", &options.sample_count,
           "Keep N random episodes of each task. For a given --seed, smaller "
           "samples are subsets of larger ones and match the first repeat of "
           "gato-finetune --episodes")
      .range(1, 1e12);
}

// Returns the file that contains the episodes: a Minari dataset has three
// names.
std::string data_path(const std::string& dataset) {
  const auto minari =
      base::try_call([&] { return ingest::find_minari_files(dataset); });
  return minari.error ? dataset : minari.value.data.string();
}

}  // namespace

cli::Command tokenize_episodes_command() {
  cli::Command command = make_token_command(
      "episodes", "convert episodes (Minari, D4RL, robomimic) to a token file",
      "DATASET...");
  command.description =
      "Reads Minari datasets (the directory, its data directory, or "
      "main_data.hdf5) and the HDF5 files of D4RL and robomimic, as described "
      "in gato-formats(5). Any other directory means all Minari datasets and "
      ".hdf5 files in it, at any depth, except for hidden ones. Episodes "
      "without text need no SentencePiece model: --text-model none. Each time "
      "step becomes its text, image, discrete and continuous observations, a "
      "separator, and its discrete and continuous actions, with the keys of "
      "each kind in byte order. Inputs of the same task must have the same "
      "observations and actions. The role of every key is logged.\n\n"
      "By default, every episode that did not fail is written. --successful, "
      "--keep-return, --best and --episodes apply in this order, each to the "
      "episodes that the previous ones keep, and separately to each task over "
      "all inputs. Selecting by return or by number requires two passes over "
      "the inputs, since bad episodes (--skip-bad) must be excluded from the "
      "comparison. The program ends with counts of the episodes that were not "
      "written, by reason, which are also stored in the output. Episodes are "
      "reported as \"unfinished\" if their last time step is neither "
      "terminated nor truncated. Episodes that lack the observation after the "
      "last action are reported as \"without final observation\". Both are "
      "still used.";
  command.seed_help =
      "Random seed of --episodes; the same seed, inputs and options give the "
      "same bytes";
  command.expand_operands = ingest::find_all_datasets;
  command.operand_path = data_path;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeEpisodesOptions>();
    add_vocabulary_options(table, options->tokenizer, TextUse::optional);
    add_resize_option(table, options->tokenizer);
    add_source_options(table, *options);
    add_selection_options(table, options->selection);
    return [options](cli::CommandContext& context) {
      return run_tokenize_episodes(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize episodes --text-model words.model -o catch.h5 "
       "catch-expert",
       "A dataset recorded by gato-rollout"},
      {"gato-tokenize episodes --text-model none -o control.h5 recordings",
       "All datasets in a directory, whose observations contain no text"},
      {"gato-tokenize episodes --text-model words.model --keep-return 0.8 -o "
       "d4rl.h5 ~/.minari/datasets/D4RL/door/human-v2",
       "The highest-return episodes of a Minari dataset"},
      {"gato-tokenize episodes --text-model words.model --task hopper --best "
       "2000 --episodes 100 --seed 1 -o hopper.h5 hopper_medium-v2.hdf5 "
       "hopper_expert-v2.hdf5",
       "A random hundred of the 2,000 best episodes in two D4RL files"}};
  return command;
}

}  // namespace gato::commands
