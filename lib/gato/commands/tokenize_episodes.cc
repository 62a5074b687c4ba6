#include <memory>
#include <string>
#include <vector>

#include "gato/commands/episode_options.h"
#include "gato/commands/episode_tokenizer.h"
#include "gato/commands/tokenize.h"
#include "gato/ingest/episodes/dataset_search.h"

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
  table
      .add("task", &source.task,
           "Name of the task, overriding that in the inputs")
      .metavar("NAME");
  table
      .add("domain", &source.domain,
           "Domain of the task, overriding that in the inputs")
      .metavar("NAME");
  table
      .add("source", &source.source,
           "Name of the agent that acts in the inputs, overriding that in the "
           "inputs: prompts come from episodes of the same agent")
      .metavar("NAME");
  table
      .add("role", &options.roles,
           "Read KEY, a path joined with '/', as text, image, discrete or "
           "continuous, overriding what its space suggests; may be repeated")
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
           "episodes among the N of the task")
      .metavar("R")
      .range(0, 1);
  table
      .add("random-return", &options.random_return,
           "Return of a random policy, from which --keep-return then measures: "
           "needed for tasks without positive returns")
      .metavar("X");
  table
      .add("best", &options.best_count,
           "Keep the N episodes of each task with the highest returns")
      .range(1, 1e12);
  table
      .add("episodes", &options.sample_count,
           "Keep N random episodes of each task, sampled from --seed: with the "
           "same seed smaller samples are subsets of larger ones, and the same "
           "as those of gato-finetune's first repeat")
      .range(1, 1e12);
}

}  // namespace

cli::Command tokenize_episodes_command() {
  cli::Command command = make_token_command(
      "episodes", "convert episodes (Minari, D4RL, robomimic) to a token file",
      "DATASET...");
  command.description =
      "Reads Minari datasets (the folder, its data folder, or main_data.hdf5) "
      "and the HDF5 files of D4RL and robomimic, as described in "
      "gato-formats(5). Any other folder stands for all Minari datasets and "
      ".hdf5 files in it, at any depth, except for hidden ones. Episodes "
      "without text need no text model: --text-model none. Each time step "
      "becomes its text, image, discrete and "
      "continuous observations, a separator, and its discrete and continuous "
      "actions, with the keys of each kind in byte order. Inputs of the same "
      "task must have the same observations and actions. The role of every key "
      "is logged.\n\n"
      "All episodes that did not fail are written, unless some are selected. "
      "--successful, --keep-return, --best and --episodes apply in this order, "
      "each to the episodes that the previous ones keep, and separately to "
      "each task over all inputs. Selecting by return or by number reads and "
      "encodes the inputs twice, since bad episodes (--skip-bad) must not take "
      "part in the comparison. The run ends with counts of what was left out "
      "and why, which are also stored in the output. Episodes count as "
      "unfinished if their last step is neither terminated nor truncated. The "
      "observation after the last action is not needed; episodes without it "
      "are counted, too.";
  command.expand_operands = ingest::find_all_datasets;
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
       "All datasets in a folder, whose observations contain no text"},
      {"gato-tokenize episodes --text-model words.model --keep-return 0.8 -o "
       "d4rl.h5 ~/.minari/datasets/D4RL/door/human-v2",
       "The better episodes of a Minari dataset"},
      {"gato-tokenize episodes --text-model words.model --task hopper --best "
       "2000 --episodes 100 --seed 1 -o hopper.h5 hopper_medium-v2.hdf5 "
       "hopper_expert-v2.hdf5",
       "A hundred of the best episodes in two D4RL files"}};
  return command;
}

}  // namespace gato::commands
