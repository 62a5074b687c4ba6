#include "gato/model/block.h"

namespace gato::model {
namespace {

constexpr double kLayerNormEpsilon = 1e-5;

// The regularized residual connections of one block, for the tokens that it
// outputs: all B*L, or T of them.
struct Sublayers {
  const BlockContext& context;
  int64_t layer = 0;
  at::Tensor output_indices;  // int64 [T]; all if undefined

  at::Tensor dropout(const at::Tensor& x, int64_t site) const {
    return apply_dropout(
        x, context.regularization, site,
        {context.rows, context.positions.length(), output_indices});
  }

  // Returns x + output, the output of sub-layer 0 (attention) or 1
  // (feed-forward) after dropout, scaled per row by stochastic depth. The
  // dropout sites of layer l are 4l and 4l+2 for the outputs and 4l+1 for the
  // feed-forward activations. Its sub-layers are 2l and 2l+1 in depth_scales.
  at::Tensor residual_add(const at::Tensor& x, const at::Tensor& output,
                          int64_t sublayer_index) const {
    const int64_t sublayer = 2 * layer + sublayer_index;
    const at::Tensor dropped = dropout(output, 2 * sublayer);
    if (context.depth_scales.numel() == 0) {
      return x + dropped;
    }
    const at::Tensor row_scales = context.depth_scales[sublayer];
    if (output_indices.defined()) {
      const at::Tensor row =
          at::floor_divide(output_indices, context.positions.length());
      return x + dropped * row_scales.index_select(0, row).unsqueeze(1);
    }
    return x + (dropped.view({context.rows, -1, x.size(1)}) *
                row_scales.view({context.rows, 1, 1}))
                   .view(x.sizes());
  }
};

// Returns the gated activations [n, F/2] of x [n, d].
at::Tensor geglu(const at::Tensor& x, const BlockWeights& weights) {
  const auto halves = at::linear(x, weights.up).chunk(2, 1);
  return halves[0] * at::gelu(halves[1]);
}

}  // namespace

at::Tensor layer_norm(const at::Tensor& x, const NormWeights& weights,
                      at::ScalarType type) {
  return at::layer_norm(x, {x.size(1)}, weights.weight, weights.bias,
                        kLayerNormEpsilon)
      .to(type);
}

at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights) {
  return at::linear(geglu(x, weights), weights.down);
}

at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const BlockContext& context, int64_t layer) {
  const at::ScalarType type = weights.qkv.scalar_type();
  Sublayers sublayers{context, layer, {}};
  // The other layers need every token, as keys and values of the next layer.
  if (layer == context.config.layers - 1) {
    sublayers.output_indices = context.output_indices;
  }
  const at::Tensor attended = sublayers.residual_add(
      sublayers.output_indices.defined()
          ? at::embedding(x, sublayers.output_indices)
          : x,
      causal_self_attention(layer_norm(x, weights.attention_norm, type),
                            weights, context.positions, context.config,
                            sublayers.output_indices),
      /*sublayer_index=*/0);
  const at::Tensor gated =
      geglu(layer_norm(attended, weights.feedforward_norm, type), weights);
  return sublayers.residual_add(
      attended,
      at::linear(sublayers.dropout(gated, 4 * layer + 1), weights.down),
      /*sublayer_index=*/1);
}

}  // namespace gato::model
