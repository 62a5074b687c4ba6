// Each layer has a ring tensor [slots * capacity, 2HK] of keys and values: the
// token at position p of a slot is row p % capacity of the slot. Evicted rows
// are masked, and overwritten later.
//
// append() writes the keys and values of all new tokens [N] first, then attends
// with queries padded to [n, H, C, K]: C is the longest chunk, and n so large
// that the chunks are among the first n slots, whose rings are then a view. In
// relative attention (Dai et al. 2019), the projected sinusoids W R of all
// distances are computed once, at construction; a gather by distance replaces
// the relative shift, since the entries of a ring are not in order. Scores by
// position, and the mask, are the bias of PyTorch's fused attention.
//
// A GPU computes a token faster than the host can queue its operations, so
// there are few of them: queries are scaled by their weights, and keys and
// values are stored together.
#include "gato/model/decode/device_decoder.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gato/model/batch_builder.h"
#include "gato/model/block.h"
#include "gato/model/embedding.h"
#include "gato/model/position_encoding.h"
#include "gato/model/weights.h"

namespace gato::model {
namespace {

// Maximum number of attention scores of one forward pass. If there would be
// more, the two halves of the chunks are processed one after the other.
constexpr int64_t kMaxScores = int64_t{1} << 26;

// Returns the concatenated chunks as a batch of one row.
Batch make_batch(std::span<const SlotChunk> chunks) {
  int64_t token_count = 0;
  for (const SlotChunk& chunk : chunks) {
    token_count += chunk.tokens->size();
  }
  BatchBuilder builder(1, token_count);
  int64_t index = 0;
  for (const SlotChunk& chunk : chunks) {
    builder.set_tokens(index, *chunk.tokens);
    index += chunk.tokens->size();
  }
  return builder.build();
}

// The indices of the N new tokens of one append(), on the device.
struct AppendLayout {
  int64_t slots = 0;             // n
  int64_t max_chunk_length = 0;  // C
  at::Tensor ring_row;           // int64 [N]: row of the ring tensors
  at::Tensor padded_index;       // int64 [N]: index into n*C
  at::Tensor output_index;       // int64 [n * last]: each chunk's last, of N
  at::Tensor mask;               // [n, 1, C, capacity]: -infinity or 0
  at::Tensor distance;           // int64 [n, 1, C, capacity], clamped
  RotaryEmbedding rotation;      // [N, 1, K]; undefined if relative
};

struct DeviceBlock {
  BlockWeights weights;      // queries are scaled by 1 / sqrt(K)
  at::Tensor relative_keys;  // [H, K, capacity], by distance; or undefined
};

class DeviceDecoder : public Decoder,
                      public std::enable_shared_from_this<DeviceDecoder> {
 public:
  DeviceDecoder(const Network& network, int64_t capacity)
      : Decoder(network, capacity), weights_(network) {
    const ModelConfig& config = network.config();
    const bool is_relative = config.position == PositionEncoding::relative;
    at::Tensor sinusoids;
    if (is_relative) {  // of the distances 0, 1, ..., capacity - 1
      sinusoids = relative_sinusoids(capacity, config.width)
                      .flip(0)
                      .to(weights_.output_projection.options());
    }
    const double scale = 1 / std::sqrt(config.key_size);
    const int64_t query_rows = config.heads * config.key_size;
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      DeviceBlock& block = blocks_.emplace_back();
      block.weights = weights_.block(layer);
      block.weights.qkv = block.weights.qkv.clone();
      block.weights.qkv.narrow(0, 0, query_rows).mul_(scale);
      if (is_relative) {
        for (at::Tensor* bias :
             {&block.weights.content_bias, &block.weights.position_bias}) {
          *bias = bias->mul(scale).to(sinusoids.scalar_type());
        }
        block.relative_keys =
            at::linear(sinusoids, block.weights.relative_projection)
                .view({capacity, config.heads, config.key_size})
                .permute({1, 2, 0})
                .contiguous();
      }
    }
  }

  std::unique_ptr<DecoderRings> make_rings(int64_t slots) const override;
  at::Tensor logits(const at::Tensor& hidden,
                    data::IdRange ids) const override {
    return network().logits(hidden, ids);
  }

 private:
  friend class DeviceRings;

  const NetworkWeights weights_;
  std::vector<DeviceBlock> blocks_;
};

class DeviceRings : public DecoderRings {
 public:
  DeviceRings(std::shared_ptr<const DeviceDecoder> decoder, int64_t slots)
      : decoder_(std::move(decoder)), config_(decoder_->network().config()) {
    for (int64_t layer = 0; layer < config_.layers; ++layer) {
      rings_.push_back(at::zeros(
          {slots * decoder_->capacity(), 2 * config_.heads * config_.key_size},
          decoder_->weights_.output_projection.options()));
    }
  }

  at::Tensor append(std::span<const SlotChunk> chunks,
                    int64_t last_tokens) override;

 private:
  AppendLayout make_layout(std::span<const SlotChunk> chunks,
                           int64_t last_tokens) const;
  void add_masks(std::span<const SlotChunk> chunks, AppendLayout& layout) const;
  at::Tensor attend(const at::Tensor& x, const AppendLayout& layout,
                    size_t layer) const;

  at::Tensor to_device(const std::vector<int64_t>& values) const {
    return at::tensor(values, at::kLong)
        .to(decoder_->network().device(), /*non_blocking=*/true);
  }

  std::shared_ptr<const DeviceDecoder> decoder_;
  const ModelConfig& config_;
  std::vector<at::Tensor> rings_;  // per layer: [slots * capacity, 2HK]
};

AppendLayout DeviceRings::make_layout(std::span<const SlotChunk> chunks,
                                      int64_t last_tokens) const {
  const int64_t capacity = decoder_->capacity();
  AppendLayout layout;
  for (const SlotChunk& chunk : chunks) {
    layout.slots = std::max(layout.slots, chunk.slot + 1);
    layout.max_chunk_length =
        std::max(layout.max_chunk_length, chunk.tokens->size());
  }
  std::vector<int64_t> positions, ring_rows, padded_indices, output_indices;
  for (const SlotChunk& chunk : chunks) {
    for (int64_t i = 0; i < chunk.tokens->size(); ++i) {
      positions.push_back(chunk.window_end + i);
      ring_rows.push_back(chunk.slot * capacity + positions.back() % capacity);
      padded_indices.push_back(chunk.slot * layout.max_chunk_length + i);
    }
    const auto count = std::ssize(positions);
    for (int64_t i = count - last_tokens; i < count; ++i) {
      output_indices.push_back(i);
    }
  }
  layout.ring_row = to_device(ring_rows);
  layout.padded_index = to_device(padded_indices);
  layout.output_index = to_device(output_indices);
  if (config_.position == PositionEncoding::rotary) {
    const auto options = decoder_->weights_.output_projection.options();
    layout.rotation =
        rotary_embedding(at::tensor(positions, at::kLong), config_.key_size);
    for (at::Tensor* table : {&layout.rotation.cosine, &layout.rotation.sine}) {
      *table = table->unsqueeze(1).to(options);
    }
  }
  add_masks(chunks, layout);
  return layout;
}

// Row r of a ring contains the newest position that is r modulo the capacity,
// or, if there is none yet, "contains" a negative one, before every window.
void DeviceRings::add_masks(std::span<const SlotChunk> chunks,
                            AppendLayout& layout) const {
  const int64_t capacity = decoder_->capacity();
  const size_t n = static_cast<size_t>(layout.slots);
  // Slots without a chunk are padding, for which nothing is masked.
  std::vector<int64_t> newest(n, capacity), begin(n, 0), first(n, capacity);
  for (const SlotChunk& chunk : chunks) {
    newest[chunk.slot] = chunk.window_end + chunk.tokens->size() - 1;
    begin[chunk.slot] = chunk.window_begin;
    first[chunk.slot] = chunk.window_end;
  }
  const auto by_slot = [&](const std::vector<int64_t>& values) {
    return to_device(values).view({layout.slots, 1, 1, 1});
  };
  const at::TensorOptions options =
      at::TensorOptions(at::kLong).device(decoder_->network().device());
  const at::Tensor newest_key = by_slot(newest);
  const at::Tensor key =  // [n, 1, 1, capacity]
      newest_key -
      (newest_key - at::arange(capacity, options)).remainder(capacity);
  const at::Tensor query =  // [n, 1, C, 1]
      by_slot(first) +
      at::arange(layout.max_chunk_length, options).unsqueeze(1);
  layout.mask =
      at::zeros({layout.slots, 1, layout.max_chunk_length, capacity},
                decoder_->weights_.output_projection.options())
          .masked_fill_(key.gt(query).logical_or_(key.lt(by_slot(begin))),
                        -INFINITY);
  if (config_.position == PositionEncoding::relative) {
    layout.distance = (query - key).clamp_(0, capacity - 1);
  }
}

// Stores the keys and values of `layer` for x [N, d], which is normalized, and
// returns the output of the attention, [N, d].
at::Tensor DeviceRings::attend(const at::Tensor& x, const AppendLayout& layout,
                               size_t layer) const {
  const DeviceBlock& block = decoder_->blocks_[layer];
  const int64_t heads = config_.heads, key_size = config_.key_size,
                all_heads = heads * key_size, tokens = x.size(0),
                n = layout.slots, length = layout.max_chunk_length;
  at::Tensor qkv = at::linear(x, block.weights.qkv);
  if (layout.rotation.cosine.defined()) {
    const at::Tensor rotated = apply_rotary_embedding(
        qkv.narrow(1, 0, 2 * all_heads).view({tokens, 2 * heads, key_size}),
        layout.rotation);
    qkv.narrow(1, 0, 2 * all_heads)
        .copy_(rotated.view({tokens, 2 * all_heads}));
  }
  const at::Tensor& ring = rings_[layer];
  ring.index_copy_(0, layout.ring_row, qkv.narrow(1, all_heads, 2 * all_heads));
  const at::Tensor keys_and_values =  // [2, n, H, capacity, K], a view
      ring.narrow(0, 0, n * decoder_->capacity())
          .view({n, decoder_->capacity(), 2, heads, key_size})
          .permute({2, 0, 3, 1, 4});
  at::Tensor queries = qkv.narrow(1, 0, all_heads);
  if (tokens < n * length) {
    queries = at::zeros({n * length, all_heads}, qkv.options())
                  .index_copy_(0, layout.padded_index, queries);
  }
  queries = queries.reshape({n, length, heads, key_size});
  at::Tensor bias = layout.mask;
  if (block.relative_keys.defined()) {
    const at::Tensor scores =  // [H, n * C, capacity]
        at::bmm((queries + block.weights.position_bias)
                    .view({n * length, heads, key_size})
                    .transpose(0, 1),
                block.relative_keys);
    bias = scores.view({heads, n, length, -1})
               .transpose(0, 1)
               .gather(3, layout.distance.expand({n, heads, length, -1}))
               .add_(layout.mask);
    queries = queries + block.weights.content_bias;
  }
  const at::Tensor values =
      at::scaled_dot_product_attention(queries.transpose(1, 2),
                                       keys_and_values[0], keys_and_values[1],
                                       bias, 0.0, /*is_causal=*/false,
                                       /*scale=*/1.0)
          .transpose(1, 2)
          .reshape({n * length, all_heads});
  return at::linear(tokens < n * length
                        ? values.index_select(0, layout.padded_index)
                        : values,
                    block.weights.attention_output);
}

at::Tensor DeviceRings::append(std::span<const SlotChunk> chunks,
                               int64_t last_tokens) {
  const AppendLayout layout = make_layout(chunks, last_tokens);
  const int64_t scores = layout.slots * layout.max_chunk_length *
                         decoder_->capacity() * config_.heads;
  if (chunks.size() > 1 && scores > kMaxScores) {
    const size_t half = chunks.size() / 2;
    const at::Tensor first = append(chunks.first(half), last_tokens);
    return at::cat({first, append(chunks.subspan(half), last_tokens)});
  }
  const NetworkWeights& weights = decoder_->weights_;
  const at::ScalarType type = weights.output_projection.scalar_type();
  at::Tensor x = embed_tokens(
      weights, make_batch(chunks).to(decoder_->network().device()));
  for (size_t layer = 0; layer < rings_.size(); ++layer) {
    const BlockWeights& block = decoder_->blocks_[layer].weights;
    x = x + attend(layer_norm(x, block.attention_norm, type), layout, layer);
    if (layer + 1 == rings_.size()) {
      x = x.index_select(0, layout.output_index);
    }
    x = x + feed_forward(layer_norm(x, block.feedforward_norm, type), block);
  }
  return layer_norm(x, weights.output_norm, at::kFloat);
}

std::unique_ptr<DecoderRings> DeviceDecoder::make_rings(int64_t slots) const {
  return std::make_unique<DeviceRings>(shared_from_this(), slots);
}

}  // namespace

std::shared_ptr<const Decoder> make_device_decoder(const Network& network,
                                                   int64_t capacity) {
  return std::make_shared<const DeviceDecoder>(network, capacity);
}

}  // namespace gato::model
