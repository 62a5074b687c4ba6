// The parameters by their roles, in the type that they are computed in.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "gato/model/network.h"

namespace gato {

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
  at::Tensor qkv, output;
  at::Tensor relative, content_bias, position_bias;  // undefined if rotary
  NormWeights feedforward_norm;
  at::Tensor up, down;
};

// Matrices and the patch network's convolutions are of the network's
// precision; tables, norms and attention biases are fp32. `output` is the token
// table as the output matrix. The casts are part of the graph.
struct Weights {
  explicit Weights(const Network& network);

  at::Tensor tokens, local, action, rows, columns;
  PatchWeights patch;
  std::vector<BlockWeights> blocks;
  NormWeights output_norm;
  at::Tensor output;
};

}  // namespace gato
