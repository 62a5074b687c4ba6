// Incremental decoding: the keys and values of the tokens that each slot has
// read.
//
// Attention depends on differences of positions only, both with relative and
// with rotary positions. An entry is therefore computed once and stays valid
// when older ones are evicted: the Transformer-XL memory of the paper. Newer
// entries keep what they have read of the evicted ones. Until tokens are
// evicted, the result equals that of Network::hidden_states() for the complete
// row, up to rounding.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/decode/decoder.h"
#include "gato/model/network.h"

namespace gato::model {

// A cache of independent slots, each of which stores the last tokens of a row.
// On a CPU, a slot does not depend on the others, not even by rounding, except
// for the embeddings of patches. Not thread-safe.
class KvCache {
 public:
  // Creates empty slots of decoder->capacity() tokens.
  KvCache(std::shared_ptr<const Decoder> decoder, int64_t slots);
  // Creates empty slots with a new decoder; see make_decoder().
  KvCache(const Network& network, int64_t slots, int64_t capacity = 0);

  const Network& network() const { return decoder_->network(); }
  const Decoder& decoder() const { return *decoder_; }
  int64_t slots() const { return std::ssize(windows_); }
  int64_t capacity() const { return decoder_->capacity(); }
  int64_t length(int64_t slot) const;  // number of tokens in the slot

  void clear(int64_t slot);
  // Evicts the oldest n tokens. Throws Error(usage) if there are not that many.
  void evict(int64_t slot, int64_t n);
  // Appends chunks[i] to slots[i] for all i, in one forward pass. Slots must be
  // distinct, and each chunk must have at least `last_tokens` tokens and store
  // its patches. Returns fp32 hidden states [n * last_tokens, d], those of the
  // last tokens of chunk 0, then of chunk 1, and so on. Throws Error(usage) if
  // a slot would exceed capacity(): evict first.
  at::Tensor append(std::span<const int64_t> slots,
                    std::span<const data::TokenRow> chunks,
                    int64_t last_tokens = 1);

 private:
  // The positions of the tokens in a slot, counted from its last clear().
  struct Window {
    int64_t begin = 0, end = 0;
  };

  std::shared_ptr<const Decoder> decoder_;
  std::vector<Window> windows_;
  std::unique_ptr<DecoderRings> rings_;
};

}  // namespace gato::model
