// Whole documents to tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/tokenize/step.h"

namespace gato {

// T steps; the observation after the last action is left out. Where the episode
// has expert actions they are the labels. Error (bad_input) names the step.
// `outside` as of StepEncoder, with the step of each first value.
TokenizedDocument encode_episode(const Episode& episode,
                                 const StepEncoder& encoder,
                                 OutsideTally* outside = nullptr);

// Items in order. The text ends with </s>, once, after the last piece; a
// document without text has none. Error (bad_input) where it has no item.
TokenizedDocument encode_document(const Document& document,
                                  const Vocabulary& vocabulary,
                                  const TextEncoder& text);

}  // namespace gato
