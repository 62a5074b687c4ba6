#include "gato/model/weights.h"

#include <string>

namespace gato {
namespace {

// Hands out the parameters in the order of parameter_shapes().
class Reader {
 public:
  Reader(const std::vector<at::Tensor>& parameters, Precision precision)
      : parameters_(parameters),
        type_(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat) {}

  at::Tensor plain() { return parameters_[next_++]; }
  NormWeights norm() { return {plain(), plain()}; }
  ConvolutionWeights convolution() { return {cast(plain()), cast(plain())}; }
  at::Tensor cast(const at::Tensor& tensor) const { return tensor.to(type_); }

 private:
  const std::vector<at::Tensor>& parameters_;
  at::ScalarType type_;
  size_t next_ = 0;
};

std::vector<at::Tensor> values_of(const Network& network) {
  std::vector<at::Tensor> values;
  for (const Parameter& parameter : network.parameters())
    values.push_back(parameter.value);
  return values;
}

BlockWeights block_of(Reader& read, Position position) {
  BlockWeights block;
  block.attention_norm = read.norm();
  block.qkv = read.plain();
  block.output = read.plain();
  if (position == Position::relative) {
    block.relative = read.plain();
    block.content_bias = read.plain();
    block.position_bias = read.plain();
  }
  block.feedforward_norm = read.norm();
  block.up = read.plain();
  block.down = read.plain();
  return block;
}

}  // namespace

Weights::Weights(const Network& network)
    : Weights(network, values_of(network)) {}

Weights::Weights(const Network& network,
                 const std::vector<at::Tensor>& parameters) {
  Reader read(parameters, network.precision());
  tokens = read.plain();
  local = read.plain();
  action = read.plain();
  if (network.config().action_position == ActionPosition::none)
    action = at::zeros_like(action);
  rows = read.plain();
  columns = read.plain();
  patch = {read.convolution(), read.norm(),        read.convolution(),
           read.norm(),        read.convolution(), read.convolution(),
           read.convolution(), read.convolution()};
  for (int64_t i = 0; i < network.config().layers; ++i)
    blocks_.push_back(block_of(read, network.config().position));
  output_norm = read.norm();
  output = read.cast(tokens);
}

BlockWeights Weights::block(int64_t layer) const {
  BlockWeights block = blocks_[layer];
  for (at::Tensor* matrix :
       {&block.qkv, &block.output, &block.relative, &block.up, &block.down}) {
    if (matrix->defined()) *matrix = matrix->to(output.scalar_type());
  }
  return block;
}

}  // namespace gato
