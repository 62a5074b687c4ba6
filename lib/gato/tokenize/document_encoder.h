// Whole documents to tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/document.h"
#include "gato/tokenize/step_encoder.h"

namespace gato::tokenize {

// T steps; the observation after the last action is left out. Where the episode
// has expert actions they are the labels. Error (bad_input) names the step.
// `outside` as of StepEncoder, with the step of each first value.
data::TokenizedDocument encode_episode(const data::Episode& episode,
                                       const StepEncoder& encoder,
                                       OutOfRangeTally* out_of_range = nullptr);

// Items in order. The text ends with </s>, once, after the last piece; a
// document without text has none. Error (bad_input) where it has no item.
data::TokenizedDocument encode_document(const data::Document& document,
                                        const data::Vocabulary& vocabulary,
                                        const TextEncoder& text_encoder);

}  // namespace gato::tokenize
