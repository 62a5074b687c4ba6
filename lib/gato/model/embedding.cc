// A patch network with two convolutions of kernel 3 and a skip connection:
//
//   [U,3,16,16] -stem-> [U,64,8,8] -norm1,gelu,conv1-> [U,64,4,4]
//     -norm2,gelu,conv2-> [U,64,4,4] + skip(stem) -project-> [U,48,4,4]
//     -flatten,linear-> [U,d]
#include "gato/model/embedding.h"

namespace gato::model {
namespace {

constexpr int64_t kGroupNormGroups = 32;
constexpr double kGroupNormEpsilon = 1e-5;

at::Tensor convolve(const at::Tensor& x, const ConvolutionWeights& weights,
                    int64_t stride, int64_t padding) {
  return at::conv2d(x, weights.weight, weights.bias, stride, padding);
}

at::Tensor norm_and_gelu(const at::Tensor& x, const NormWeights& weights) {
  // On a GPU, the weights must have the type of x.
  const auto cast_to_input_type = [&](const at::Tensor& weight) {
    return x.is_cpu() ? weight : weight.to(x.scalar_type());
  };
  return at::gelu(
      at::group_norm(x, kGroupNormGroups, cast_to_input_type(weights.weight),
                     cast_to_input_type(weights.bias), kGroupNormEpsilon));
}

}  // namespace

at::Tensor embed_patches(const PatchWeights& weights,
                         const at::Tensor& pixels) {
  // Pixels are scaled to [-1, 1] and divided by 4, the square root of the patch
  // side (paper, section 2.1). contiguous() is needed because the convolutions
  // would keep the permuted layout, in which GroupNorm is 15 times slower.
  const at::Tensor scaled = pixels.permute({0, 3, 1, 2})
                                .to(at::kFloat)
                                .mul_(2.0 / 255 / 4)
                                .sub_(0.25)
                                .to(weights.stem.weight.scalar_type())
                                .contiguous();
  const at::Tensor x = convolve(scaled, weights.stem, 2, 1);
  at::Tensor y = convolve(norm_and_gelu(x, weights.norm1), weights.conv1, 2, 1);
  y = convolve(norm_and_gelu(y, weights.norm2), weights.conv2, 1, 1) +
      convolve(x, weights.skip, 2, 0);
  y = convolve(y, weights.project, 1, 0).flatten(1);
  return at::linear(y, weights.linear.weight, weights.linear.bias)
      .to(at::kFloat);
}

at::Tensor embed_tokens(const NetworkWeights& weights, const Batch& batch) {
  at::Tensor x = at::embedding(weights.token_embedding, batch.tokens);
  if (batch.patch_position.defined() && batch.patch_position.numel() > 0) {
    const at::Tensor patches =  // [P, d]
        at::embedding(embed_patches(weights.patch, batch.patches),
                      batch.patch_index) +
        at::embedding(weights.patch_row_embedding, batch.patch_row) +
        at::embedding(weights.patch_column_embedding, batch.patch_column);
    x = x.index_copy(0, batch.patch_position, patches);
  }
  // The position table [514, d]: local positions, actions, none.
  const at::Tensor no_position =
      at::zeros_like(weights.action_position_embedding);
  const at::Tensor positions =
      at::cat({weights.local_position_embedding,
               weights.action_position_embedding.unsqueeze(0),
               no_position.unsqueeze(0)});
  return x + at::embedding(positions, batch.local_position);
}

}  // namespace gato::model
