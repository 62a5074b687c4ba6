// A network of a few thousand weights, in memory and as a model directory.
#pragma once

#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gato/base/output.h"
#include "gato/model/config.h"
#include "gato/model/directory.h"

namespace gato::test {

inline ModelConfig tiny_config(Position position = Position::relative) {
  ModelConfig config;
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

// Fresh weights, but matrices so large that what was read matters.
inline Network tiny_network(const ModelConfig& config = tiny_config()) {
  Network network(config, 3);
  const at::NoGradGuard no_gradients;
  for (const Parameter& parameter : network.parameters())
    if (parameter.value.dim() == 2) parameter.value.mul_(8);
  return network;
}

// A model with a text model of 200 pieces that knows `tasks`.
inline void write_tiny_model(
    const std::filesystem::path& directory, const TaskTable& tasks = {},
    const std::vector<TokenizedDocument>& demonstrations = {}) {
  ModelConfig config = tiny_config();
  config.vocabulary =
      Vocabulary::make(read_file(GATO_SOURCE_DIR "/tests/reference/text.model"),
                       200, DiscreteLayout::separate);
  config.tasks = tasks;
  std::filesystem::create_directories(directory);
  write_model(directory, tiny_network(config), demonstrations);
}

}  // namespace gato::test
