// Compares the network with tests/reference/network_reference.py.
#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "catch.h"
#include "gato/model/network.h"
#include "gato/model/safetensors.h"

namespace gato::model {
namespace {

// Returns element i of tensor number `tensor`, in [-1, 1), as hashed_uniform()
// of the script does.
double hashed_uniform(uint32_t tensor, uint32_t i) {
  uint32_t z = (i + 1) * 2654435761U + tensor * 40503U;
  for (int round = 0; round < 2; ++round) {
    z = (z ^ (z >> 16)) * 0x45d9f3bU;
  }
  return (z ^ (z >> 16)) / 0x1p31 - 1;
}

std::map<std::string, at::Tensor> hashed_weights(const ModelConfig& config) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& shape : parameter_shapes(config)) {
    weights[shape.name] = at::empty(shape.shape, at::kFloat);
  }
  uint32_t tensor_index = 0;
  for (auto& [name, tensor] : weights) {
    const double fan_in = static_cast<double>(tensor.numel()) / tensor.size(0);
    const double scale = tensor.dim() > 1 ? 1.5 / std::sqrt(fan_in) : 0.3;
    const bool is_norm =
        name.find("norm") != std::string::npos && name.ends_with(".weight");
    for (int64_t i = 0; i < tensor.numel(); ++i) {
      tensor.data_ptr<float>()[i] = static_cast<float>(
          is_norm +
          scale * hashed_uniform(tensor_index, static_cast<uint32_t>(i)));
    }
    ++tensor_index;
  }
  return weights;
}

ModelConfig parse_config(const nlohmann::json& json) {
  ModelConfig config;
  config.layers = json.at("layers");
  config.width = json.at("width");
  config.heads = json.at("heads");
  config.key_size = json.at("key_size");
  config.feedforward = json.at("feedforward");
  config.context = json.at("context");
  config.position = json.at("position") == "rotary"
                        ? PositionEncoding::rotary
                        : PositionEncoding::relative;
  config.logit_scale = json.at("logit_scale");
  config.vocabulary = data::Vocabulary::make("", json.at("text_size"),
                                             data::DiscreteLayout::separate);
  return config;
}

Batch make_batch(const std::map<std::string, at::Tensor>& stored,
                 const ModelConfig& config, int64_t rows) {
  Batch batch;
  batch.rows = rows;
  batch.length = config.context;
  batch.tokens = stored.at("input.tokens");
  batch.local_position = stored.at("input.local");
  batch.patches = stored.at("input.patches");
  batch.patch_position = stored.at("input.patch_position");
  batch.patch_index = stored.at("input.patch_index");
  batch.patch_row = stored.at("input.patch_row");
  batch.patch_column = stored.at("input.patch_column");
  batch.target_index = stored.at("input.target_index");
  batch.target_label = stored.at("input.target_label");
  batch.target_weight = stored.at("input.target_weight");
  batch.target_modality = at::zeros_like(batch.target_label, at::kByte);
  return batch;
}

// Returns the largest difference relative to the largest expected value.
double difference(const at::Tensor& actual, const at::Tensor& expected) {
  REQUIRE(actual.sizes() == expected.sizes());
  const double scale = expected.abs().max().item<double>();
  return (actual.detach() - expected).abs().max().item<double>() /
         std::max(scale, 1e-6);
}

void compare(const std::string& position) {
  const Safetensors stored = read_safetensors(
      GATO_SOURCE_DIR "/tests/reference/network_" + position + ".safetensors");
  const auto json = nlohmann::json::parse(stored.metadata.at("config"));
  const ModelConfig config = parse_config(json);
  const Network network(config, hashed_weights(config));
  const Batch batch = make_batch(stored.tensors, config, json.at("rows"));

  const at::Tensor hidden =
      network.hidden_states(batch).index_select(0, batch.target_index);
  const at::Tensor sample = at::arange(0, hidden.size(0), 6, at::kLong);
  CHECK(difference(network.logits(hidden.index_select(0, sample)),
                   stored.tensors.at("output.logits")) < 1e-4);

  const Loss loss = network.loss(batch);
  CHECK(difference(loss.per_target, stored.tensors.at("output.loss")) < 1e-4);
  const std::vector<at::Tensor> gradients = network.gradients(loss);
  REQUIRE(gradients.size() == network.parameters().size());
  for (size_t i = 0; i < gradients.size(); ++i) {
    const std::string& name = network.parameters()[i].name;
    INFO(name);
    REQUIRE(gradients[i].defined());
    CHECK(difference(gradients[i], stored.tensors.at("gradient." + name)) <
          1e-4);
  }
}

}  // namespace

TEST_CASE(
    "Relative positions: logits and gradients equal those of the reference") {
  compare("relative");
}

TEST_CASE(
    "Rotary positions: logits and gradients equal those of the reference") {
  compare("rotary");
}

}  // namespace gato::model
