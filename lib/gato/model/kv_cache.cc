#include "gato/model/kv_cache.h"

#include <c10/core/InferenceMode.h>

#include <utility>

#include "gato/base/error.h"

namespace gato::model {

KvCache::KvCache(std::shared_ptr<const Decoder> decoder, int64_t slots)
    : decoder_(std::move(decoder)), windows_(static_cast<size_t>(slots)) {
  const c10::InferenceMode inference;
  rings_ = decoder_->make_rings(slots);
}

KvCache::KvCache(const Network& network, int64_t slots, int64_t capacity)
    : KvCache(make_decoder(network, capacity), slots) {}

int64_t KvCache::length(int64_t slot) const {
  const Window& window = windows_.at(slot);
  return window.end - window.begin;
}

void KvCache::clear(int64_t slot) { windows_.at(slot) = {}; }

void KvCache::evict(int64_t slot, int64_t n) {
  if (n < 0 || n > length(slot)) {
    throw base::usage_error("cannot evict {} of the {} tokens of slot {}", n,
                            length(slot), slot);
  }
  if (n == length(slot)) {
    return clear(slot);
  }
  windows_[slot].begin += n;
}

at::Tensor KvCache::append(std::span<const int64_t> slots,
                           std::span<const data::TokenRow> chunks,
                           int64_t last_tokens) {
  const c10::InferenceMode inference;
  std::vector<SlotChunk> slot_chunks;
  for (size_t i = 0; i < slots.size(); ++i) {
    const int64_t slot = slots[i];
    const auto size = chunks[i].size();
    if (length(slot) + size > capacity()) {
      throw base::usage_error(
          "slot {} has {} tokens: {} more exceed the capacity of {}", slot,
          length(slot), size, capacity());
    }
    slot_chunks.push_back(
        {slot, windows_[slot].begin, windows_[slot].end, &chunks[i]});
  }
  at::Tensor hidden = rings_->append(slot_chunks, last_tokens);
  for (const SlotChunk& chunk : slot_chunks) {
    windows_[chunk.slot].end += chunk.tokens->size();
  }
  return hidden;
}

}  // namespace gato::model
