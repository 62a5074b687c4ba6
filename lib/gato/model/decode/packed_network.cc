#include "gato/model/decode/packed_network.h"

#include <ATen/Parallel.h>

#include "gato/model/position_encoding.h"

namespace gato::model {
namespace {

PackedType weight_type(Precision precision) {
  return precision == Precision::fp32   ? PackedType::fp32
         : precision == Precision::bf16 ? PackedType::bf16
                                        : PackedType::int8;
}

// Rings of int8 would lose precision for little speed.
PackedType ring_type(Precision precision) {
  return compute_type(precision, at::kCPU) == at::kFloat ? PackedType::fp32
                                                         : PackedType::bf16;
}

}  // namespace

RingShape::RingShape(PackedType type, int64_t tile_columns, int64_t capacity,
                     int64_t key_size)
    : ring_size((capacity + tile_columns - 1) / tile_columns * tile_columns),
      key_size(key_size),
      keys{type, tile_columns, key_size},
      values{type, tile_columns, ring_size} {}

int64_t RingShape::key_bytes() const {
  return ring_size * packed_words(keys.type, key_size) * 4;
}

int64_t RingShape::value_bytes() const {
  const int64_t columns = values.tile_columns;
  return (key_size + columns - 1) / columns * columns *
         packed_words(values.type, ring_size) * 4;
}

PackedNetwork::PackedNetwork(const Network& network, int64_t capacity,
                             const DecodeKernels& kernels)
    : config(network.config()),
      kernels(kernels),
      weights(network, Precision::fp32),
      patch(NetworkWeights(network, network.precision()).patch),
      type(weight_type(network.precision())),
      ring(ring_type(network.precision()), kernels.tile_columns, capacity,
           config.key_size),
      table(pack(weights.token_embedding)) {
  at::Tensor sinusoids;  // of the distances ring_size - 1 down to 0
  if (config.position == PositionEncoding::relative) {
    sinusoids = relative_sinusoids(ring.ring_size, config.width);
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    blocks.push_back(pack_block(weights.block(layer), sinusoids));
  }
}

PackedMatrix PackedNetwork::pack(const at::Tensor& matrix) const {
  return {matrix, type, kernels};
}

PackedBlock PackedNetwork::pack_block(const BlockWeights& block,
                                      const at::Tensor& sinusoids) const {
  PackedBlock packed;
  packed.attention_norm = block.attention_norm;
  packed.feedforward_norm = block.feedforward_norm;
  packed.content_bias = block.content_bias;
  packed.position_bias = block.position_bias;
  packed.qkv = pack(block.qkv);
  packed.output = pack(block.attention_output);
  packed.up = pack(block.up);
  packed.down = pack(block.down);
  if (!sinusoids.defined()) {
    return packed;
  }
  const at::Tensor projected =  // [ring, HK]
      at::linear(sinusoids, block.relative_projection).contiguous();
  const int64_t heads = config.heads;
  packed.relative_keys = HugeBuffer(heads * ring.key_bytes());
  at::parallel_for(0, heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      for (int64_t entry = 0; entry < ring.ring_size; ++entry) {
        ring.keys.store_column(
            packed.relative_keys.data<char>() + head * ring.key_bytes(), entry,
            projected.const_data_ptr<float>() +
                (entry * heads + head) * ring.key_size);
      }
    }
  });
  return packed;
}

}  // namespace gato::model
