// Prompts that follow the episode: at every time step, the part of the
// demonstrations whose end is nearest to the current observation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/rollout/demonstrations.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {

// The steps of demonstrations as tokens. May be used by several threads.
class PromptRetriever {
 public:
  // Reads the episodes of a dataset that did not fail. `environment` is the
  // task in the environment's own order of fields, and `codec` encodes it.
  // `max_episode_steps` is that of ingest::EpisodeSourceOptions. Throws
  // Error(bad_input) if the fields of the dataset are not the task's, if it has
  // no usable episode or if one cannot be encoded. Also throws like
  // ingest::open_episodes.
  PromptRetriever(const std::filesystem::path& dataset,
                  const data::TaskSpec& environment,
                  const tokenize::TaskCodec& codec,
                  int64_t max_episode_steps = 0);

  int64_t episode_count() const { return steps_.episode_count(); }

  // Returns complete steps of a demonstration, of which the last is that with
  // the nearest observation (Demonstrations::find_nearest()): as many as there
  // are before it in the episode, up to `max_tokens` tokens and `max_steps`
  // steps. Throws Error(bad_input) if the observation is not finite.
  std::vector<data::TokenRow> nearest_steps(
      const data::FieldValues& observation, int64_t max_tokens,
      int64_t max_steps) const;

 private:
  struct StepLocation {
    size_t document;
    int64_t step;
  };

  Demonstrations steps_;
  std::vector<data::TokenizedDocument> documents_;
  std::vector<StepLocation> locations_;  // of the steps of steps_
};

}  // namespace gato::rollout
