#include "gato/model/weights.h"

#include "gato/model/network.h"

namespace gato::model {
namespace {

// Returns the parameters one by one, in the order of parameter_shapes(). Braced
// initializers, which call it several times, are evaluated from left to right.
class ParameterReader {
 public:
  ParameterReader(const std::vector<at::Tensor>& parameters,
                  at::ScalarType type)
      : parameters_(parameters), type_(type) {}

  at::Tensor next() { return parameters_[next_++]; }
  NormWeights norm() { return {next(), next()}; }
  ConvolutionWeights convolution() { return {cast(next()), cast(next())}; }
  at::Tensor cast(const at::Tensor& tensor) const { return tensor.to(type_); }

 private:
  const std::vector<at::Tensor>& parameters_;
  at::ScalarType type_;
  size_t next_ = 0;
};

std::vector<at::Tensor> parameter_values(const Network& network) {
  std::vector<at::Tensor> values;
  for (const Parameter& parameter : network.parameters()) {
    values.push_back(parameter.value);
  }
  return values;
}

BlockWeights read_block(ParameterReader& reader, PositionEncoding position) {
  BlockWeights block;
  block.attention_norm = reader.norm();
  block.qkv = reader.next();
  block.attention_output = reader.next();
  if (position == PositionEncoding::relative) {
    block.relative_projection = reader.next();
    block.content_bias = reader.next();
    block.position_bias = reader.next();
  }
  block.feedforward_norm = reader.norm();
  block.up = reader.next();
  block.down = reader.next();
  return block;
}

}  // namespace

NetworkWeights::NetworkWeights(const Network& network)
    : NetworkWeights(network, parameter_values(network)) {}

NetworkWeights::NetworkWeights(const Network& network, Precision precision)
    : NetworkWeights(network, parameter_values(network), precision) {}

NetworkWeights::NetworkWeights(const Network& network,
                               const std::vector<at::Tensor>& parameters)
    : NetworkWeights(network, parameters, network.precision()) {}

NetworkWeights::NetworkWeights(const Network& network,
                               const std::vector<at::Tensor>& parameters,
                               Precision precision) {
  ParameterReader reader(parameters, compute_type(precision, network.device()));
  token_embedding = reader.next();
  local_position_embedding = reader.next();
  action_position_embedding = reader.next();
  if (network.config().action_position == ActionPositionEncoding::none) {
    action_position_embedding = at::zeros_like(action_position_embedding);
  }
  patch_row_embedding = reader.next();
  patch_column_embedding = reader.next();
  patch = {reader.convolution(), reader.norm(),        reader.convolution(),
           reader.norm(),        reader.convolution(), reader.convolution(),
           reader.convolution(), reader.convolution()};
  for (int64_t i = 0; i < network.config().layers; ++i) {
    blocks_.push_back(read_block(reader, network.config().position));
  }
  output_norm = reader.norm();
  output_projection = reader.cast(token_embedding);
}

BlockWeights NetworkWeights::block(int64_t layer) const {
  BlockWeights block = blocks_[layer];
  for (at::Tensor* matrix :
       {&block.qkv, &block.attention_output, &block.relative_projection,
        &block.up, &block.down}) {
    if (matrix->defined()) {
      *matrix = matrix->to(output_projection.scalar_type());
    }
  }
  return block;
}

}  // namespace gato::model
