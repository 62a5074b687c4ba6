// The parameters by role, in the types in which they are used.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gato/model/precision.h"

namespace gato::model {

class Network;

struct NormWeights {
  at::Tensor weight, bias;
};

struct ConvolutionWeights {
  at::Tensor weight, bias;
};

// The patch network of the paper's Figure 16; see embedding.cc.
struct PatchWeights {
  ConvolutionWeights stem;
  NormWeights norm1;
  ConvolutionWeights conv1;
  NormWeights norm2;
  ConvolutionWeights conv2, skip, project, linear;
};

// The weights of one block. Linear weights are [out, in].
struct BlockWeights {
  NormWeights attention_norm;
  at::Tensor qkv, attention_output;  // [3*H*K, d], [d, H*K]
  // [H*K, d], [H, K], [H, K]; undefined if positions are rotary.
  at::Tensor relative_projection, content_bias, position_bias;
  NormWeights feedforward_norm;
  at::Tensor up, down;  // [F, d], [d, F/2]

  static constexpr size_t kTensorCount = 11;
  // Calls visit(tensor) for each tensor, always in the same order, including
  // those that are undefined.
  template <class Weights, class Visit>
  static void for_each_tensor(Weights& weights, Visit visit) {
    for (auto* tensor :
         {&weights.attention_norm.weight, &weights.attention_norm.bias,
          &weights.qkv, &weights.attention_output, &weights.relative_projection,
          &weights.content_bias, &weights.position_bias,
          &weights.feedforward_norm.weight, &weights.feedforward_norm.bias,
          &weights.up, &weights.down}) {
      visit(*tensor);
    }
  }
};

// Matrices and the convolutions of the patch network have the precision of the
// network; tables, norms and attention biases are fp32. `output_projection` is
// the token table (tied weights). The casts are part of the autograd graph.
class NetworkWeights {
 public:
  explicit NetworkWeights(const Network& network);
  // Casts to `precision` in place of that of the network.
  NetworkWeights(const Network& network, Precision precision);
  // Uses `parameters`, in the order of Network::parameters(), in place of those
  // of the network.
  NetworkWeights(const Network& network,
                 const std::vector<at::Tensor>& parameters);
  NetworkWeights(const Network& network,
                 const std::vector<at::Tensor>& parameters,
                 Precision precision);

  // Returns the weights of a block, cast again by every call. Call it right
  // before computing the block: the backward pass then completes the gradients
  // of a block before it continues with the block below.
  BlockWeights block(int64_t layer) const;

  at::Tensor token_embedding, local_position_embedding,
      action_position_embedding, patch_row_embedding, patch_column_embedding;
  PatchWeights patch;
  NormWeights output_norm;
  at::Tensor output_projection;

 private:
  std::vector<BlockWeights> blocks_;  // fp32
};

}  // namespace gato::model
