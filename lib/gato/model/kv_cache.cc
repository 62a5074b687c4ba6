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

// Attention scores at a time: more slots than that allows are read in turn.
constexpr int64_t kMaxScores = int64_t{1} << 26;

// Returns the tokens of all chunks, one chunk after another, as one row.
Batch make_batch(std::span<const data::TokenRow> chunks) {
  int64_t token_count = 0;
  for (const data::TokenRow& chunk : chunks) token_count += chunk.size();
  BatchBuilder builder(1, token_count);
  int64_t index = 0;
  for (const data::TokenRow& chunk : chunks) {
    builder.set_tokens(index, chunk);
    index += chunk.size();
  }
  return builder.build();
}

// Where N new tokens of n slots stand, in the rings and among the queries
// [n, C], C the longest chunk.
struct AppendLayout {
  int64_t slots = 0;             // n
  int64_t max_chunk_length = 0;  // C
  int64_t ring_extent = 0;       // entries of a ring that may be in use
  bool is_prefix = false;   // the slots are 0..n-1: a view of the rings will do
  at::Tensor slot;          // int64 [n]
  at::Tensor token_slot;    // int64 [N]
  at::Tensor ring_index;    // int64 [N]: position modulo capacity
  at::Tensor position;      // int64 [N]: counted from the slot's last clear()
  at::Tensor padded_index;  // int64 [N]: place among n*C; undefined if all
  at::Tensor output_indices;  // int64 [n * last]: each chunk's last among N
  at::Tensor distance;        // int64 [n, 1, C, extent], clamped to the ring
  at::Tensor masked_keys;     // bool [n, 1, C, extent]: later or forgotten
};

}  // namespace

struct KvCache::Impl {
  // Entries of a slot: positions [begin, end), at position % capacity.
  struct Window {
    int64_t begin = 0, end = 0;
  };

  Impl(const Network& network, int64_t slots, int64_t capacity)
      : network(network), weights(network), capacity(capacity), windows(slots) {
    const ModelConfig& config = network.config();
    const at::TensorOptions like = weights.output_projection.options();
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      const BlockWeights& block = blocks.emplace_back(weights.block(layer));
      for (auto* rings : {&keys, &values})
        rings->push_back(
            at::zeros({slots, config.heads, capacity, config.key_size}, like));
      if (config.position != PositionEncoding::relative) continue;
      relative_keys.push_back(
          at::linear(
              relative_sinusoids(capacity, config.width).flip(0).to(like),
              block.relative_projection)
              .view({capacity, config.heads, config.key_size})
              .permute({1, 2, 0})
              .contiguous());
    }
  }

  AppendLayout make_layout(std::span<const int64_t> slots,
                           std::span<const data::TokenRow> chunks,
                           int64_t last_tokens) const;
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
  std::vector<at::Tensor> keys, values;  // a layer: [slots, H, capacity, K]
  std::vector<at::Tensor>
      relative_keys;  // a layer: [H, K, capacity], by distance
};

AppendLayout KvCache::Impl::make_layout(std::span<const int64_t> slots,
                                        std::span<const data::TokenRow> chunks,
                                        int64_t last_tokens) const {
  AppendLayout layout;
  layout.slots = static_cast<int64_t>(slots.size());
  layout.is_prefix = true;
  bool is_ragged = false;
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto size = chunks[i].size();
    is_ragged |= i > 0 && size != layout.max_chunk_length;
    layout.max_chunk_length = std::max(layout.max_chunk_length, size);
    layout.ring_extent = std::max(
        layout.ring_extent, std::min(windows[slots[i]].end + size, capacity));
    layout.is_prefix &= slots[i] == static_cast<int64_t>(i);
  }
  const int64_t n = layout.slots, max_chunk_length = layout.max_chunk_length,
                ring_extent = layout.ring_extent;
  std::vector<int64_t> token_slot, ring_index, position, padded_index,
      output_indices;
  at::Tensor query = at::empty({n, max_chunk_length, 1}, at::kLong);
  at::Tensor key = at::empty({n, 1, ring_extent}, at::kLong);
  at::Tensor begin = at::empty({n, 1, 1}, at::kLong);
  for (int64_t i = 0; i < n; ++i) {
    const Window& window = windows[slots[i]];
    const auto size = chunks[i].size();
    const int64_t end = window.end + size;
    for (int64_t j = 0; j < max_chunk_length; ++j)
      query.data_ptr<int64_t>()[i * max_chunk_length + j] =
          std::min(window.end + j, end - 1);
    for (int64_t j = 0; j < size; ++j) {
      token_slot.push_back(slots[i]);
      position.push_back(window.end + j);
      ring_index.push_back((window.end + j) % capacity);
      padded_index.push_back(i * max_chunk_length + j);
    }
    const auto count = static_cast<int64_t>(position.size());
    for (int64_t j = count - last_tokens; j < count; ++j)
      output_indices.push_back(j);
    // The newest position that stands at this place of the ring; before the
    // first lap it may not have been written.
    for (int64_t j = 0; j < ring_extent; ++j)
      key.data_ptr<int64_t>()[i * ring_extent + j] =
          j < end ? end - 1 - (end - 1 - j) % capacity : -1;
    begin.data_ptr<int64_t>()[i] = window.begin;
  }
  layout.slot =
      at::tensor(at::ArrayRef<int64_t>(slots.data(), slots.size()), at::kLong);
  layout.token_slot = at::tensor(token_slot, at::kLong);
  layout.ring_index = at::tensor(ring_index, at::kLong);
  layout.position = at::tensor(position, at::kLong);
  if (is_ragged) layout.padded_index = at::tensor(padded_index, at::kLong);
  layout.output_indices = at::tensor(output_indices, at::kLong);
  layout.masked_keys = key.gt(query).logical_or_(key.lt(begin)).unsqueeze(1);
  layout.distance = (query - key).clamp_(0, capacity - 1).unsqueeze(1);
  for (at::Tensor* tensor :
       {&layout.slot, &layout.token_slot, &layout.ring_index, &layout.position,
        &layout.padded_index, &layout.output_indices, &layout.distance,
        &layout.masked_keys}) {
    if (tensor->defined()) *tensor = tensor->to(network.device());
  }
  return layout;
}

at::Tensor KvCache::Impl::select_rings(const at::Tensor& rings,
                                       const AppendLayout& layout) const {
  const at::Tensor used = rings.narrow(2, 0, layout.ring_extent);
  return layout.is_prefix ? used.narrow(0, 0, layout.slots)
                          : used.index_select(0, layout.slot);
}

// x [N, d] after the norm to [N, d]; stores the keys and values of layer.
at::Tensor KvCache::Impl::attend(const at::Tensor& x,
                                 const AppendLayout& layout,
                                 const RotaryEmbedding& rotation,
                                 size_t layer) {
  const BlockWeights& block = blocks[layer];
  const int64_t heads = network.config().heads,
                size = network.config().key_size;
  const bool is_rotary = network.config().position == PositionEncoding::rotary;
  const auto parts =
      at::linear(x, block.qkv).view({-1, 3, heads, size}).unbind(1);
  const auto rotated = [&](const at::Tensor& part) {
    return is_rotary ? apply_rotary_embedding(part, rotation) : part;
  };
  const std::initializer_list<at::indexing::TensorIndex> cache_indices = {
      layout.token_slot, at::indexing::Slice(), layout.ring_index};
  keys[layer].index_put_(cache_indices, rotated(parts[1]));
  values[layer].index_put_(cache_indices, parts[2]);

  // Queries [n, H, C, K], with a bias in relative attention.
  const auto queries = [&](const at::Tensor& bias) {
    at::Tensor q = rotated(parts[0]);
    if (bias.defined()) q = (q + bias).to(x.scalar_type());
    q = q * (1 / std::sqrt(size));
    if (layout.padded_index.defined())
      q = at::zeros({layout.slots * layout.max_chunk_length, heads, size},
                    q.options())
              .index_copy_(0, layout.padded_index, q);
    return q.view({layout.slots, layout.max_chunk_length, heads, size})
        .transpose(1, 2);
  };
  at::Tensor scores =
      at::matmul(queries(block.content_bias),
                 select_rings(keys[layer], layout).transpose(2, 3));
  if (!is_rotary)
    scores =
        scores + at::matmul(queries(block.position_bias), relative_keys[layer])
                     .gather(3, layout.distance.expand_as(scores));
  const at::Tensor attention_probs =
      at::softmax(scores.masked_fill_(layout.masked_keys, -INFINITY), 3);
  at::Tensor weighted_values =
      at::matmul(attention_probs, select_rings(values[layer], layout))
          .transpose(1, 2)
          .reshape({-1, heads * size});
  if (layout.padded_index.defined())
    weighted_values = weighted_values.index_select(0, layout.padded_index);
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
    for (at::Tensor* table : {&rotation.cosine, &rotation.sine})
      *table = table->unsqueeze(1).to(type);
  }
  at::Tensor x = embed_tokens(weights, make_batch(chunks).to(network.device()));
  for (size_t layer = 0; layer < blocks.size(); ++layer) {
    const BlockWeights& block = blocks[layer];
    x = x + attend(layer_norm(x, block.attention_norm, type), layout, rotation,
                   layer);
    x = x + feed_forward(layer_norm(x, block.feedforward_norm, type), block);
  }
  for (size_t i = 0; i < slots.size(); ++i)
    windows[slots[i]].end += chunks[i].size();
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
int64_t KvCache::slots() const {
  return static_cast<int64_t>(impl_->windows.size());
}
int64_t KvCache::capacity() const { return impl_->capacity; }
int64_t KvCache::length(int64_t slot) const {
  const Impl::Window& window = impl_->windows.at(slot);
  return window.end - window.begin;
}

void KvCache::clear(int64_t slot) { impl_->windows.at(slot) = {}; }

void KvCache::evict(int64_t slot, int64_t n) {
  if (n < 0 || n > length(slot))
    throw base::usage_error("cannot forget {} of the {} tokens of slot {}", n,
                            length(slot), slot);
  if (n == length(slot)) return clear(slot);
  impl_->windows[slot].begin += n;
}

at::Tensor KvCache::append(std::span<const int64_t> slots,
                           std::span<const data::TokenRow> chunks,
                           int64_t last_tokens) {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto size = chunks[i].size();
    if (length(slots[i]) + size > capacity())
      throw base::usage_error(
          "slot {} holds {} tokens: {} more exceed the context of {}", slots[i],
          length(slots[i]), size, capacity());
  }
  return impl_->append(slots, chunks, last_tokens);
}

}  // namespace gato::model
