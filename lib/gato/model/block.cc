#include "gato/model/block.h"

#include "gato/model/regularisation.h"

namespace gato {
namespace {

constexpr double epsilon = 1e-5;

// x + the sub-layer's output, dropped and skipped by row.
at::Tensor add(const at::Tensor& x, const at::Tensor& output,
               const Regularisation& regularisation, const at::Tensor& depth,
               int64_t sub_layer, int64_t rows) {
  const at::Tensor dropped = drop(output, regularisation, 2 * sub_layer, rows);
  if (depth.numel() == 0) return x + dropped;
  const at::Tensor by_row = depth[sub_layer].view({rows, 1, 1});
  return x + (dropped.view({rows, -1, x.size(1)}) * by_row).view(x.sizes());
}

}  // namespace

at::Tensor normalise(const at::Tensor& x, const NormWeights& weights,
                     at::ScalarType type) {
  return at::layer_norm(x, {x.size(1)}, weights.weight, weights.bias, epsilon)
      .to(type);
}

at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights,
                        const Regularisation& regularisation, int64_t layer,
                        int64_t rows) {
  const auto halves = at::linear(x, weights.up).chunk(2, 1);
  const at::Tensor gated = halves[0] * at::gelu(halves[1]);
  return at::linear(drop(gated, regularisation, 4 * layer + 1, rows),
                    weights.down);
}

at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const RowPositions& positions, const ModelConfig& config,
                       const Regularisation& regularisation,
                       const at::Tensor& depth, int64_t layer, int64_t rows) {
  const at::ScalarType type = weights.qkv.scalar_type();
  const at::Tensor attended =
      add(x,
          attend(normalise(x, weights.attention_norm, type), weights, positions,
                 config, x.size(0) / rows),
          regularisation, depth, 2 * layer, rows);
  return add(attended,
             feed_forward(normalise(attended, weights.feedforward_norm, type),
                          weights, regularisation, layer, rows),
             regularisation, depth, 2 * layer + 1, rows);
}

}  // namespace gato
