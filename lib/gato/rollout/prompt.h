// The prompt of a rollout: a demonstration of the task (Reed et al. 2022,
// sections 2.3 and 2.4).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/rollout/context_window.h"
#include "gato/tokenize/task_codec.h"

namespace gato::rollout {

// Returns the complete steps within the first `max_tokens` tokens of the
// demonstration of the codec's task, one of those that a model directory
// contains. Returns nothing if there is no such demonstration.
std::vector<data::TokenRow> demonstration_prompt(
    const std::vector<data::TokenizedDocument>& demonstrations,
    const tokenize::TaskCodec& codec, int64_t max_tokens);

// The part of a demonstration that is used as a prompt: its beginning, as in
// the paper, or its end, which shows the goal.
enum class PromptPart { first, last };

// A prompt, and the number of usable episodes that it was chosen from.
struct DatasetPrompt {
  std::vector<data::TokenRow> steps;
  int64_t episode_count = 0;
};

// Returns the complete steps within the first or last `max_tokens` tokens of
// the episode of a dataset that has the highest return (the first one in a
// tie). `max_episode_steps` is that of ingest::EpisodeSourceOptions. Throws
// Error(bad_input) if the fields of the dataset are not the task's, if it has
// no usable episode or if the best one cannot be encoded. Also throws like
// ingest::open_episodes.
DatasetPrompt dataset_prompt(const std::filesystem::path& dataset,
                             const tokenize::TaskCodec& codec,
                             int64_t max_tokens,
                             PromptPart part = PromptPart::first,
                             int64_t max_episode_steps = 0);

}  // namespace gato::rollout
