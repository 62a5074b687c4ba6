// The attention of the first layer within one time step (Reed et al. 2022,
// appendix J), computed without LibTorch.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/eval/page/model_weights.h"

namespace gato::eval {

// The attention of all heads over the N tokens of a time step.
struct StepAttention {
  int64_t heads = 0, tokens = 0;
  // [heads, N, N]: the weight with which token i attends to token j < i, 0
  // otherwise. The rows of i > 0 sum to 1.
  std::vector<float> weights;
  // [heads, N]: the mean over all later tokens of their attention to a token.
  // The last token has 0.
  std::vector<float> means;
};

// Computes it as appendix J does: the scores of the first layer between the
// tokens of the step, without the diagonal, pass through a softmax, and the
// attention to a token is averaged over the tokens after it. What precedes the
// step is left out.
//
// `config` is the object of config.json, and `row` contains the tokens of the
// step with its own patches, numbered from 0. Throws Error(bad_input) if the
// weights do not fit the configuration, or if a token is not in its vocabulary.
StepAttention attend_in_first_layer(ModelWeights& weights,
                                    const nlohmann::json& config,
                                    const data::TokenRow& row);

}  // namespace gato::eval
