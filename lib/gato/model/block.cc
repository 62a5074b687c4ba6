#include "gato/model/block.h"

#include "gato/model/regularisation.h"

namespace gato {
namespace {

constexpr double epsilon = 1e-5;

// The tensors of one block: of all places [B*L, n], or of those chosen [T, n].
struct Sublayers {
  const BlockInput& input;
  int64_t layer = 0;
  at::Tensor chosen;  // undefined: all

  at::Tensor drop(const at::Tensor& x, int64_t place) const {
    return gato::drop(x, input.regularisation, place,
                      {input.rows, input.positions.length(), chosen});
  }

  // x + the output of sub-layer 0 or 1, dropped and skipped by row.
  at::Tensor add(const at::Tensor& x, const at::Tensor& output,
                 int64_t number) const {
    const int64_t sub_layer = 2 * layer + number;
    const at::Tensor dropped = drop(output, 2 * sub_layer);
    if (input.depth.numel() == 0) return x + dropped;
    const at::Tensor by_row = input.depth[sub_layer];
    if (chosen.defined()) {
      const at::Tensor row = at::floor_divide(chosen, input.positions.length());
      return x + dropped * by_row.index_select(0, row).unsqueeze(1);
    }
    return x + (dropped.view({input.rows, -1, x.size(1)}) *
                by_row.view({input.rows, 1, 1}))
                   .view(x.sizes());
  }
};

at::Tensor gate(const at::Tensor& x, const BlockWeights& weights) {
  const auto halves = at::linear(x, weights.up).chunk(2, 1);
  return halves[0] * at::gelu(halves[1]);
}

}  // namespace

at::Tensor normalise(const at::Tensor& x, const NormWeights& weights,
                     at::ScalarType type) {
  return at::layer_norm(x, {x.size(1)}, weights.weight, weights.bias, epsilon)
      .to(type);
}

at::Tensor feed_forward(const at::Tensor& x, const BlockWeights& weights) {
  return at::linear(gate(x, weights), weights.down);
}

at::Tensor apply_block(const at::Tensor& x, const BlockWeights& weights,
                       const BlockInput& input, int64_t layer) {
  const at::ScalarType type = weights.qkv.scalar_type();
  Sublayers sublayers{input, layer, {}};
  if (layer == input.config.layers - 1) sublayers.chosen = input.last_places;
  const at::Tensor attended = sublayers.add(
      sublayers.chosen.defined() ? at::embedding(x, sublayers.chosen) : x,
      attend(normalise(x, weights.attention_norm, type), weights,
             input.positions, input.config, sublayers.chosen),
      0);
  const at::Tensor gated =
      gate(normalise(attended, weights.feedforward_norm, type), weights);
  return sublayers.add(
      attended, at::linear(sublayers.drop(gated, 4 * layer + 1), weights.down),
      1);
}

}  // namespace gato
