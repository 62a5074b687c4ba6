// What a rollout begins with: a demonstration of the task (paper 2.3, 2.5).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/rollout/context_window.h"
#include "gato/rollout/task_match.h"
#include "gato/tokenize/step_encoder.h"

namespace gato::rollout {

// The whole steps of the first `tokens` tokens of the demonstration of the
// task that a model directory carries; empty where it has none.
std::vector<StepTokens> demonstration_prompt(
    const std::vector<data::TokenizedDocument>& demonstrations,
    const TaskMatch& match, int64_t max_tokens);

// The same of the episode with the highest return (the first of equals) of a
// dataset. Error (bad_input) where its fields are not those of the task or no
// episode has a step. `max_episode_steps` as in EpisodeSourceOptions.
std::vector<StepTokens> dataset_prompt(const std::filesystem::path& dataset,
                                       const TaskMatch& match,
                                       const tokenize::StepEncoder& encoder,
                                       int64_t max_tokens,
                                       int64_t max_episode_steps = 0);

}  // namespace gato::rollout
