#include "gato/commands/tokenize/episode_tokenizer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/cli/logging.h"
#include "gato/ingest/episodes/usable_episodes.h"
#include "gato/tokenize/document_encoder.h"

// The main thread reads episodes without their large columns and adds a job for
// each. The jobs read these columns and encode the episode. Selections are made
// in the order of the inputs, whatever order the jobs end in, so that the
// output does not depend on --threads.
namespace gato::commands {
namespace {

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

  // The episodes that a shard keeps depend on those of all inputs: those of
  // earlier shards are candidates too, but are then skipped.
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

}  // namespace

base::ExitStatus run_tokenize_episodes(TokenizeEpisodesOptions options,
                                       const cli::CommandContext& context) {
  options.selection.seed = context.common.seed;
  EpisodesTokenizer(options, context).run();
  return base::ExitStatus::success;
}

}  // namespace gato::commands
