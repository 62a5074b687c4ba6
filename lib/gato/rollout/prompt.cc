#include "gato/rollout/prompt.h"

#include <cmath>
#include <limits>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episode_source.h"

namespace gato {
namespace {

std::optional<Episode> best_episode(EpisodeSource& source) {
  std::optional<Episode> best;
  double best_return = 0;
  for (int64_t i = 0; i < source.episodes(); ++i) {
    Episode episode = source.episode(i);
    if (episode.failed || episode.steps() == 0) continue;
    double total = episode.total_reward();
    if (std::isnan(total)) total = -std::numeric_limits<double>::infinity();
    if (best && total <= best_return) continue;
    best = std::move(episode);
    best_return = total;
  }
  return best;
}

std::vector<Column> arrange(std::vector<Column> columns,
                            const std::vector<size_t>& order) {
  std::vector<Column> arranged;
  for (size_t field : order) arranged.push_back(std::move(columns[field]));
  return arranged;
}

// Does the work; what is wrong is said with its place and what helps.
template <class Work>
auto placed(const std::string& place, const std::string& advice, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("--prompt {}: {}; {}", place,
                                            error.what(), advice));
  }
}

}  // namespace

std::vector<StepTokens> own_prompt(
    const std::vector<TokenizedDocument>& demonstrations,
    const TaskMatch& match, int64_t tokens) {
  for (const TokenizedDocument& demonstration : demonstrations)
    if (match.task && demonstration.task == *match.task)
      return first_steps(demonstration, tokens);
  return {};
}

std::vector<StepTokens> dataset_prompt(const std::filesystem::path& dataset,
                                       const TaskMatch& match,
                                       const StepEncoder& encoder,
                                       int64_t tokens,
                                       int64_t max_episode_steps) {
  EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  options.task = match.spec.name;
  const std::unique_ptr<EpisodeSource> source = open_episodes(dataset, options);
  // The dataset's fields are brought into the task's order and roles, as the
  // environment's are.
  const TaskMatch fields = placed(
      dataset.string(), fmt::format("give a dataset of '{}'", match.spec.name),
      [&] { return match_dataset(source->spec(), match.spec); });
  std::optional<Episode> best = best_episode(*source);
  if (!best)
    throw input_error(
        "--prompt {}: none of its {} episodes has a step and did not fail; "
        "give another dataset, or --prompt none",
        dataset.string(), source->episodes());
  best->observations =
      arrange(std::move(best->observations), fields.observation_order);
  best->actions = arrange(std::move(best->actions), fields.action_order);
  best->expert_actions.clear();  // a prompt is only read
  return placed(fmt::format("{}: episode {}, the one with the highest return",
                            source->file().string(), best->id),
                "give another dataset, or --prompt none", [&] {
                  return first_steps(encode_episode(*best, encoder), tokens);
                });
}

}  // namespace gato
