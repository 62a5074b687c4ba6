// Decoding: keys and values of the tokens that each slot has read.
//
// Positions are relative (or rotary, which depends on differences only), so an
// entry is computed once and stays valid when older ones are evicted: the
// paper's Transformer-XL memory. Until something is evicted the result equals
// that of Network::hidden over the whole row.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/network.h"

namespace gato::model {

class KvCache {
 public:
  // `network` must outlive the cache and keep its weights. capacity 0: the
  // context of the network.
  KvCache(const Network& network, int64_t slots, int64_t capacity = 0);
  ~KvCache();
  KvCache(KvCache&&) noexcept;

  const Network& network() const;
  int64_t slots() const;
  int64_t capacity() const;
  int64_t length(int64_t slot) const;  // tokens that the slot holds

  void clear(int64_t slot);
  // Forgets the oldest n tokens; n <= length(slot).
  void evict(int64_t slot, int64_t n);
  // Appends chunk i, at least `last` tokens, to slots[i] (no slot twice) in one
  // forward. Hidden states [n * last, d] of each chunk's last tokens, one after
  // the other, fp32. Error (usage) where a slot would hold more than
  // capacity(): evict first.
  at::Tensor append(std::span<const int64_t> slots,
                    std::span<const data::TokenRow> chunks,
                    int64_t last_tokens = 1);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::model
