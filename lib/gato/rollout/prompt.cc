#include "gato/rollout/prompt.h"

#include <cmath>
#include <limits>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::rollout {
namespace {

// Returns the episode with the highest return (the first one in a tie) of those
// that did not fail and have at least one step. Unknown returns rank lowest.
std::optional<data::Episode> highest_return_episode(
    ingest::EpisodeSource& source) {
  std::optional<data::Episode> best;
  double best_return = 0;
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    data::Episode episode = source.read_episode(i);
    if (episode.failed || episode.step_count() == 0) {
      continue;
    }
    double total = episode.total_reward();
    if (std::isnan(total)) {
      total = -std::numeric_limits<double>::infinity();
    }
    if (best && total <= best_return) {
      continue;
    }
    best = std::move(episode);
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

std::vector<data::TokenRow> dataset_prompt(const std::filesystem::path& dataset,
                                           const tokenize::TaskCodec& codec,
                                           int64_t max_tokens,
                                           int64_t max_episode_steps) {
  ingest::EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  options.task = codec.spec().name;
  const std::unique_ptr<ingest::EpisodeSource> source =
      ingest::open_episodes(dataset, options);
  // As for an environment, the order and the roles of the fields may differ
  // from the task's.
  const tokenize::TaskMatch match = base::with_context(dataset.string(), [&] {
    return tokenize::match_dataset(source->spec(), codec.spec());
  });
  std::optional<data::Episode> best = highest_return_episode(*source);
  if (!best) {
    throw base::input_error(
        "{}: all of its {} episodes failed or have no step: give another "
        "dataset",
        dataset.string(), source->episode_count());
  }
  best->expert_actions.clear();  // a prompt is only read
  best = match.episode_for_model(std::move(*best));
  const std::string location =
      fmt::format("{}: episode {}, which has the highest return",
                  source->file().string(), best->id);
  return base::with_context(location, [&] {
    return leading_steps(tokenize::encode_episode(*best, codec.step_encoder()),
                         max_tokens);
  });
}

}  // namespace gato::rollout
