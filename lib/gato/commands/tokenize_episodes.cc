// The main thread reads episodes without their large columns and adds a job for
// each. The jobs read these columns and encode the episode. Selections are made
// in the order of the inputs, whatever order the jobs end in, so that the
// output does not depend on --threads.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/cli/logging.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/token_options.h"
#include "gato/commands/tokenize.h"
#include "gato/ingest/episodes/dataset_search.h"
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
  for (const data::Field& field : spec.observation_fields) {
    log("observation", field);
  }
  for (const data::Field& field : spec.action_fields) {
    log("action", field);
  }
}

// Turns inputs into a token file. If the selection compares episodes, the
// inputs are read twice: bad episodes must be known before the others are
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
    if (selection_.needs_all_episodes()) {
      collect_candidates();
    }
    for (const std::string& input : common_.inputs) {
      encode_input(input);
    }
    output_.for_each_task(
        [this](data::TaskEntry& entry) { selection_.describe(entry); });
    commit();
  }

 private:
  using SharedEncoder = std::shared_ptr<const tokenize::StepEncoder>;

  // Each input has one encoder, so that the encoder's warnings are not repeated
  // when the input is read again.
  SharedEncoder find_or_make_encoder(const std::string& input,
                                     const data::TaskSpec& spec) {
    SharedEncoder& encoder = encoders_[input];
    if (encoder) {
      return encoder;
    }
    return base::with_context(input, [&] {
      return encoder = std::make_shared<tokenize::StepEncoder>(
                 spec, output_.vocabulary(), output_.text_encoder(),
                 output_.resize());
    });
  }

  // What a shard keeps depends on the episodes of all inputs: those of earlier
  // shards are candidates too, but are then skipped.
  void collect_candidates() {
    const std::vector<std::string>& all = common_.all_inputs;
    const auto first_own = std::search(
        all.begin(), all.end(), common_.inputs.begin(), common_.inputs.end());
    std::map<std::string, int64_t> preceding_episodes;  // by task
    for (auto input = all.begin(); input != all.end(); ++input) {
      collect_input_candidates(*input, input < first_own, preceding_episodes);
    }
    for (const auto& [task, episodes] : preceding_episodes) {
      selection_.skip(task, episodes);
    }
  }

  // Encodes each episode to find the bad ones, and adds the others to the
  // selection. Counts and warnings are left to encode_input().
  void collect_input_candidates(
      const std::string& input, bool is_preceding,
      std::map<std::string, int64_t>& preceding_episodes) {
    const auto source = ingest::open_episodes(input, options_.source);
    const std::string& task = source->spec().name;
    const SharedEncoder encoder = find_or_make_encoder(input, source->spec());
    ingest::UsableEpisodes episodes(*source);
    base::OrderedThreadPool jobs(common_.threads);
    while (true) {
      const auto next = episodes.next();
      if (next.error) {
        continue;
      }
      if (!next.value) {
        break;
      }
      jobs.submit([usable = *next.value, encoder, &input, &task,
                   &preceding_episodes, is_preceding, this](int64_t) {
        const bool is_bad = !can_encode(usable, *encoder);
        return [=, &input, &task, &preceding_episodes, this] {
          if (is_bad) {
            bad_episodes_[input].insert(usable.index);
            return;
          }
          selection_.add(task, usable.episode->total_reward(),
                         usable.episode->success);
          preceding_episodes[task] += is_preceding;
        };
      });
    }
    jobs.wait_all();
  }

  static bool can_encode(const ingest::UsableEpisode& usable,
                         const tokenize::StepEncoder& encoder) {
    const auto encoded = base::try_call([&] {
      tokenize::OutOfRangeTally ignored;
      usable.deferred_reads->run(*usable.episode);
      return tokenize::encode_episode(*usable.episode, encoder, &ignored);
    });
    return encoded.error == nullptr;
  }

  void encode_input(const std::string& input) {
    const auto source = ingest::open_episodes(input, options_.source);
    const data::TaskSpec& spec = source->spec();
    const int32_t task = output_.find_or_add_task(spec, input);
    if (output_.task_entry(task).episode_count == 0) {
      log_roles(spec);
    }
    const int32_t agent = output_.find_or_add_source(
        source->agent().empty() ? "unknown" : source->agent());
    output_.provenance().add_input(source->file());
    output_.provenance().add_parent(source->provenance());
    const SharedEncoder encoder = find_or_make_encoder(input, spec);
    ingest::UsableEpisodes episodes(*source);
    while (true) {
      auto next = episodes.next();
      if (next.error) {
        output_.add([error = next.error] {
          return std::vector<tokenize::EncodedRecord>{{{}, error}};
        });
        continue;
      }
      if (!next.value) {
        break;
      }
      if (!should_encode(input, spec.name, next.value->index)) {
        continue;
      }
      output_.add([usable = *std::move(next.value), encoder, input, task, agent,
                   name = spec.name, this] {
        const std::string location =
            fmt::format("{}: episode {}", input, usable.episode->id);
        tokenize::EncodedRecord encoded =
            try_encode_episode(usable, *encoder, location, task, agent);
        if (!selection_.needs_all_episodes()) {
          decide_after_encoding(name, *usable.episode, encoded);
        }
        return std::vector<tokenize::EncodedRecord>{std::move(encoded)};
      });
    }
    counts_ += episodes.counts();
    for (const std::string& notice : source->warnings()) {
      spdlog::warn("{}: {}", input, notice);
    }
  }

  // Bad episodes are encoded too, so that their errors are reported.
  bool should_encode(const std::string& input, const std::string& task,
                     int64_t index) {
    return !selection_.needs_all_episodes() ||
           bad_episodes_[input].contains(index) || selection_.accept_next(task);
  }

  // Makes the output ask the selection once the episode is known not to be bad.
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
      const ingest::UsableEpisode& usable, const tokenize::StepEncoder& encoder,
      const std::string& location, int32_t task, int32_t agent) {
    tokenize::OutOfRangeTally out_of_range;
    tokenize::EncodedRecord encoded = tokenize::try_encode(location, [&] {
      usable.deferred_reads->run(*usable.episode);
      data::TokenizedDocument document = base::with_context(location, [&] {
        return tokenize::encode_episode(*usable.episode, encoder,
                                        &out_of_range);
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
    tokenize::Counts extra_counts{{"unfinished", counts_.without_end_flag}};
    if (counts_.without_final_observation > 0) {
      extra_counts.emplace_back("without final observation",
                                counts_.without_final_observation);
    }
    cli::log_counts(output_.commit(extra_counts));
  }

  const TokenizeEpisodesOptions& options_;
  const cli::CommonOptions& common_;
  ingest::EpisodeSelection selection_;
  ingest::EpisodeCounts counts_;
  std::map<std::string, SharedEncoder> encoders_;          // by input
  std::map<std::string, std::set<int64_t>> bad_episodes_;  // indices by input
  tokenize::TokenFileBuilder output_;  // last, so that its threads end first
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

}  // namespace

cli::Command tokenize_episodes_command() {
  cli::Command command = make_token_command(
      "episodes", "convert episodes (Minari, D4RL, robomimic) to a token file",
      "DATASET...");
  command.description =
      "Reads Minari datasets (the directory, its data directory, or "
      "main_data.hdf5) and the HDF5 files of D4RL and robomimic, as described "
      "in gato-formats(5). Any other directory stands for all Minari datasets "
      "and .hdf5 files in it, at any depth, except for hidden ones. Episodes "
      "without text need no SentencePiece model: --text-model none. Each time "
      "step becomes its text, image, discrete and continuous observations, a "
      "separator, and its discrete and continuous actions, with the keys of "
      "each kind in byte order. Inputs of the same task must have the same "
      "observations and actions. The role of every key is logged.\n\n"
      "By default, every episode that did not fail is written. --successful, "
      "--keep-return, --best and --episodes apply in this order, each to the "
      "episodes that the previous ones keep, and separately to each task over "
      "all inputs. Selecting by return or by number requires two passes over "
      "the inputs, since bad episodes (--skip-bad) must not take part in the "
      "comparison. The program ends with counts of the episodes that were not "
      "written, by reason, which are also stored in the output. Episodes are "
      "reported as \"unfinished\" if their last time step is neither "
      "terminated "
      "nor truncated. Episodes that lack the observation after the last action "
      "are reported as \"without final observation\". Both are still used.";
  command.seed_help =
      "Random seed of --episodes; the same seed, inputs and options give the "
      "same bytes";
  command.expand_operands = ingest::find_all_datasets;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeEpisodesOptions>();
    add_vocabulary_options(table, options->tokenizer, TextUse::optional);
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
       "A dataset recorded by gato-rollout"},
      {"gato-tokenize episodes --text-model none -o control.h5 recordings",
       "All datasets in a directory, whose observations contain no text"},
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
