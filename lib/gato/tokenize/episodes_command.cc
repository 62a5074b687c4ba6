#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/episode_source.h"
#include "gato/ingest/minari.h"
#include "gato/tokenize/commands.h"
#include "gato/tokenize/document.h"
#include "gato/tokenize/episode_filter.h"
#include "gato/tokenize/token_output.h"

namespace gato {
namespace {

struct EpisodesCommand {
  TokenOptions tokens;
  EpisodeSourceOptions source;
  std::map<std::string, std::string> roles;
  std::optional<double> keep_return, random_return;
};

// Episodes that are not written, by reason.
struct LeftOut {
  int64_t failed = 0, empty = 0, filtered = 0;
};

// Calls `use` with every whole episode of an input; `bad` while the Error of a
// bad one is handled.
template <class Use, class Bad>
void for_each_episode(EpisodeSource& source, LeftOut& left_out, Use use,
                      Bad bad) {
  for (int64_t i = 0; i < source.episodes(); ++i) {
    auto episode = std::make_shared<Episode>();
    try {
      *episode = source.episode(i);
      if (!episode->failed) check_rewards(*episode, source.label());
    } catch (const Error& error) {
      if (error.status() != ExitStatus::bad_input) throw;
      bad();
      continue;
    }
    if (episode->failed) {
      ++left_out.failed;
    } else if (episode->steps() == 0) {
      ++left_out.empty;
    } else {
      use(std::move(episode));
    }
  }
}

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

void collect_returns(const EpisodesCommand& options,
                     const std::vector<std::string>& inputs,
                     EpisodeFilter& filter) {
  for (const std::string& input : inputs) {
    const auto source = open_episodes(input, options.source);
    LeftOut ignored;
    for_each_episode(
        *source, ignored,
        [&](std::shared_ptr<const Episode> episode) {
          filter.add(source->spec().name, episode->total_reward());
        },
        [] {});  // counted when it is read again
  }
}

void add_input(const std::string& input, const EpisodesCommand& options,
               EpisodeFilter& filter, TokenOutput& output, LeftOut& left_out) {
  const auto source = open_episodes(input, options.source);
  const TaskSpec& spec = source->spec();
  const int32_t task = output.task(spec, input);
  if (output.entry(task).episodes == 0) log_roles(spec);
  for (const std::string& notice : source->notices()) {
    spdlog::warn("{}: {}", input, notice);
  }
  const int32_t agent =
      output.source(source->source().empty() ? "unknown" : source->source());
  output.provenance().add_input(find_minari(input).data);
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
  for_each_episode(
      *source, left_out,
      [&](std::shared_ptr<const Episode> episode) {
        const double total_reward = episode->total_reward();
        if (!filter.is_active()) filter.add(spec.name, total_reward);
        if (!filter.keeps(spec.name, total_reward)) {
          ++left_out.filtered;
          return;
        }
        output.add([encode, episode = std::move(episode)] {
          return std::vector<Encoded>{
              cli::attempt([&] { return encode(*episode); })};
        });
      },
      [&] { output.add_bad(); });
}

ExitStatus tokenize_episodes(EpisodesCommand options,
                             const cli::Context& context) {
  TokenOutput output(context, options.tokens, "episodes");
  EpisodeFilter filter(options.keep_return, options.random_return);
  const std::vector<std::string>& inputs = context.common.inputs;
  // What a shard keeps depends on the returns of all.
  if (filter.is_active())
    collect_returns(options, context.common.all_inputs, filter);
  LeftOut left_out;
  for (const std::string& input : inputs) {
    add_input(input, options, filter, output, left_out);
  }
  output.describe_tasks([&](TaskEntry& entry) { filter.describe(entry); });
  output.leave_out("failed", left_out.failed);
  output.leave_out("empty", left_out.empty);
  output.leave_out("filtered", left_out.filtered);
  output.commit();
  return ExitStatus::done;
}

void add_source_options(cli::OptionTable& table, EpisodesCommand& options) {
  table.group("Reading episodes");
  table.add("format", &options.source.format, "How the inputs are written")
      .one_of({"auto", "minari"})
      .named("FORMAT");
  table
      .add("task", &options.source.task,
           "Name of the task, in place of what the inputs say")
      .named("NAME");
  table
      .add("domain", &options.source.domain,
           "Domain of the task, in place of what the inputs say")
      .named("NAME");
  table
      .add("role", &options.roles,
           "Read KEY, a path joined with '/', as text, image, discrete or "
           "continuous in place of what its space suggests; may be repeated")
      .named("KEY=ROLE");
  table
      .add("max-episode-steps", &options.source.max_episode_steps,
           "Steps after which an episode ends where the input does not say")
      .within(0, 1e12);
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
  table.check([&options] {
    for (const auto& [key, role] : options.roles) {
      options.source.roles[key] = role_named(role);
    }
  });
}

}  // namespace

cli::Command episodes_command() {
  cli::Command command;
  command.name = "episodes";
  command.summary = "episodes of an agent (Minari) to a token file";
  command.description =
      "Reads Minari datasets: the folder, its data folder, or main_data.hdf5. "
      "Each time step becomes its text, image, discrete and continuous "
      "observations, a separator, and its discrete and continuous actions, "
      "with "
      "the keys of each kind in the order of their bytes. Inputs of the same "
      "task must have the same observations and actions. The role of every key "
      "is shown.";
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
       "The better episodes of a Minari dataset"}};
  return command;
}

}  // namespace gato
