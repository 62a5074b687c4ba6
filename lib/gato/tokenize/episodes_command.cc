#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/whole_episodes.h"
#include "gato/tokenize/commands.h"
#include "gato/tokenize/document.h"
#include "gato/tokenize/episode_selection.h"
#include "gato/tokenize/token_output.h"

namespace gato {
namespace {

struct EpisodesCommand {
  TokenOptions tokens;
  EpisodeSourceOptions source;
  std::map<std::string, std::string> roles;
  SelectionOptions selection;
};

void log_roles(const TaskSpec& spec) {
  const auto log = [&spec](const char* kind, const Field& field) {
    const std::string type =
        field.role == Role::text
            ? ""
            : fmt::format(" ({}{})", name_of(field.dtype),
                          nlohmann::json(field.shape).dump());
    spdlog::info("{}: {} key '{}'{} is {}", spec.name, kind, field.name, type,
                 name_of(field.role));
  };
  for (const Field& field : spec.observation) log("observation", field);
  for (const Field& field : spec.action) log("action", field);
}

// What a shard keeps depends on the episodes of all inputs; those of the inputs
// before its own are passed over.
void collect_episodes(const EpisodesCommand& options,
                      const cli::CommonOptions& common,
                      EpisodeSelection& selection) {
  const std::vector<std::string>& all = common.all_inputs;
  const auto own = std::search(all.begin(), all.end(), common.inputs.begin(),
                               common.inputs.end());
  std::map<std::string, int64_t> before;
  for (auto input = all.begin(); input != all.end(); ++input) {
    const auto source = open_episodes(*input, options.source);
    EpisodeCounts ignored;
    for_each_whole_episode(
        *source, ignored,
        [&](int64_t, std::shared_ptr<const Episode> episode) {
          selection.add(source->spec().name, episode->total_reward(),
                        episode->success);
          before[source->spec().name] += input < own;
        },
        [] {});  // counted when it is read again
  }
  for (const auto& [task, episodes] : before) {
    selection.pass_over(task, episodes);
  }
}

void add_input(const std::string& input, const EpisodesCommand& options,
               EpisodeSelection& selection, TokenOutput& output,
               EpisodeCounts& counts) {
  const auto source = open_episodes(input, options.source);
  const TaskSpec& spec = source->spec();
  const int32_t task = output.task(spec, input);
  if (output.entry(task).episodes == 0) log_roles(spec);
  const int32_t agent =
      output.source(source->source().empty() ? "unknown" : source->source());
  output.provenance().add_input(source->file());
  output.provenance().add_parent(source->provenance());
  std::shared_ptr<const StepEncoder> encoder;
  try {
    encoder = std::make_shared<StepEncoder>(spec, output.vocabulary(),
                                            &output.text(), output.resize());
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("{}: {}", input, error.what()));
  }
  const auto encode = [=](const Episode& episode) {
    try {
      TokenizedDocument document = encode_episode(episode, *encoder);
      document.task = task;
      document.source = agent;
      return document;
    } catch (const Error& error) {
      throw Error(error.status(), fmt::format("{}: episode {}: {}", input,
                                              episode.id, error.what()));
    }
  };
  for_each_whole_episode(
      *source, counts,
      [&](int64_t, std::shared_ptr<const Episode> episode) {
        if (!selection.needs_all()) {
          selection.add(spec.name, episode->total_reward(), episode->success);
        }
        if (!selection.keeps_next(spec.name)) return;
        output.add([encode, episode = std::move(episode)] {
          return std::vector<Encoded>{
              cli::attempt([&] { return encode(*episode); })};
        });
      },
      [&] { output.add_bad(); });
  for (const std::string& notice : source->notices()) {
    spdlog::warn("{}: {}", input, notice);
  }
}

ExitStatus tokenize_episodes(EpisodesCommand options,
                             const cli::Context& context) {
  TokenOutput output(context, options.tokens, "episodes");
  options.selection.seed = context.common.seed;
  EpisodeSelection selection(options.selection);
  const std::vector<std::string>& inputs = context.common.inputs;
  if (selection.needs_all()) {
    collect_episodes(options, context.common, selection);
  }
  EpisodeCounts counts;
  for (const std::string& input : inputs) {
    add_input(input, options, selection, output, counts);
  }
  output.describe_tasks([&](TaskEntry& entry) { selection.describe(entry); });
  output.leave_out("failed", counts.failed);
  output.leave_out("empty", counts.empty);
  for (const auto& [reason, count] : selection.left_out()) {
    output.leave_out(reason, count);
  }
  if (!options.source.mask.empty()) output.leave_out("masked", counts.masked);
  output.commit({{"unfinished", counts.unfinished}});
  return ExitStatus::done;
}

void add_source_options(cli::OptionTable& table, EpisodesCommand& options) {
  EpisodeSourceOptions& source = options.source;
  table.group("Reading episodes");
  table
      .add("format", &source.format,
           "How the inputs are written; auto tells it from their content")
      .one_of({"auto", "minari", "d4rl", "robomimic"})
      .named("FORMAT");
  table
      .add("task", &source.task,
           "Name of the task, in place of what the inputs say")
      .named("NAME");
  table
      .add("domain", &source.domain,
           "Domain of the task, in place of what the inputs say")
      .named("NAME");
  table
      .add("source", &source.source,
           "Name of the agent that acts in the inputs, in place of what they "
           "say: prompts come from episodes of the same agent")
      .named("NAME");
  table
      .add("role", &options.roles,
           "Read KEY, a path joined with '/', as text, image, discrete or "
           "continuous in place of what its space suggests; may be repeated")
      .named("KEY=ROLE");
  table
      .add("max-episode-steps", &source.max_episode_steps,
           "Steps after which an episode ends where the input does not say: "
           "D4RL files without timeouts need it")
      .within(0, 1e12);
  table
      .add("mask", &source.mask,
           "Read the episodes that this mask of a robomimic file lists, such "
           "as train or valid")
      .named("NAME");
  table.check([&options] {
    for (const auto& [key, role] : options.roles) {
      options.source.roles[key] = role_named(role);
    }
  });
}

void add_selection_options(cli::OptionTable& table, SelectionOptions& options) {
  table.group("Selecting episodes");
  table.add("successful", &options.successful,
            "Keep the episodes that are known to have succeeded");
  table
      .add("keep-return", &options.keep_return,
           "Keep the episodes whose return is at least R times the expert's, "
           "which is the highest mean return of min(1000, a tenth) consecutive "
           "episodes of the task")
      .named("R")
      .within(0, 1);
  table
      .add("random-return", &options.random_return,
           "Return of a random policy: --keep-return then measures from it, "
           "which tasks without positive returns need")
      .named("X");
  table
      .add("best", &options.best,
           "Keep the N episodes of each task with the highest returns")
      .within(1, 1e12);
  table
      .add("episodes", &options.episodes,
           "Keep N episodes of each task, drawn from --seed: the same seed "
           "draws fewer out of more, and as gato-finetune draws for its first "
           "repeat")
      .within(1, 1e12);
}

}  // namespace

cli::Command episodes_command() {
  cli::Command command;
  command.name = "episodes";
  command.summary =
      "episodes of an agent (Minari, D4RL, robomimic) to a token file";
  command.description =
      "Reads Minari datasets (the folder, its data folder, or main_data.hdf5) "
      "and the HDF5 files of D4RL and robomimic; gato-formats(5) says how. "
      "Each time step becomes its text, image, discrete and continuous "
      "observations, a separator, and its discrete and continuous actions, "
      "with the keys of each kind in the order of their bytes. Inputs of the "
      "same task must have the same observations and actions. The role of "
      "every key is shown.\n\n"
      "All that are whole are written, or a selection: --successful, "
      "--keep-return, --best and --episodes, each among the episodes that the "
      "ones before it in this list keep, and for each task by itself over all "
      "inputs. Selecting by return or by number reads the inputs twice. The "
      "counts that end the run, which also go into the output, say what was "
      "left out and why; unfinished are those of the episodes read whose last "
      "step neither terminates nor is truncated.";
  command.operands = "DATASET...";
  command.minimum_operands = 1;
  command.output = cli::Output::required;
  command.output_help = "Token file to write";
  command.skip_bad = true;
  command.sharding = cli::Sharding::operands;
  command.build = [](cli::OptionTable& table) -> cli::Work {
    auto options = std::make_shared<EpisodesCommand>();
    add_vocabulary_options(table, options->tokens);
    add_resize_option(table, options->tokens);
    add_source_options(table, *options);
    add_selection_options(table, options->selection);
    return [options](cli::Context& context) {
      return tokenize_episodes(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize episodes --text-model words.model -o catch.h5 "
       "catch-expert",
       "A dataset of gato-rollout"},
      {"gato-tokenize episodes --text-model words.model --keep-return 0.8 -o "
       "d4rl.h5 ~/.minari/datasets/D4RL/door/human-v2",
       "The better episodes of a Minari dataset"},
      {"gato-tokenize episodes --text-model words.model --task hopper --best "
       "2000 --episodes 100 --seed 1 -o hopper.h5 hopper_medium-v2.hdf5 "
       "hopper_expert-v2.hdf5",
       "A hundred of the best episodes of two D4RL files"}};
  return command;
}

}  // namespace gato
