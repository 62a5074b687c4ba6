// Encodes complete documents as tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/document.h"
#include "gato/tokenize/step_encoder.h"

namespace gato::tokenize {

// Encodes the T time steps of an episode, without the observation after the
// last action. If the episode has expert actions, they are the labels. Throws
// the same errors as StepEncoder, with the step. `out_of_range` is that of
// StepEncoder.
data::TokenizedDocument encode_episode(const data::Episode& episode,
                                       const StepEncoder& encoder,
                                       OutOfRangeTally* out_of_range = nullptr);

// Encodes the items in order. </s> follows the last text of the document, if
// there is one. Throws Error(bad_input) if there is nothing to encode.
data::TokenizedDocument encode_document(const data::Document& document,
                                        const data::Vocabulary& vocabulary,
                                        const TextEncoder& text_encoder);

}  // namespace gato::tokenize
