// A network prepared for incremental decoding.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>

#include "gato/data/tokens.h"
#include "gato/model/network.h"

namespace gato::model {

// New tokens of a slot, whose cached tokens have the positions [window_begin,
// window_end), counted from the slot's last clear.
struct SlotChunk {
  int64_t slot = 0;
  int64_t window_begin = 0, window_end = 0;
  const data::TokenRow* tokens = nullptr;
};

// The keys and values of the tokens in the slots of a cache.
class DecoderRings {
 public:
  virtual ~DecoderRings() = default;
  // Reads chunks of distinct slots as KvCache::append() does.
  virtual at::Tensor append(std::span<const SlotChunk> chunks,
                            int64_t last_tokens) = 0;
};

// The weights of a network, in the form in which decoding reads them, and the
// projections of all relative positions. Several caches, in several threads,
// can share one.
class Decoder {
 public:
  virtual ~Decoder() = default;
  const Network& network() const { return network_; }
  // The maximum number of tokens per slot.
  int64_t capacity() const { return capacity_; }

  virtual std::unique_ptr<DecoderRings> make_rings(int64_t slots) const = 0;
  // Returns fp32 logits [n, ids.end - ids.begin] of hidden states [n, d].
  virtual at::Tensor logits(const at::Tensor& hidden,
                            data::IdRange ids) const = 0;

 protected:
  Decoder(const Network& network, int64_t capacity)
      : network_(network), capacity_(capacity) {}

 private:
  const Network& network_;
  int64_t capacity_;
};

// Copies the weights in the precision and on the device of the network. Slots
// have `capacity` tokens, or as many as the context of the network if it is 0.
// `network` must outlive the decoder, and its weights must not change.
std::shared_ptr<const Decoder> make_decoder(const Network& network,
                                            int64_t capacity = 0);

}  // namespace gato::model
