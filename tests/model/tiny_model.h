// The small network of all tests: in memory, as a model directory and as a
// configuration file of gato-train.
#pragma once

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/model/model_config.h"
#include "gato/model/model_directory.h"

namespace gato::test {

// Returns a configuration of 2 layers of width 16 with 64 tokens of context.
// The vocabulary has 64 pieces of text and separate discrete ids.
inline model::ModelConfig tiny_config(
    model::PositionEncoding position = model::PositionEncoding::relative) {
  model::ModelConfig config;
  config.layers = 2;
  config.width = 16;
  config.heads = 2;
  config.key_size = 8;
  config.feedforward = 32;
  config.context = 64;
  config.position = position;
  config.vocabulary =
      data::Vocabulary::make("", 64, data::DiscreteLayout::separate);
  return config;
}

// Returns the shape of tiny_config() as lines of a configuration file of
// gato-train, with rotary positions and `context` tokens.
inline std::string tiny_config_toml(int64_t context) {
  const model::ModelConfig config = tiny_config();
  return fmt::format(
      "layers = {}\nwidth = {}\nheads = {}\nkey_size = {}\nfeedforward = {}\n"
      "context = {}\nposition = \"rotary\"\n",
      config.layers, config.width, config.heads, config.key_size,
      config.feedforward, context);
}

// Returns a network whose matrices are larger than initial ones, so that its
// outputs depend on what it reads.
inline model::Network tiny_network(
    const model::ModelConfig& config = tiny_config()) {
  model::Network network(config, 3);
  const at::NoGradGuard no_grad;
  for (const model::Parameter& parameter : network.parameters()) {
    if (parameter.value.dim() == 2) {
      parameter.value.mul_(8);
    }
  }
  return network;
}

// Writes a model directory with a text model of 200 pieces and these tasks.
inline void write_tiny_model(
    const std::filesystem::path& directory, const data::TaskTable& tasks = {},
    const std::vector<data::TokenizedDocument>& demonstrations = {}) {
  model::ModelConfig config = tiny_config();
  config.vocabulary = data::Vocabulary::make(
      base::read_file(GATO_SOURCE_DIR "/tests/reference/text.model"), 200,
      data::DiscreteLayout::separate);
  config.tasks = tasks;
  std::filesystem::create_directories(directory);
  model::write_model(directory, tiny_network(config), demonstrations);
}

}  // namespace gato::test
