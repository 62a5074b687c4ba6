// The weights of a network, packed for decoding on a CPU, and the shape of the
// rings that it decodes with.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "gato/model/decode/huge_buffer.h"
#include "gato/model/decode/packed_matrix.h"
#include "gato/model/network.h"
#include "gato/model/weights.h"

namespace gato::model {

struct PackedBlock {
  NormWeights attention_norm, feedforward_norm;
  at::Tensor content_bias, position_bias;  // [H, K]; undefined if rotary
  PackedMatrix qkv, output, up, down;
  HugeBuffer relative_keys;  // a packed matrix [K, ring] per head
};

// The packed matrices of a ring, for one head of one slot. They are written
// element by element: [K, ring] of keys and [ring, K] of values. Position p is
// entry p % ring_size.
struct RingShape {
  int64_t ring_size;  // the capacity, rounded up to complete tiles
  int64_t key_size;   // K
  PackedLayout keys, values;

  RingShape(PackedType type, int64_t tile_columns, int64_t capacity,
            int64_t key_size);

  int64_t key_bytes() const;
  int64_t value_bytes() const;
};

struct PackedNetwork {
  // Packs the weights in the precision of the network, which must outlive the
  // object. Slots have `capacity` tokens. W R of all distances (Dai et al.
  // 2019, section 3.3) is computed here, once.
  PackedNetwork(const Network& network, int64_t capacity,
                const DecodeKernels& kernels);

  const ModelConfig& config;
  const DecodeKernels& kernels;
  const NetworkWeights weights;  // fp32, views of those of the network
  const PatchWeights patch;
  const PackedType type;  // of the weights
  const RingShape ring;
  std::vector<PackedBlock> blocks;
  const PackedMatrix table;  // the token table, as the output matrix

 private:
  PackedMatrix pack(const at::Tensor& matrix) const;
  PackedBlock pack_block(const BlockWeights& block,
                         const at::Tensor& sinusoids) const;
};

}  // namespace gato::model
