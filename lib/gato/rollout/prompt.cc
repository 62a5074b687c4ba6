#include "gato/rollout/prompt.h"

#include <cmath>
#include <limits>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::rollout {
namespace {

std::optional<data::Episode> highest_return_episode(
    ingest::EpisodeSource& source) {
  std::optional<data::Episode> best;
  double best_return = 0;
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    data::Episode episode = source.read_episode(i);
    if (episode.failed || episode.step_count() == 0) continue;
    double total = episode.total_reward();
    if (std::isnan(total)) total = -std::numeric_limits<double>::infinity();
    if (best && total <= best_return) continue;
    best = std::move(episode);
    best_return = total;
  }
  return best;
}

std::vector<data::FieldColumn> reorder_columns(
    std::vector<data::FieldColumn> columns, const std::vector<size_t>& order) {
  std::vector<data::FieldColumn> reordered;
  for (size_t field : order) reordered.push_back(std::move(columns[field]));
  return reordered;
}

// Does the work; what is wrong is said with its place and what helps.
template <class Work>
auto with_prompt_context(const std::string& location, const std::string& advice,
                         Work work) {
  try {
    return work();
  } catch (const base::Error& error) {
    throw base::Error(
        error.status(),
        fmt::format("--prompt {}: {}; {}", location, error.what(), advice));
  }
}

}  // namespace

std::vector<StepTokens> demonstration_prompt(
    const std::vector<data::TokenizedDocument>& demonstrations,
    const TaskMatch& match, int64_t max_tokens) {
  for (const data::TokenizedDocument& demonstration : demonstrations)
    if (match.task_index && demonstration.task_index == *match.task_index)
      return leading_steps(demonstration, max_tokens);
  return {};
}

std::vector<StepTokens> dataset_prompt(const std::filesystem::path& dataset,
                                       const TaskMatch& match,
                                       const tokenize::StepEncoder& encoder,
                                       int64_t max_tokens,
                                       int64_t max_episode_steps) {
  ingest::EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  options.task = match.spec.name;
  const std::unique_ptr<ingest::EpisodeSource> source =
      ingest::open_episodes(dataset, options);
  // The dataset's fields are brought into the task's order and roles, as the
  // environment's are.
  const TaskMatch field_match = with_prompt_context(
      dataset.string(), fmt::format("give a dataset of '{}'", match.spec.name),
      [&] { return match_dataset(source->spec(), match.spec); });
  std::optional<data::Episode> best = highest_return_episode(*source);
  if (!best)
    throw base::input_error(
        "--prompt {}: none of its {} episodes has a step and did not fail; "
        "give another dataset, or --prompt none",
        dataset.string(), source->episode_count());
  best->observations = reorder_columns(std::move(best->observations),
                                       field_match.observation_order);
  best->actions =
      reorder_columns(std::move(best->actions), field_match.action_order);
  best->expert_actions.clear();  // a prompt is only read
  return with_prompt_context(
      fmt::format("{}: episode {}, the one with the highest return",
                  source->file().string(), best->id),
      "give another dataset, or --prompt none", [&] {
        return leading_steps(tokenize::encode_episode(*best, encoder),
                             max_tokens);
      });
}

}  // namespace gato::rollout
