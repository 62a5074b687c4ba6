// A forward pass over the N new tokens of all slots, row by row of packed
// matrices. All intermediate results are fp32; rows are rounded to the type of
// the weights before each product:
//
//   x = embeddings                              [N, d]
//   for each layer:
//     q, k, v = qkv(LayerNorm(x))               [N, 3HK]
//     x += output(attention(q, rings of k, v))
//     x += down(geglu(up(LayerNorm(x))))
//
// The last layer computes keys and values of all tokens, but the rest only for
// the tokens whose hidden states are returned.
// Attention reads the rings of keys and values (packed_network.h) in place.
#include "gato/model/decode/cpu_rings.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gato/model/batch.h"
#include "gato/model/batch_builder.h"
#include "gato/model/decode/packed_matrix.h"
#include "gato/model/embedding.h"
#include "gato/model/position_encoding.h"

namespace gato::model {
namespace {

// The tokens of a forward pass.
struct Pass {
  std::span<const SlotChunk> chunks;
  std::vector<int64_t> first_token;  // of each chunk, then N
  int64_t last_tokens = 0;
  // [N, K/2] each, only if positions are rotary.
  std::vector<float> cosines, sines;

  int64_t size() const { return first_token.back(); }
  int64_t output_size() const { return std::ssize(chunks) * last_tokens; }
};

class CpuRings : public DecoderRings {
 public:
  CpuRings(std::shared_ptr<const PackedNetwork> network, int64_t slots)
      : network_(std::move(network)),
        kernels_(network_->kernels),
        config_(network_->config),
        shape_(network_->ring),
        packed_(network_->type, kernels_) {
    const int64_t rings = slots * config_.heads;
    for (int64_t layer = 0; layer < config_.layers; ++layer) {
      keys_.emplace_back(rings * shape_.key_bytes());
      values_.emplace_back(rings * shape_.value_bytes());
    }
  }

  at::Tensor append(std::span<const SlotChunk> chunks,
                    int64_t last_tokens) override {
    const Pass pass = make_pass(chunks, last_tokens);
    const int64_t width = config_.width;
    reserve(pass.size());
    embed(pass);
    for (int64_t layer = 0; layer < config_.layers; ++layer) {
      const PackedBlock& block = network_->blocks[layer];
      const bool is_last = layer + 1 == config_.layers;
      pack_normalized(pass.size(), block.attention_norm);
      block.qkv.multiply(packed_, qkv_.data<float>());
      attend(pass, layer, is_last);
      int64_t rows = pass.size();
      if (is_last) {
        select_outputs(pass);
        rows = pass.output_size();
      }
      pack_rows(rows, attended_.data<float>(),
                config_.heads * config_.key_size);
      block.output.multiply(packed_, product_.data<float>());
      add_product(rows, block.output.padded_columns());
      pack_normalized(rows, block.feedforward_norm);
      block.up.multiply(packed_, up_.data<float>());
      pack_gated(rows, block.up.padded_columns());
      block.down.multiply(packed_, product_.data<float>());
      add_product(rows, block.down.padded_columns());
    }
    const at::Tensor hidden =
        at::empty({pass.output_size(), width}, at::kFloat);
    for_each_row(pass.output_size(), [&](int64_t row) {
      normalize(row, network_->weights.output_norm,
                hidden.data_ptr<float>() + row * width);
    });
    return hidden;
  }

 private:
  Pass make_pass(std::span<const SlotChunk> chunks, int64_t last_tokens) const {
    Pass pass{chunks, {0}, last_tokens, {}, {}};
    std::vector<int64_t> positions;
    for (const SlotChunk& chunk : chunks) {
      const int64_t size = chunk.tokens->size();
      pass.first_token.push_back(pass.first_token.back() + size);
      for (int64_t i = 0; i < size; ++i) {
        positions.push_back(chunk.window_end + i);
      }
    }
    if (config_.position == PositionEncoding::rotary) {
      const int64_t half = config_.key_size / 2;
      const RotaryEmbedding rotation =
          rotary_embedding(at::tensor(positions, at::kLong), config_.key_size);
      const auto left_half = [&](const at::Tensor& table) {
        const at::Tensor values = table.narrow(1, 0, half).contiguous();
        const float* const begin = values.const_data_ptr<float>();
        return std::vector<float>(begin, begin + values.numel());
      };
      pass.cosines = left_half(rotation.cosine);
      pass.sines = left_half(-rotation.sine);
    }
    return pass;
  }

  // Makes room for n tokens in all intermediate results.
  void reserve(int64_t n) {
    const PackedBlock& block = network_->blocks.front();
    const auto grow = [n](HugeBuffer& buffer, int64_t columns) {
      buffer.grow(n * columns * static_cast<int64_t>(sizeof(float)));
    };
    grow(x_, config_.width);
    grow(qkv_, block.qkv.padded_columns());
    grow(attended_, config_.heads * config_.key_size);
    grow(up_, block.up.padded_columns());
    grow(product_,
         std::max(block.output.padded_columns(), block.down.padded_columns()));
  }

  float* x_row(int64_t row) const {
    return x_.data<float>() + row * config_.width;
  }

  // Returns temporary memory of this thread for n floats.
  static float* thread_scratch(int64_t n) {
    static thread_local std::vector<float> scratch;
    if (std::ssize(scratch) < n) {
      scratch.resize(static_cast<size_t>(n));
    }
    return scratch.data();
  }

  void embed(const Pass& pass);
  void embed_patches_of(const Pass& pass,
                        const std::vector<std::pair<int64_t, int64_t>>& tokens);
  void attend(const Pass& pass, int64_t layer, bool is_last);
  void attend_head(const Pass& pass, int64_t task, int64_t layer, bool is_last);
  void rotate(const Pass& pass, int64_t token, float* vector) const;

  void normalize(int64_t row, const NormWeights& norm, float* y) const {
    kernels_.layer_norm(x_row(row), norm.weight.const_data_ptr<float>(),
                        norm.bias.const_data_ptr<float>(), config_.width, y);
  }

  void pack_normalized(int64_t rows, const NormWeights& norm) {
    packed_.resize(rows, config_.width);
    for_each_row(rows, [&](int64_t row) {
      float* const normalized = thread_scratch(config_.width);
      normalize(row, norm, normalized);
      packed_.set(row, normalized);
    });
  }

  void pack_rows(int64_t rows, const float* x, int64_t n) {
    packed_.resize(rows, n);
    for_each_row(rows, [&](int64_t row) { packed_.set(row, x + row * n); });
  }

  // Packs the gated activations of the feed-forward sub-layer.
  void pack_gated(int64_t rows, int64_t stride) {
    const int64_t n = config_.feedforward / 2;
    packed_.resize(rows, n);
    for_each_row(rows, [&](int64_t row) {
      float* const gated = thread_scratch(n);
      kernels_.geglu(up_.data<float>() + row * stride, n, gated);
      packed_.set(row, gated);
    });
  }

  void add_product(int64_t rows, int64_t stride) {
    for_each_row(rows, [&](int64_t row) {
      kernels_.add(product_.data<float>() + row * stride, config_.width,
                   x_row(row));
    });
  }

  // Moves the rows of the tokens that are returned to the front of x.
  void select_outputs(const Pass& pass) {
    int64_t output = 0;
    for (size_t i = 0; i < pass.chunks.size(); ++i) {
      for (int64_t token = pass.first_token[i + 1] - pass.last_tokens;
           token < pass.first_token[i + 1]; ++token, ++output) {
        std::copy_n(x_row(token), config_.width, x_row(output));
      }
    }
  }

  std::shared_ptr<const PackedNetwork> network_;
  const DecodeKernels& kernels_;
  const ModelConfig& config_;
  const RingShape& shape_;
  std::vector<HugeBuffer> keys_, values_;  // per layer: [slots, H] rings
  PackedRows packed_;
  // fp32: the residual stream [N, d] and the outputs of products, in rows of
  // their padded columns; attended_ is [N, HK].
  HugeBuffer x_, qkv_, attended_, up_, product_;
};

void CpuRings::embed(const Pass& pass) {
  const NetworkWeights& weights = network_->weights;
  const int64_t width = config_.width;
  const float* const table = weights.token_embedding.const_data_ptr<float>();
  std::vector<std::pair<int64_t, int64_t>> patch_tokens;  // chunk, index
  for (size_t i = 0; i < pass.chunks.size(); ++i) {
    const data::TokenRow& tokens = *pass.chunks[i].tokens;
    for (int64_t j = 0; j < tokens.size(); ++j) {
      float* const x = x_row(pass.first_token[i] + j);
      if (data::is_patch(tokens.tokens[j])) {
        patch_tokens.emplace_back(i, j);
        std::fill_n(x, width, 0.0F);
      } else {
        std::copy_n(table + tokens.tokens[j] * width, width, x);
      }
      const int64_t row = Batch::local_position_row(tokens.local_position[j]);
      if (row == Batch::kNoLocalRow) {
        continue;
      }
      kernels_.add(
          row == Batch::kActionLocalRow
              ? weights.action_position_embedding.const_data_ptr<float>()
              : weights.local_position_embedding.const_data_ptr<float>() +
                    row * width,
          width, x);
    }
  }
  if (!patch_tokens.empty()) {
    embed_patches_of(pass, patch_tokens);
  }
}

// Adds the embeddings of all patches of the pass, which are computed together.
void CpuRings::embed_patches_of(
    const Pass& pass, const std::vector<std::pair<int64_t, int64_t>>& tokens) {
  const NetworkWeights& weights = network_->weights;
  const int64_t width = config_.width;
  std::vector<int64_t> first_patch;  // of each chunk
  int64_t count = 0;
  for (const SlotChunk& chunk : pass.chunks) {
    first_patch.push_back(count);
    count += std::ssize(chunk.tokens->patches);
  }
  const at::Tensor pixels = at::empty({count, 16, 16, 3}, at::kByte);
  auto* next = pixels.data_ptr<uint8_t>();
  for (const SlotChunk& chunk : pass.chunks) {
    for (const data::Patch& patch : chunk.tokens->patches) {
      next = std::ranges::copy(patch, next).out;
    }
  }
  const at::Tensor embedded =
      embed_patches(network_->patch, pixels).contiguous();
  for (const auto& [i, j] : tokens) {
    const data::TokenRow& row = *pass.chunks[i].tokens;
    const auto& [first_row, end_row, first_column, end_column] =
        row.interval[j];
    float* const x = x_row(pass.first_token[i] + j);
    const auto add = [&](const at::Tensor& rows, int64_t index) {
      kernels_.add(rows.const_data_ptr<float>() + index * width, width, x);
    };
    add(embedded, first_patch[i] + data::patch_index(row.tokens[j]));
    add(weights.patch_row_embedding, interval_center(first_row, end_row));
    add(weights.patch_column_embedding,
        interval_center(first_column, end_column));
  }
}

// Stores the keys and values of the pass and sets attended_, to that of all
// tokens or, in the last layer, of those that are returned.
void CpuRings::attend(const Pass& pass, int64_t layer, bool is_last) {
  const auto chunks = std::ssize(pass.chunks);
  // All chunks of one head, then of the next: they share relative keys.
  at::parallel_for(0, config_.heads * chunks, 1,
                   [&](int64_t begin, int64_t end) {
                     for (int64_t task = begin; task < end; ++task) {
                       attend_head(pass, task, layer, is_last);
                     }
                   });
}

void CpuRings::attend_head(const Pass& pass, int64_t task, int64_t layer,
                           bool is_last) {
  const auto chunks = std::ssize(pass.chunks);
  const int64_t chunk = task % chunks, head = task / chunks;
  const SlotChunk& slot_chunk = pass.chunks[chunk];
  const PackedBlock& block = network_->blocks[layer];
  const int64_t key_size = config_.key_size;
  const int64_t all_heads = config_.heads * key_size;
  const int64_t stride = block.qkv.padded_columns();
  const int64_t ring = slot_chunk.slot * config_.heads + head;
  const auto keys_of = [&](int64_t index) {
    return keys_[layer].data<char>() + index * shape_.key_bytes();
  };
  char* const keys = keys_of(ring);
  char* const values =
      values_[layer].data<char>() + ring * shape_.value_bytes();
  const int64_t first = pass.first_token[chunk];
  const int64_t count = pass.first_token[chunk + 1] - first;
  float* const queries = qkv_.data<float>() + first * stride + head * key_size;
  for (int64_t i = 0; i < count; ++i) {
    float* const query = queries + i * stride;
    if (config_.position == PositionEncoding::rotary) {
      rotate(pass, first + i, query);
      rotate(pass, first + i, query + all_heads);
    }
    const int64_t entry = (slot_chunk.window_end + i) % shape_.ring_size;
    shape_.keys.store_column(keys, entry, query + all_heads);
    shape_.values.store_row(values, entry, query + 2 * all_heads, key_size);
  }
  const int64_t skipped = is_last ? count - pass.last_tokens : 0;
  const int64_t first_output = is_last ? chunk * pass.last_tokens : first;
  HeadAttention attention;
  attention.key_size = key_size;
  attention.ring_size = shape_.ring_size;
  attention.window_begin = slot_chunk.window_begin;
  attention.first_position = slot_chunk.window_end + skipped;
  attention.rows = count - skipped;
  attention.queries = queries + skipped * stride;
  attention.query_stride = stride;
  if (block.content_bias.defined()) {
    attention.content_bias =
        block.content_bias.const_data_ptr<float>() + head * key_size;
    attention.position_bias =
        block.position_bias.const_data_ptr<float>() + head * key_size;
    attention.relative_keys =
        block.relative_keys.data<char>() + head * shape_.key_bytes();
  }
  attention.keys = keys;
  attention.values = values;
  if (task + 1 < config_.heads * chunks) {
    const int64_t next_head = (task + 1) / chunks;
    attention.next_keys = keys_of(
        pass.chunks[(task + 1) % chunks].slot * config_.heads + next_head);
    if (next_head != head && block.content_bias.defined()) {
      attention.next_relative_keys =
          block.relative_keys.data<char>() + next_head * shape_.key_bytes();
    }
  }
  attention.output =
      attended_.data<float>() + first_output * all_heads + head * key_size;
  attention.output_stride = all_heads;
  attention.scratch =
      thread_scratch(attention_scratch_size(key_size, shape_.ring_size));
  kernels_.attend[static_cast<size_t>(shape_.keys.type)](attention);
}

// Rotates a query or key of one head (position_encoding.h).
void CpuRings::rotate(const Pass& pass, int64_t token, float* vector) const {
  const int64_t half = config_.key_size / 2;
  const float* const cosines = pass.cosines.data() + token * half;
  const float* const sines = pass.sines.data() + token * half;
  for (int64_t k = 0; k < half; ++k) {
    const float x = vector[k], y = vector[k + half];
    vector[k] = x * cosines[k] - y * sines[k];
    vector[k + half] = y * cosines[k] + x * sines[k];
  }
}

}  // namespace

std::unique_ptr<DecoderRings> make_cpu_rings(
    std::shared_ptr<const PackedNetwork> network, int64_t slots) {
  return std::make_unique<CpuRings>(std::move(network), slots);
}

}  // namespace gato::model
