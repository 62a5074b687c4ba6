#include "gato/model/cache.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "gato/base/error.h"
#include "gato/model/block.h"
#include "gato/model/embedding.h"
#include "gato/model/positions.h"
#include "gato/model/weights.h"

namespace gato {
namespace {

// Attention scores at a time: more slots than that allows are read in turn.
constexpr int64_t maximum_scores = int64_t{1} << 26;

// The chunks one after another as the network's input.
Batch batch_of(std::span<const Chunk> chunks) {
  std::vector<int64_t> tokens, local, place, index, row, column;
  std::vector<Patch> pixels;
  for (const Chunk& chunk : chunks) {
    const TokenFeatures& features = *chunk.features;
    const auto first_patch = static_cast<int64_t>(pixels.size());
    pixels.insert(pixels.end(), chunk.patches.begin(), chunk.patches.end());
    for (size_t i = 0; i < features.tokens.size(); ++i) {
      const int32_t token = features.tokens[i];
      local.push_back(Batch::local_row(features.local[i]));
      if (token < 0) {
        const TokenFeatures::Interval& at = features.interval[i];
        place.push_back(static_cast<int64_t>(tokens.size()));
        index.push_back(first_patch - 1 - token);
        row.push_back((at[0] + at[1]) / 2);
        column.push_back((at[2] + at[3]) / 2);
      }
      tokens.push_back(std::max(token, 0));
    }
  }
  Batch batch;
  batch.rows = 1;
  batch.length = static_cast<int64_t>(tokens.size());
  batch.tokens = at::tensor(tokens, at::kLong);
  batch.local = at::tensor(local, at::kLong);
  if (place.empty()) return batch;
  batch.patches =
      at::empty({static_cast<int64_t>(pixels.size()), 16, 16, 3}, at::kByte);
  std::memcpy(batch.patches.data_ptr(), pixels.data(),
              pixels.size() * sizeof(Patch));
  batch.patch_place = at::tensor(place, at::kLong);
  batch.patch_index = at::tensor(index, at::kLong);
  batch.patch_row = at::tensor(row, at::kLong);
  batch.patch_column = at::tensor(column, at::kLong);
  return batch;
}

// Where N new tokens of n slots stand, in the rings and among the queries
// [n, C], C the longest chunk.
struct Layout {
  int64_t slots = 0;       // n
  int64_t longest = 0;     // C
  int64_t extent = 0;      // entries of a ring that may be in use
  bool is_first = false;   // the slots are 0..n-1: a view of the rings will do
  at::Tensor slot;         // int64 [n]
  at::Tensor token_slot;   // int64 [N]
  at::Tensor token_ring;   // int64 [N]: position modulo capacity
  at::Tensor position;     // int64 [N]: counted from the slot's last clear()
  at::Tensor padded;       // int64 [N]: place among n*C; undefined if all
  at::Tensor last;         // int64 [n * last]: each chunk's last among N
  at::Tensor distance;     // int64 [n, 1, C, extent], clamped to the ring
  at::Tensor hidden_keys;  // bool [n, 1, C, extent]: later or forgotten
};

}  // namespace

struct Cache::Impl {
  // Entries of a slot: positions [begin, end), at position % capacity.
  struct Window {
    int64_t begin = 0, end = 0;
  };

  Impl(const Network& network, int64_t slots, int64_t capacity)
      : network(network), weights(network), capacity(capacity), windows(slots) {
    const ModelConfig& config = network.config();
    const at::TensorOptions like = weights.output.options();
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      const BlockWeights& block = blocks.emplace_back(weights.block(layer));
      for (auto* rings : {&keys, &values})
        rings->push_back(
            at::zeros({slots, config.heads, capacity, config.key_size}, like));
      if (config.position != Position::relative) continue;
      relative.push_back(
          at::linear(
              relative_sinusoids(capacity, config.width).flip(0).to(like),
              block.relative)
              .view({capacity, config.heads, config.key_size})
              .permute({1, 2, 0})
              .contiguous());
    }
  }

  Layout layout_of(std::span<const int64_t> slots,
                   std::span<const Chunk> chunks, int64_t last_tokens) const;
  at::Tensor rings_of(const at::Tensor& rings, const Layout& layout) const;
  at::Tensor attend(const at::Tensor& x, const Layout& layout,
                    const Rotation& rotation, size_t layer);
  at::Tensor append(std::span<const int64_t> slots,
                    std::span<const Chunk> chunks, int64_t last);

  const Network& network;
  const Weights weights;
  std::vector<BlockWeights> blocks;
  int64_t capacity;
  std::vector<Window> windows;
  std::vector<at::Tensor> keys, values;  // a layer: [slots, H, capacity, K]
  std::vector<at::Tensor> relative;  // a layer: [H, K, capacity], by distance
};

Layout Cache::Impl::layout_of(std::span<const int64_t> slots,
                              std::span<const Chunk> chunks,
                              int64_t last_tokens) const {
  Layout layout;
  layout.slots = static_cast<int64_t>(slots.size());
  layout.is_first = true;
  bool is_ragged = false;
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto size = static_cast<int64_t>(chunks[i].features->tokens.size());
    is_ragged |= i > 0 && size != layout.longest;
    layout.longest = std::max(layout.longest, size);
    layout.extent = std::max(layout.extent,
                             std::min(windows[slots[i]].end + size, capacity));
    layout.is_first &= slots[i] == static_cast<int64_t>(i);
  }
  const int64_t n = layout.slots, longest = layout.longest,
                extent = layout.extent;
  std::vector<int64_t> token_slot, ring, position, padded, last;
  at::Tensor query = at::empty({n, longest, 1}, at::kLong);
  at::Tensor key = at::empty({n, 1, extent}, at::kLong);
  at::Tensor begin = at::empty({n, 1, 1}, at::kLong);
  for (int64_t i = 0; i < n; ++i) {
    const Window& window = windows[slots[i]];
    const auto size = static_cast<int64_t>(chunks[i].features->tokens.size());
    const int64_t end = window.end + size;
    for (int64_t j = 0; j < longest; ++j)
      query.data_ptr<int64_t>()[i * longest + j] =
          std::min(window.end + j, end - 1);
    for (int64_t j = 0; j < size; ++j) {
      token_slot.push_back(slots[i]);
      position.push_back(window.end + j);
      ring.push_back((window.end + j) % capacity);
      padded.push_back(i * longest + j);
    }
    const auto count = static_cast<int64_t>(position.size());
    for (int64_t j = count - last_tokens; j < count; ++j) last.push_back(j);
    // The newest position that stands at this place of the ring; before the
    // first lap it may not have been written.
    for (int64_t j = 0; j < extent; ++j)
      key.data_ptr<int64_t>()[i * extent + j] =
          j < end ? end - 1 - (end - 1 - j) % capacity : -1;
    begin.data_ptr<int64_t>()[i] = window.begin;
  }
  layout.slot =
      at::tensor(at::ArrayRef<int64_t>(slots.data(), slots.size()), at::kLong);
  layout.token_slot = at::tensor(token_slot, at::kLong);
  layout.token_ring = at::tensor(ring, at::kLong);
  layout.position = at::tensor(position, at::kLong);
  if (is_ragged) layout.padded = at::tensor(padded, at::kLong);
  layout.last = at::tensor(last, at::kLong);
  layout.hidden_keys = key.gt(query).logical_or_(key.lt(begin)).unsqueeze(1);
  layout.distance = (query - key).clamp_(0, capacity - 1).unsqueeze(1);
  for (at::Tensor* tensor :
       {&layout.slot, &layout.token_slot, &layout.token_ring, &layout.position,
        &layout.padded, &layout.last, &layout.distance, &layout.hidden_keys}) {
    if (tensor->defined()) *tensor = tensor->to(network.device());
  }
  return layout;
}

at::Tensor Cache::Impl::rings_of(const at::Tensor& rings,
                                 const Layout& layout) const {
  const at::Tensor used = rings.narrow(2, 0, layout.extent);
  return layout.is_first ? used.narrow(0, 0, layout.slots)
                         : used.index_select(0, layout.slot);
}

// x [N, d] after the norm to [N, d]; stores the keys and values of layer.
at::Tensor Cache::Impl::attend(const at::Tensor& x, const Layout& layout,
                               const Rotation& rotation, size_t layer) {
  const BlockWeights& block = blocks[layer];
  const int64_t heads = network.config().heads,
                size = network.config().key_size;
  const bool is_rotary = network.config().position == Position::rotary;
  const auto parts =
      at::linear(x, block.qkv).view({-1, 3, heads, size}).unbind(1);
  const auto placed = [&](const at::Tensor& part) {
    return is_rotary ? rotate(part, rotation) : part;
  };
  const std::initializer_list<at::indexing::TensorIndex> places = {
      layout.token_slot, at::indexing::Slice(), layout.token_ring};
  keys[layer].index_put_(places, placed(parts[1]));
  values[layer].index_put_(places, parts[2]);

  // Queries [n, H, C, K], with a bias in relative attention.
  const auto queries = [&](const at::Tensor& bias) {
    at::Tensor q = placed(parts[0]);
    if (bias.defined()) q = (q + bias).to(x.scalar_type());
    q = q * (1 / std::sqrt(size));
    if (layout.padded.defined())
      q = at::zeros({layout.slots * layout.longest, heads, size}, q.options())
              .index_copy_(0, layout.padded, q);
    return q.view({layout.slots, layout.longest, heads, size}).transpose(1, 2);
  };
  at::Tensor scores = at::matmul(queries(block.content_bias),
                                 rings_of(keys[layer], layout).transpose(2, 3));
  if (!is_rotary)
    scores = scores + at::matmul(queries(block.position_bias), relative[layer])
                          .gather(3, layout.distance.expand_as(scores));
  const at::Tensor shares =
      at::softmax(scores.masked_fill_(layout.hidden_keys, -INFINITY), 3);
  at::Tensor mixed = at::matmul(shares, rings_of(values[layer], layout))
                         .transpose(1, 2)
                         .reshape({-1, heads * size});
  if (layout.padded.defined()) mixed = mixed.index_select(0, layout.padded);
  return at::linear(mixed, block.output);
}

at::Tensor Cache::Impl::append(std::span<const int64_t> slots,
                               std::span<const Chunk> chunks, int64_t last) {
  const Layout layout = layout_of(slots, chunks, last);
  const int64_t scores =
      layout.slots * layout.longest * layout.extent * network.config().heads;
  if (slots.size() > 1 && scores > maximum_scores) {
    const size_t half = slots.size() / 2;
    return at::cat({append(slots.first(half), chunks.first(half), last),
                    append(slots.subspan(half), chunks.subspan(half), last)});
  }
  const at::ScalarType type = weights.output.scalar_type();
  Rotation rotation;
  if (network.config().position == Position::rotary) {
    rotation = rotation_at(layout.position, network.config().key_size);
    for (at::Tensor* table : {&rotation.cosine, &rotation.sine})
      *table = table->unsqueeze(1).to(type);
  }
  at::Tensor x = embed(weights, batch_of(chunks).on(network.device()));
  for (size_t layer = 0; layer < blocks.size(); ++layer) {
    const BlockWeights& block = blocks[layer];
    x = x + attend(normalise(x, block.attention_norm, type), layout, rotation,
                   layer);
    x = x + feed_forward(normalise(x, block.feedforward_norm, type), block);
  }
  for (size_t i = 0; i < slots.size(); ++i)
    windows[slots[i]].end +=
        static_cast<int64_t>(chunks[i].features->tokens.size());
  return normalise(x.index_select(0, layout.last), weights.output_norm,
                   at::kFloat);
}

Cache::Cache(const Network& network, int64_t slots, int64_t capacity) {
  const c10::NoGradGuard no_grad;
  impl_ = std::make_unique<Impl>(
      network, slots, capacity > 0 ? capacity : network.config().context);
}
Cache::~Cache() = default;
Cache::Cache(Cache&&) noexcept = default;

const Network& Cache::network() const { return impl_->network; }
int64_t Cache::slots() const {
  return static_cast<int64_t>(impl_->windows.size());
}
int64_t Cache::capacity() const { return impl_->capacity; }
int64_t Cache::length(int64_t slot) const {
  const Impl::Window& window = impl_->windows.at(slot);
  return window.end - window.begin;
}

void Cache::clear(int64_t slot) { impl_->windows.at(slot) = {}; }

void Cache::evict(int64_t slot, int64_t n) {
  if (n < 0 || n > length(slot))
    throw usage_error("cannot forget {} of the {} tokens of slot {}", n,
                      length(slot), slot);
  if (n == length(slot)) return clear(slot);
  impl_->windows[slot].begin += n;
}

at::Tensor Cache::append(std::span<const int64_t> slots,
                         std::span<const Chunk> chunks, int64_t last) {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto size = static_cast<int64_t>(chunks[i].features->tokens.size());
    if (length(slots[i]) + size > capacity())
      throw usage_error(
          "slot {} holds {} tokens: {} more exceed the context of {}", slots[i],
          length(slots[i]), size, capacity());
  }
  return impl_->append(slots, chunks, last);
}

}  // namespace gato
