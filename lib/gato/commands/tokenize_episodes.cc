#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/cli/terminal_progress.h"
#include "gato/commands/token_options.h"
#include "gato/commands/tokenize.h"
#include "gato/ingest/episodes/episode_selection.h"
#include "gato/ingest/episodes/usable_episodes.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::commands {
namespace {

struct TokenizeEpisodesOptions {
  TokenizerOptions tokenizer;
  ingest::EpisodeSourceOptions source;
  std::map<std::string, std::string> roles;
  ingest::EpisodeSelectionOptions selection;
};

void log_roles(const data::TaskSpec& spec) {
  const auto log = [&spec](const char* kind, const data::Field& field) {
    const std::string type =
        field.role == data::Role::text
            ? ""
            : fmt::format(" ({}{})", data::dtype_name(field.dtype),
                          nlohmann::json(field.shape).dump());
    const std::string selected_frame =
        field.role == data::Role::image
            ? tokenize::describe_selected_frame(field.shape)
            : "";
    spdlog::info("{}: {} key '{}'{} is {}{}", spec.name, kind, field.name, type,
                 data::role_name(field.role),
                 selected_frame.empty()
                     ? ""
                     : fmt::format(": {} is read", selected_frame));
  };
  for (const data::Field& field : spec.observation_fields)
    log("observation", field);
  for (const data::Field& field : spec.action_fields) log("action", field);
}

// From inputs to a token file. Where episodes are selected by comparing them,
// the inputs are read twice: bad episodes must be known before the others are
// ranked.
class EpisodesTokenizer {
 public:
  EpisodesTokenizer(const TokenizeEpisodesOptions& options,
                    const cli::CommandContext& context)
      : options_(options),
        common_(context.common),
        selection_(options.selection),
        output_(
            make_token_file_options(context, options.tokenizer, "episodes")) {}

  void run() {
    if (selection_.needs_all_episodes()) collect_candidates();
    for (const std::string& input : common_.inputs) encode_input(input);
    output_.for_each_task(
        [this](data::TaskEntry& entry) { selection_.describe(entry); });
    commit();
  }

 private:
  using SharedEpisode = std::shared_ptr<data::Episode>;
  using SharedReads = std::shared_ptr<ingest::DeferredReads>;
  using SharedEncoder = std::shared_ptr<const tokenize::StepEncoder>;

  // The one encoder of an input: it warns once, however often that is read.
  SharedEncoder find_or_make_encoder(const std::string& input,
                                     const data::TaskSpec& spec) {
    SharedEncoder& encoder = encoders_[input];
    if (encoder) return encoder;
    return base::with_context(input, [&] {
      return encoder = std::make_shared<tokenize::StepEncoder>(
                 spec, output_.vocabulary(), &output_.text_encoder(),
                 output_.resize());
    });
  }

  // What a shard keeps depends on the episodes of all inputs; those of the
  // inputs before its own are passed over.
  void collect_candidates() {
    const std::vector<std::string>& all = common_.all_inputs;
    const auto own = std::search(all.begin(), all.end(), common_.inputs.begin(),
                                 common_.inputs.end());
    std::map<std::string, int64_t> preceding_episodes;
    for (auto input = all.begin(); input != all.end(); ++input) {
      collect_input_candidates(*input, input < own, preceding_episodes);
    }
    for (const auto& [task, episodes] : preceding_episodes) {
      selection_.skip(task, episodes);
    }
  }

  void collect_input_candidates(
      const std::string& input, bool is_preceding,
      std::map<std::string, int64_t>& preceding_episodes) {
    const auto source = ingest::open_episodes(input, options_.source);
    const std::string& task = source->spec().name;
    const SharedEncoder encoder = find_or_make_encoder(input, source->spec());
    ingest::EpisodeCounts ignored;  // counted, as bad ones are, when read again
    base::OrderedThreadPool jobs(common_.threads);
    ingest::for_each_usable_episode(
        *source, ignored,
        [&](int64_t number, SharedEpisode episode, SharedReads deferred_reads) {
          jobs.submit([=, &input, &task, &preceding_episodes, this](int64_t) {
            tokenize::OutOfRangeTally ignored;  // told when read again
            const bool is_bad =
                base::try_call([&] {
                  deferred_reads->run(*episode);
                  return tokenize::encode_episode(*episode, *encoder, &ignored);
                }).error != nullptr;
            return [=, &input, &task, &preceding_episodes, this] {
              if (is_bad) {
                bad_episodes_[input].insert(number);
                return;
              }
              selection_.add(task, episode->total_reward(), episode->success);
              preceding_episodes[task] += is_preceding;
            };
          });
        },
        [] {});
    jobs.wait_all();
  }

  void encode_input(const std::string& input) {
    const auto source = ingest::open_episodes(input, options_.source);
    const data::TaskSpec& spec = source->spec();
    const int32_t task = output_.find_or_add_task(spec, input);
    if (output_.task_entry(task).episode_count == 0) log_roles(spec);
    const int32_t agent = output_.find_or_add_source(
        source->agent().empty() ? "unknown" : source->agent());
    output_.provenance().add_input(source->file());
    output_.provenance().add_parent(source->provenance());
    const SharedEncoder encoder = find_or_make_encoder(input, spec);
    ingest::for_each_usable_episode(
        *source, counts_,
        [&](int64_t number, SharedEpisode episode, SharedReads deferred_reads) {
          if (!should_encode(input, spec.name, number)) return;
          output_.add([=, this, name = spec.name] {
            const std::string location =
                fmt::format("{}: episode {}", input, episode->id);
            tokenize::EncodedRecord encoded = try_encode_episode(
                *episode, *deferred_reads, *encoder, location, task, agent);
            if (!selection_.needs_all_episodes())
              decide_after_encoding(name, *episode, encoded);
            return std::vector<tokenize::EncodedRecord>{std::move(encoded)};
          });
        },
        [this] { output_.add_bad_record(); });
    for (const std::string& notice : source->warnings()) {
      spdlog::warn("{}: {}", input, notice);
    }
  }

  // A bad episode may, so that it is told when it is encoded.
  bool should_encode(const std::string& input, const std::string& task,
                     int64_t number) {
    return !selection_.needs_all_episodes() ||
           bad_episodes_[input].contains(number) ||
           selection_.accept_next(task);
  }

  // Once it is known not to be bad.
  void decide_after_encoding(const std::string& task,
                             const data::Episode& episode,
                             tokenize::EncodedRecord& encoded) {
    encoded.accept = [this, task, total_reward = episode.total_reward(),
                      success = episode.success] {
      selection_.add(task, total_reward, success);
      return selection_.accept_next(task);
    };
  }

  static tokenize::EncodedRecord try_encode_episode(
      data::Episode& episode, ingest::DeferredReads& deferred_reads,
      const tokenize::StepEncoder& encoder, const std::string& location,
      int32_t task, int32_t agent) {
    tokenize::OutOfRangeTally out_of_range;
    tokenize::EncodedRecord encoded = tokenize::try_encode(location, [&] {
      deferred_reads.run(episode);
      data::TokenizedDocument document = base::with_context(location, [&] {
        return tokenize::encode_episode(episode, encoder, &out_of_range);
      });
      document.task_index = task;
      document.source_index = agent;
      return document;
    });
    encoded.out_of_range = std::move(out_of_range);
    return encoded;
  }

  void commit() {
    output_.count_excluded("failed", counts_.failed);
    output_.count_excluded("empty", counts_.empty);
    for (const auto& [reason, count] : selection_.rejected_counts()) {
      output_.count_excluded(reason, count);
    }
    if (!options_.source.mask.empty()) {
      output_.count_excluded("masked", counts_.masked);
    }
    cli::log_counts(output_.commit({{"unfinished", counts_.without_end_flag}}));
  }

  const TokenizeEpisodesOptions& options_;
  const cli::CommonOptions& common_;
  ingest::EpisodeSelection selection_;
  ingest::EpisodeCounts counts_;
  std::map<std::string, SharedEncoder> encoders_;          // by input
  std::map<std::string, std::set<int64_t>> bad_episodes_;  // episodes, by input
  tokenize::TokenFileBuilder
      output_;  // last: its threads end before the rest goes
};

base::ExitStatus tokenize_episodes(TokenizeEpisodesOptions options,
                                   const cli::CommandContext& context) {
  options.selection.seed = context.common.seed;
  EpisodesTokenizer(options, context).run();
  return base::ExitStatus::success;
}

void add_source_options(cli::OptionTable& table,
                        TokenizeEpisodesOptions& options) {
  ingest::EpisodeSourceOptions& source = options.source;
  table.begin_group("Reading episodes");
  table
      .add("format", &source.format,
           "How the inputs are written; auto tells it from their content")
      .one_of({"auto", "minari", "d4rl", "robomimic"})
      .metavar("FORMAT");
  table
      .add("task", &source.task,
           "Name of the task, in place of what the inputs say")
      .metavar("NAME");
  table
      .add("domain", &source.domain,
           "Domain of the task, in place of what the inputs say")
      .metavar("NAME");
  table
      .add("source", &source.source,
           "Name of the agent that acts in the inputs, in place of what they "
           "say: prompts come from episodes of the same agent")
      .metavar("NAME");
  table
      .add("role", &options.roles,
           "Read KEY, a path joined with '/', as text, image, discrete or "
           "continuous in place of what its space suggests; may be repeated")
      .metavar("KEY=ROLE");
  table
      .add("max-episode-steps", &source.max_episode_steps,
           "Steps after which an episode ends where the input does not say: "
           "D4RL files without timeouts need it")
      .range(0, 1e12);
  table
      .add("mask", &source.mask,
           "Read the episodes that this mask of a robomimic file lists, such "
           "as train or valid")
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
           "which is the highest mean return of min(1000, a tenth) consecutive "
           "episodes of the task")
      .metavar("R")
      .range(0, 1);
  table
      .add("random-return", &options.random_return,
           "Return of a random policy: --keep-return then measures from it, "
           "which tasks without positive returns need")
      .metavar("X");
  table
      .add("best", &options.best_count,
           "Keep the N episodes of each task with the highest returns")
      .range(1, 1e12);
  table
      .add("episodes", &options.sample_count,
           "Keep N episodes of each task, drawn from --seed: the same seed "
           "draws fewer out of more, and as gato-finetune draws for its first "
           "repeat")
      .range(1, 1e12);
}

}  // namespace

cli::Command tokenize_episodes_command() {
  cli::Command command = make_token_command(
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
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeEpisodesOptions>();
    add_vocabulary_options(table, options->tokenizer);
    add_resize_option(table, options->tokenizer);
    add_source_options(table, *options);
    add_selection_options(table, options->selection);
    return [options](cli::CommandContext& context) {
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

}  // namespace gato::commands
