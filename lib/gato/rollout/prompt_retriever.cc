#include "gato/rollout/prompt_retriever.h"

#include <array>
#include <memory>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/signals.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/rollout/context_window.h"
#include "gato/tokenize/document_encoder.h"
#include "gato/tokenize/task_match.h"

namespace gato::rollout {

PromptRetriever::PromptRetriever(const std::filesystem::path& dataset,
                                 const data::TaskSpec& environment,
                                 const tokenize::TaskCodec& codec,
                                 int64_t max_episode_steps)
    : steps_(environment) {
  ingest::EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  options.task = codec.spec().name;
  const std::unique_ptr<ingest::EpisodeSource> source =
      ingest::open_episodes(dataset, options);
  // The fields of dataset, environment and model may be in different orders.
  const auto match = [&](const data::TaskSpec& spec) {
    return base::with_context(dataset.string(), [&] {
      return tokenize::match_dataset(source->spec(), spec);
    });
  };
  const tokenize::TaskMatch for_environment = match(environment);
  const tokenize::TaskMatch for_model = match(codec.spec());
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    base::throw_if_stopped();
    data::Episode episode = source->read_episode(i);
    if (episode.failed || episode.step_count() == 0) {
      continue;
    }
    episode.expert_actions.clear();  // a prompt is only read
    base::with_context(
        fmt::format("{}: episode {}", dataset.string(), episode.id), [&] {
          steps_.add_episode(for_environment.episode_for_model(episode));
          documents_.push_back(tokenize::encode_episode(
              for_model.episode_for_model(std::move(episode)),
              codec.step_encoder()));
        });
    const int64_t steps = std::ssize(documents_.back().step_offset) - 1;
    for (int64_t step = 0; step < steps; ++step) {
      locations_.push_back({documents_.size() - 1, step});
    }
  }
  if (documents_.empty()) {
    throw base::input_error(
        "{}: all of its {} episodes failed or have no step: use another "
        "dataset",
        dataset.string(), source->episode_count());
  }
  steps_.finish();
}

std::vector<data::TokenRow> PromptRetriever::nearest_steps(
    const data::FieldValues& observation, int64_t max_tokens,
    int64_t max_steps) const {
  const std::array observations = {&observation};
  const Demonstrations::Match match =
      std::move(steps_.find_nearest(observations, /*count=*/1)[0]);
  if (!match.failure.empty()) {
    throw base::input_error("{}", match.failure);
  }
  const StepLocation& nearest =
      locations_.at(static_cast<size_t>(match.steps.at(0)));
  return steps_until(documents_[nearest.document], nearest.step, max_tokens,
                     max_steps);
}

}  // namespace gato::rollout
