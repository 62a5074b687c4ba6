// The parameters by their roles, in the type that they are computed in.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gato::model {

class Network;

struct NormWeights {
  at::Tensor weight, bias;
};

struct ConvolutionWeights {
  at::Tensor weight, bias;
};

struct PatchWeights {
  ConvolutionWeights stem;
  NormWeights norm1;
  ConvolutionWeights conv1;
  NormWeights norm2;
  ConvolutionWeights conv2, skip, project, linear;
};

struct BlockWeights {
  NormWeights attention_norm;
  at::Tensor qkv, attention_output;
  at::Tensor relative_projection, content_bias,
      position_bias;  // undefined if rotary
  NormWeights feedforward_norm;
  at::Tensor up, down;

  static constexpr size_t kTensorCount = 11;
  // Calls visit(tensor) for each of them, always in the same order; undefined
  // ones too.
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

// Matrices and the patch network's convolutions are of the network's
// precision; tables, norms and attention biases are fp32. `output` is the token
// table as the output matrix. The casts are part of the graph.
class NetworkWeights {
 public:
  explicit NetworkWeights(const Network& network);
  // In place of the network's own parameters, others in their order.
  NetworkWeights(const Network& network,
                 const std::vector<at::Tensor>& parameters);

  // Cast anew by every call. Where the block is computed right after, its casts
  // stand beside it in the graph, and the backward pass is done with the
  // gradients of a block before it goes on to the one below.
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
