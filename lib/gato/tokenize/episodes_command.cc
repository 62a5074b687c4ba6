#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gato/base/placed.h"
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
    const std::string part =
        field.role == Role::image ? part_taken(field.shape) : "";
    spdlog::info("{}: {} key '{}'{} is {}{}", spec.name, kind, field.name, type,
                 name_of(field.role),
                 part.empty() ? "" : fmt::format(": {} is read", part));
  };
  for (const Field& field : spec.observation) log("observation", field);
  for (const Field& field : spec.action) log("action", field);
}

// From inputs to a token file. Where episodes are selected by comparing them,
// the inputs are read twice: bad episodes must be known before the others are
// ranked.
class EpisodesTokenizer {
 public:
  EpisodesTokenizer(const EpisodesCommand& options, const cli::Context& context)
      : options_(options),
        common_(context.common),
        selection_(options.selection),
        output_(context, options.tokens, "episodes") {}

  void run() {
    if (selection_.needs_all()) collect();
    for (const std::string& input : common_.inputs) add(input);
    output_.describe_tasks(
        [this](TaskEntry& entry) { selection_.describe(entry); });
    commit();
  }

 private:
  using SharedEpisode = std::shared_ptr<Episode>;
  using SharedReads = std::shared_ptr<DeferredReads>;
  using SharedEncoder = std::shared_ptr<const StepEncoder>;

  // The one encoder of an input: it warns once, however often that is read.
  SharedEncoder encoder_of(const std::string& input, const TaskSpec& spec) {
    SharedEncoder& encoder = encoders_[input];
    if (encoder) return encoder;
    return placed(input, [&] {
      return encoder = std::make_shared<StepEncoder>(
                 spec, output_.vocabulary(), &output_.text(), output_.resize());
    });
  }

  // What a shard keeps depends on the episodes of all inputs; those of the
  // inputs before its own are passed over.
  void collect() {
    const std::vector<std::string>& all = common_.all_inputs;
    const auto own = std::search(all.begin(), all.end(), common_.inputs.begin(),
                                 common_.inputs.end());
    std::map<std::string, int64_t> before;
    for (auto input = all.begin(); input != all.end(); ++input) {
      collect(*input, input < own, before);
    }
    for (const auto& [task, episodes] : before) {
      selection_.pass_over(task, episodes);
    }
  }

  void collect(const std::string& input, bool is_before,
               std::map<std::string, int64_t>& before) {
    const auto source = open_episodes(input, options_.source);
    const std::string& task = source->spec().name;
    const SharedEncoder encoder = encoder_of(input, source->spec());
    EpisodeCounts ignored;  // counted, as bad ones are, when read again
    OrderedJobs jobs(common_.threads);
    for_each_whole_episode(
        *source, ignored,
        [&](int64_t number, SharedEpisode episode, SharedReads later) {
          jobs.add([=, &input, &task, &before, this](int64_t) {
            OutsideTally ignored;  // told when read again
            const bool is_bad =
                cli::attempt([&] {
                  later->run(*episode);
                  return encode_episode(*episode, *encoder, &ignored);
                }).error != nullptr;
            return [=, &input, &task, &before, this] {
              if (is_bad) {
                bad_[input].insert(number);
                return;
              }
              selection_.add(task, episode->total_reward(), episode->success);
              before[task] += is_before;
            };
          });
        },
        [] {});
    jobs.finish();
  }

  void add(const std::string& input) {
    const auto source = open_episodes(input, options_.source);
    const TaskSpec& spec = source->spec();
    const int32_t task = output_.task(spec, input);
    if (output_.entry(task).episodes == 0) log_roles(spec);
    const int32_t agent =
        output_.source(source->source().empty() ? "unknown" : source->source());
    output_.provenance().add_input(source->file());
    output_.provenance().add_parent(source->provenance());
    const SharedEncoder encoder = encoder_of(input, spec);
    for_each_whole_episode(
        *source, counts_,
        [&](int64_t number, SharedEpisode episode, SharedReads later) {
          if (!may_be_kept(input, spec.name, number)) return;
          output_.add([=, this, name = spec.name] {
            const std::string place =
                fmt::format("{}: episode {}", input, episode->id);
            Encoded encoded =
                encode(*episode, *later, *encoder, place, task, agent);
            if (!selection_.needs_all()) judge(name, *episode, encoded);
            return std::vector<Encoded>{std::move(encoded)};
          });
        },
        [this] { output_.add_bad(); });
    for (const std::string& notice : source->notices()) {
      spdlog::warn("{}: {}", input, notice);
    }
  }

  // A bad episode may, so that it is told when it is encoded.
  bool may_be_kept(const std::string& input, const std::string& task,
                   int64_t number) {
    return !selection_.needs_all() || bad_[input].contains(number) ||
           selection_.keeps_next(task);
  }

  // Once it is known not to be bad.
  void judge(const std::string& task, const Episode& episode,
             Encoded& encoded) {
    encoded.is_kept = [this, task, total_reward = episode.total_reward(),
                       success = episode.success] {
      selection_.add(task, total_reward, success);
      return selection_.keeps_next(task);
    };
  }

  static Encoded encode(Episode& episode, DeferredReads& later,
                        const StepEncoder& encoder, const std::string& place,
                        int32_t task, int32_t agent) {
    OutsideTally outside;
    Encoded encoded = encode_at(place, [&] {
      later.run(episode);
      TokenizedDocument document = placed(
          place, [&] { return encode_episode(episode, encoder, &outside); });
      document.task = task;
      document.source = agent;
      return document;
    });
    encoded.outside = std::move(outside);
    return encoded;
  }

  void commit() {
    output_.leave_out("failed", counts_.failed);
    output_.leave_out("empty", counts_.empty);
    for (const auto& [reason, count] : selection_.left_out()) {
      output_.leave_out(reason, count);
    }
    if (!options_.source.mask.empty()) {
      output_.leave_out("masked", counts_.masked);
    }
    output_.commit({{"unfinished", counts_.unfinished}});
  }

  const EpisodesCommand& options_;
  const cli::CommonOptions& common_;
  EpisodeSelection selection_;
  EpisodeCounts counts_;
  std::map<std::string, SharedEncoder> encoders_;  // by input
  std::map<std::string, std::set<int64_t>> bad_;   // episodes, by input
  TokenOutput output_;  // last: its threads end before the rest goes
};

ExitStatus tokenize_episodes(EpisodesCommand options,
                             const cli::Context& context) {
  options.selection.seed = context.common.seed;
  EpisodesTokenizer(options, context).run();
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
  cli::Command command = token_command(
      "episodes",
      "episodes of an agent (Minari, D4RL, robomimic) to a token file",
      "DATASET...");
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
      "inputs. Selecting by return or by number reads and encodes the inputs "
      "twice, since bad episodes (--skip-bad) are not among those that are "
      "compared. The "
      "counts that end the run, which also go into the output, say what was "
      "left out and why; unfinished are those of the episodes read whose last "
      "step neither terminates nor is truncated.";
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
