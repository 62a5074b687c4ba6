// Samples tokens from hidden states.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "gato/data/vocabulary.h"
#include "gato/model/decode/decoder.h"

namespace gato::model {

struct SamplingOptions {
  double temperature = 1;  // > 0
  bool greedy = false;     // take the most likely id, the lowest one in a tie
  uint64_t seed = 0;
  // Samples among the k most likely ids only; 0: among all of them.
  int64_t top_k = 0;
  // Samples among the most likely ids whose probabilities add up to p only, the
  // last of which exceeds p or reaches it (Holtzman et al. 2020, section 3.1).
  double top_p = 1;
  std::vector<int32_t> excluded_ids = {};  // never sampled
};

// The key of the random number for one token. It identifies the token, so that
// samples depend neither on the slot nor on the batch.
struct SampleKey {
  uint64_t episode = 0, step = 0, token = 0;
};

// Returns n ids for hidden states [n, d]. Id i is sampled from the logits of
// hidden[i] among the ids in ranges[i], the only ones that are computed. Throws
// Error(run_failed) if a logit is not finite.
std::vector<int32_t> sample_tokens(const Decoder& decoder,
                                   const at::Tensor& hidden,
                                   std::span<const data::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options);

}  // namespace gato::model
