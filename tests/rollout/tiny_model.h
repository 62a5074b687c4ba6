// A network of a few thousand weights, in memory and as a model directory.
#pragma once

#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/model/model_config.h"
#include "gato/model/model_directory.h"

namespace gato::test {

inline model::ModelConfig tiny_config(
    model::PositionEncoding position = model::PositionEncoding::relative) {
  model::ModelConfig config;
  config.layers = 2;
  config.width = 32;
  config.heads = 2;
  config.key_size = 16;
  config.feedforward = 64;
  config.context = 64;
  config.position = position;
  config.vocabulary.text_size = 1024;
  return config;
}

// Random weights. The matrices are scaled up so that outputs depend on what was
// read.
inline model::Network tiny_network(
    const model::ModelConfig& config = tiny_config()) {
  model::Network network(config, 3);
  const at::NoGradGuard no_grad;
  for (const model::Parameter& parameter : network.parameters()) {
    if (parameter.value.dim() == 2) parameter.value.mul_(8);
  }
  return network;
}

// Writes a model that has learned `tasks`, with a text model of 200 pieces.
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
