// From hidden states to tokens.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "gato/model/kv_cache.h"
#include "gato/model/network.h"
#include "gato/tokenize/field_codec.h"

namespace gato::model {

struct SamplingOptions {
  double temperature = 1;  // > 0
  bool greedy = false;     // the likeliest id; of equals the lowest
  uint64_t seed = 0;
};

// What keys the chance of one token: its place, never the slot or the batch.
struct SampleKey {
  uint64_t episode = 0, step = 0, token = 0;
};

// Token i from hidden[i], within ranges[i]. hidden is [n, d]. Error
// (run_failed) where a logit is not finite.
std::vector<int32_t> sample_tokens(const Network& network,
                                   const at::Tensor& hidden,
                                   std::span<const tokenize::IdRange> ranges,
                                   std::span<const SampleKey> keys,
                                   const SamplingOptions& options);

struct TextGenerationOptions {
  SamplingOptions sampling;
  int32_t end_of_text = 0;  // id of </s>
  int64_t max_tokens = 64;
};

// Continues each slot with text ids until </s> (which is not returned) or the
// maximum. hidden is what Cache::append gave for these slots; keys.token
// counts on from the given one. Evicts the oldest token of a full slot.
std::vector<std::vector<int32_t>> generate_text(
    KvCache& cache, std::span<const int64_t> slots, at::Tensor hidden,
    std::span<const SampleKey> keys, const TextGenerationOptions& options);

}  // namespace gato::model
