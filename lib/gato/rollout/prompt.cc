#include "gato/rollout/prompt.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::rollout {
namespace {

// The episode with the highest return (the first one in a tie) of those that
// did not fail and have at least one step. Unknown returns rank lowest.
struct BestEpisode {
  std::optional<data::Episode> episode;
  int64_t usable_count = 0;
};

BestEpisode find_best_episode(ingest::EpisodeSource& source) {
  BestEpisode best;
  double best_return = 0;
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    data::Episode episode = source.read_episode(i);
    if (episode.failed || episode.step_count() == 0) {
      continue;
    }
    ++best.usable_count;
    double total = episode.total_reward();
    if (std::isnan(total)) {
      total = -std::numeric_limits<double>::infinity();
    }
    if (best.episode && total <= best_return) {
      continue;
    }
    best.episode = std::move(episode);
    best_return = total;
  }
  return best;
}

}  // namespace

std::vector<data::TokenRow> demonstration_prompt(
    const std::vector<data::TokenizedDocument>& demonstrations,
    const tokenize::TaskCodec& codec, int64_t max_tokens) {
  if (!codec.task_index()) {
    return {};
  }
  for (const data::TokenizedDocument& demonstration : demonstrations) {
    if (demonstration.task_index == *codec.task_index()) {
      return leading_steps(demonstration, max_tokens);
    }
  }
  return {};
}

DatasetPrompt dataset_prompt(const std::filesystem::path& dataset,
                             const tokenize::TaskCodec& codec,
                             int64_t max_tokens, PromptPart part,
                             int64_t max_episode_steps) {
  ingest::EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  options.task = codec.spec().name;
  const std::unique_ptr<ingest::EpisodeSource> source =
      ingest::open_episodes(dataset, options);
  // The order and the roles of the fields may differ from those of the task, as
  // for an environment.
  const tokenize::TaskMatch match = base::with_context(dataset.string(), [&] {
    return tokenize::match_dataset(source->spec(), codec.spec());
  });
  BestEpisode found = find_best_episode(*source);
  std::optional<data::Episode>& best = found.episode;
  if (!best) {
    throw base::input_error(
        "{}: all of its {} episodes failed or have no step: use another "
        "dataset",
        dataset.string(), source->episode_count());
  }
  best->expert_actions.clear();  // a prompt is only read
  best = match.episode_for_model(std::move(*best));
  const std::string location =
      fmt::format("{}: episode {}, which has the highest return",
                  source->file().string(), best->id);
  return base::with_context(location, [&] {
    const data::TokenizedDocument document =
        tokenize::encode_episode(*best, codec.step_encoder());
    const int64_t last_step = std::ssize(document.step_offset) - 2;
    return DatasetPrompt{part == PromptPart::first
                             ? leading_steps(document, max_tokens)
                             : steps_until(document, last_step, max_tokens),
                         found.usable_count};
  });
}

}  // namespace gato::rollout
