// Each layer has two tensors [slots, H, capacity, K], for keys and values. Each
// slot is a ring buffer: the token at position p, counted from the slot's last
// clear(), is entry p % capacity. The window [begin, end) of a slot contains
// the valid positions. evict() only advances `begin`: the entries are masked,
// and overwritten later.
//
// append() writes the keys and values of all new tokens [N] first, then attends
// with queries padded to [n, H, C, K], C being the longest chunk, and removes
// the padding again. In relative attention (Dai et al. 2019), the projected
// sinusoids W R of all distances are computed once, at construction; a gather
// by distance replaces the relative shift, since the entries of a ring are not
// in order.
#include "gato/model/kv_cache.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gato/base/error.h"
#include "gato/model/batch_builder.h"
#include "gato/model/block.h"
#include "gato/model/embedding.h"
#include "gato/model/position_encoding.h"
#include "gato/model/weights.h"

namespace gato::model {
namespace {

// Maximum number of attention scores of one forward pass. If there would be
// more, the two halves of the slots are processed one after the other.
constexpr int64_t kMaxScores = int64_t{1} << 26;

// Returns the concatenated chunks as a batch of one row.
Batch make_batch(std::span<const data::TokenRow> chunks) {
  int64_t token_count = 0;
  for (const data::TokenRow& chunk : chunks) {
    token_count += chunk.size();
  }
  BatchBuilder builder(1, token_count);
  int64_t index = 0;
  for (const data::TokenRow& chunk : chunks) {
    builder.set_tokens(index, chunk);
    index += chunk.size();
  }
  return builder.build();
}

at::Tensor to_tensor(std::span<const int64_t> values) {
  return at::tensor(at::ArrayRef<int64_t>(values.data(), values.size()),
                    at::kLong);
}

// The positions of the N new tokens of one append() to n slots, both in the
// rings and among the padded queries [n, C], where C is the length of the
// longest chunk. All tensors are on the device of the network.
struct AppendLayout {
  int64_t slots = 0;             // n
  int64_t max_chunk_length = 0;  // C
  int64_t ring_extent = 0;       // E: ring entries that may be in use
  bool is_prefix = false;        // the slots are 0..n-1: a view is sufficient
  at::Tensor slot;               // int64 [n]
  at::Tensor token_slot;         // int64 [N]
  at::Tensor position;           // int64 [N]: from the slot's last clear() on
  at::Tensor ring_index;         // int64 [N]: position modulo capacity
  at::Tensor padded_index;    // int64 [N]: index into n*C; undefined if N=n*C
  at::Tensor output_indices;  // int64 [n * last]: each chunk's last, of N
  at::Tensor masked_keys;     // bool [n, 1, C, E]: later, evicted or unused
  at::Tensor distance;        // int64 [n, 1, C, E], clamped to the ring
};

}  // namespace

struct KvCache::Impl {
  // The valid positions of a slot.
  struct Window {
    int64_t begin = 0, end = 0;
  };

  Impl(const Network& network, int64_t slots, int64_t capacity)
      : network(network), weights(network), capacity(capacity), windows(slots) {
    const ModelConfig& config = network.config();
    const at::TensorOptions like = weights.output_projection.options();
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      const BlockWeights& block = blocks.emplace_back(weights.block(layer));
      for (auto* rings : {&keys, &values}) {
        rings->push_back(
            at::zeros({slots, config.heads, capacity, config.key_size}, like));
      }
      if (config.position != PositionEncoding::relative) {
        continue;
      }
      // W R of the distances 0, 1, ..., capacity - 1.
      relative_keys.push_back(
          at::linear(
              relative_sinusoids(capacity, config.width).flip(0).to(like),
              block.relative_projection)
              .view({capacity, config.heads, config.key_size})
              .permute({1, 2, 0})
              .contiguous());
    }
  }

  at::Tensor to_device(std::span<const int64_t> values) const {
    return to_tensor(values).to(network.device());
  }

  AppendLayout make_layout(std::span<const int64_t> slots,
                           std::span<const data::TokenRow> chunks,
                           int64_t last_tokens) const;
  void add_token_indices(std::span<const int64_t> slots,
                         std::span<const data::TokenRow> chunks,
                         int64_t last_tokens, AppendLayout& layout) const;
  void add_masks(std::span<const int64_t> slots,
                 std::span<const data::TokenRow> chunks,
                 AppendLayout& layout) const;
  at::Tensor select_rings(const at::Tensor& rings,
                          const AppendLayout& layout) const;
  at::Tensor attend(const at::Tensor& x, const AppendLayout& layout,
                    const RotaryEmbedding& rotation, size_t layer);
  at::Tensor append(std::span<const int64_t> slots,
                    std::span<const data::TokenRow> chunks,
                    int64_t last_tokens);

  const Network& network;
  const NetworkWeights weights;
  std::vector<BlockWeights> blocks;
  int64_t capacity;
  std::vector<Window> windows;
  // One tensor per layer: [slots, H, capacity, K].
  std::vector<at::Tensor> keys, values;
  // One tensor per layer: [H, K, capacity], indexed by distance. Empty if
  // positions are rotary.
  std::vector<at::Tensor> relative_keys;
};

AppendLayout KvCache::Impl::make_layout(std::span<const int64_t> slots,
                                        std::span<const data::TokenRow> chunks,
                                        int64_t last_tokens) const {
  AppendLayout layout;
  layout.slots = std::ssize(slots);
  layout.is_prefix = true;
  for (int64_t i = 0; i < layout.slots; ++i) {
    const int64_t size = chunks[i].size();
    layout.max_chunk_length = std::max(layout.max_chunk_length, size);
    layout.ring_extent = std::max(
        layout.ring_extent, std::min(windows[slots[i]].end + size, capacity));
    layout.is_prefix &= slots[i] == i;
  }
  add_token_indices(slots, chunks, last_tokens, layout);
  add_masks(slots, chunks, layout);
  return layout;
}

void KvCache::Impl::add_token_indices(std::span<const int64_t> slots,
                                      std::span<const data::TokenRow> chunks,
                                      int64_t last_tokens,
                                      AppendLayout& layout) const {
  std::vector<int64_t> token_slot, position, ring_index, padded_index,
      output_indices;
  for (int64_t i = 0; i < layout.slots; ++i) {
    for (int64_t j = 0; j < chunks[i].size(); ++j) {
      token_slot.push_back(slots[i]);
      position.push_back(windows[slots[i]].end + j);
      ring_index.push_back(position.back() % capacity);
      padded_index.push_back(i * layout.max_chunk_length + j);
    }
    const int64_t count = std::ssize(position);
    for (int64_t j = count - last_tokens; j < count; ++j) {
      output_indices.push_back(j);
    }
  }
  layout.slot = to_device(slots);
  layout.token_slot = to_device(token_slot);
  layout.position = to_device(position);
  layout.ring_index = to_device(ring_index);
  if (std::ssize(position) < layout.slots * layout.max_chunk_length) {
    layout.padded_index = to_device(padded_index);
  }
  layout.output_indices = to_device(output_indices);
}

// Plain loops are faster here than tensor operations, whose overhead exceeds
// the arithmetic if there are few slots.
void KvCache::Impl::add_masks(std::span<const int64_t> slots,
                              std::span<const data::TokenRow> chunks,
                              AppendLayout& layout) const {
  std::vector<int64_t> queries, keys, window_begins;  // positions
  queries.reserve(layout.slots * layout.max_chunk_length);
  keys.reserve(layout.slots * layout.ring_extent);
  for (int64_t i = 0; i < layout.slots; ++i) {
    const Window& window = windows[slots[i]];
    const int64_t newest = window.end + chunks[i].size() - 1;
    // Padding queries repeat the newest position.
    for (int64_t j = 0; j < layout.max_chunk_length; ++j) {
      queries.push_back(std::min(window.end + j, newest));
    }
    // Entry e contains the newest position that is e modulo the capacity.
    // During the first lap, later entries have not been written: -1 is before
    // every window and is therefore masked.
    for (int64_t e = 0; e < layout.ring_extent; ++e) {
      keys.push_back(e <= newest ? newest - (newest - e) % capacity : -1);
    }
    window_begins.push_back(window.begin);
  }
  const int64_t n = layout.slots;
  const at::Tensor query = to_tensor(queries).view({n, 1, -1, 1});
  const at::Tensor key = to_tensor(keys).view({n, 1, 1, -1});
  const at::Tensor begin = to_tensor(window_begins).view({n, 1, 1, 1});
  layout.masked_keys =
      key.gt(query).logical_or_(key.lt(begin)).to(network.device());
  if (!relative_keys.empty()) {
    layout.distance =
        (query - key).clamp_(0, capacity - 1).to(network.device());
  }
}

// Returns entries [0, E) of the slots that are appended to: [n, H, E, K].
at::Tensor KvCache::Impl::select_rings(const at::Tensor& rings,
                                       const AppendLayout& layout) const {
  const at::Tensor used = rings.narrow(2, 0, layout.ring_extent);
  return layout.is_prefix ? used.narrow(0, 0, layout.slots)
                          : used.index_select(0, layout.slot);
}

// Stores the keys and values of `layer` for x [N, d], which is normalized, and
// returns the output of the attention, [N, d].
at::Tensor KvCache::Impl::attend(const at::Tensor& x,
                                 const AppendLayout& layout,
                                 const RotaryEmbedding& rotation,
                                 size_t layer) {
  const BlockWeights& block = blocks[layer];
  const int64_t heads = network.config().heads,
                key_size = network.config().key_size;
  const bool is_rotary = network.config().position == PositionEncoding::rotary;
  const auto qkv =  // [N, H, K] each
      at::linear(x, block.qkv).view({-1, 3, heads, key_size}).unbind(1);
  const auto rotated = [&](const at::Tensor& vectors) {
    return is_rotary ? apply_rotary_embedding(vectors, rotation) : vectors;
  };
  // Token t goes to entry ring_index[t] of slot token_slot[t], in all heads.
  const std::initializer_list<at::indexing::TensorIndex> cache_indices = {
      layout.token_slot, at::indexing::Slice(), layout.ring_index};
  keys[layer].index_put_(cache_indices, rotated(qkv[1]));
  values[layer].index_put_(cache_indices, qkv[2]);

  // Returns the scaled and padded queries [n, H, C, K]. `bias` [H, K] is one of
  // the two biases of relative attention, or undefined for rotary positions.
  const auto queries = [&](const at::Tensor& bias) {
    at::Tensor q = rotated(qkv[0]);
    if (bias.defined()) {
      q = (q + bias).to(x.scalar_type());
    }
    q = q * (1 / std::sqrt(key_size));
    if (layout.padded_index.defined()) {
      q = at::zeros({layout.slots * layout.max_chunk_length, heads, key_size},
                    q.options())
              .index_copy_(0, layout.padded_index, q);
    }
    return q.view({layout.slots, layout.max_chunk_length, heads, key_size})
        .transpose(1, 2);
  };
  at::Tensor scores =  // [n, H, C, E]
      at::matmul(queries(block.content_bias),
                 select_rings(keys[layer], layout).transpose(2, 3));
  if (!is_rotary) {
    scores =
        scores + at::matmul(queries(block.position_bias), relative_keys[layer])
                     .gather(3, layout.distance.expand_as(scores));
  }
  const at::Tensor attention_probs =
      at::softmax(scores.masked_fill_(layout.masked_keys, -INFINITY), 3);
  at::Tensor weighted_values =
      at::matmul(attention_probs, select_rings(values[layer], layout))
          .transpose(1, 2)
          .reshape({-1, heads * key_size});
  if (layout.padded_index.defined()) {
    weighted_values = weighted_values.index_select(0, layout.padded_index);
  }
  return at::linear(weighted_values, block.attention_output);
}

at::Tensor KvCache::Impl::append(std::span<const int64_t> slots,
                                 std::span<const data::TokenRow> chunks,
                                 int64_t last_tokens) {
  const AppendLayout layout = make_layout(slots, chunks, last_tokens);
  const int64_t scores = layout.slots * layout.max_chunk_length *
                         layout.ring_extent * network.config().heads;
  if (slots.size() > 1 && scores > kMaxScores) {
    const size_t half = slots.size() / 2;
    return at::cat(
        {append(slots.first(half), chunks.first(half), last_tokens),
         append(slots.subspan(half), chunks.subspan(half), last_tokens)});
  }
  const at::ScalarType type = weights.output_projection.scalar_type();
  RotaryEmbedding rotation;
  if (network.config().position == PositionEncoding::rotary) {
    rotation = rotary_embedding(layout.position, network.config().key_size);
    for (at::Tensor* table : {&rotation.cosine, &rotation.sine}) {
      *table = table->unsqueeze(1).to(type);
    }
  }
  at::Tensor x = embed_tokens(weights, make_batch(chunks).to(network.device()));
  for (size_t layer = 0; layer < blocks.size(); ++layer) {
    const BlockWeights& block = blocks[layer];
    x = x + attend(layer_norm(x, block.attention_norm, type), layout, rotation,
                   layer);
    x = x + feed_forward(layer_norm(x, block.feedforward_norm, type), block);
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    windows[slots[i]].end += chunks[i].size();
  }
  return layer_norm(x.index_select(0, layout.output_indices),
                    weights.output_norm, at::kFloat);
}

KvCache::KvCache(const Network& network, int64_t slots, int64_t capacity) {
  const c10::NoGradGuard no_grad;
  impl_ = std::make_unique<Impl>(
      network, slots, capacity > 0 ? capacity : network.config().context);
}
KvCache::~KvCache() = default;
KvCache::KvCache(KvCache&&) noexcept = default;

const Network& KvCache::network() const { return impl_->network; }
int64_t KvCache::slots() const { return std::ssize(impl_->windows); }
int64_t KvCache::capacity() const { return impl_->capacity; }
int64_t KvCache::length(int64_t slot) const {
  const Impl::Window& window = impl_->windows.at(slot);
  return window.end - window.begin;
}

void KvCache::clear(int64_t slot) { impl_->windows.at(slot) = {}; }

void KvCache::evict(int64_t slot, int64_t n) {
  if (n < 0 || n > length(slot)) {
    throw base::usage_error("cannot evict {} of the {} tokens of slot {}", n,
                            length(slot), slot);
  }
  if (n == length(slot)) {
    return clear(slot);
  }
  impl_->windows[slot].begin += n;
}

at::Tensor KvCache::append(std::span<const int64_t> slots,
                           std::span<const data::TokenRow> chunks,
                           int64_t last_tokens) {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto size = chunks[i].size();
    if (length(slots[i]) + size > capacity()) {
      throw base::usage_error(
          "slot {} has {} tokens: {} more exceed the capacity of {}", slots[i],
          length(slots[i]), size, capacity());
    }
  }
  return impl_->append(slots, chunks, last_tokens);
}

}  // namespace gato::model
