// A model directory:
//   config.json         ModelConfig
//   model.safetensors   weights, fp32
//   tokenizer.model     the text model's bytes
//   demonstrations.h5   token file: one demonstration a task, for prompts
//   MANIFEST.json       sizes and digests of all files; written last
// The first two are enough to load.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "gato/data/checkpoint_directory.h"
#include "gato/data/tokens.h"
#include "gato/model/network.h"

namespace gato::model {

struct LoadedModel {
  std::filesystem::path directory;  // after RUN was resolved
  std::unique_ptr<Network> network;
  // config().vocabulary of the network holds the text model's bytes where the
  // directory has them.
  std::vector<data::TokenizedDocument>
      demonstrations;  // empty where it has none
};

// `path` itself, or path/latest where that exists: a run of gato-train.
// Error (io) where neither is a model directory.
std::filesystem::path resolve_model_directory(
    const std::filesystem::path& path);

// The configuration alone, with the text model's bytes where they are there.
ModelConfig load_model_config(const std::filesystem::path& path);

// Verifies MANIFEST.json where it is there. Errors: io (a missing file),
// bad_input (damaged, another kind, newer, weights that do not fit).
LoadedModel load_model(const std::filesystem::path& path);

// Writes the files but MANIFEST.json into an existing directory; the text
// model and the demonstrations where there are any.
void write_model(
    const std::filesystem::path& directory, const Network& network,
    const std::vector<data::TokenizedDocument>& demonstrations = {});

}  // namespace gato::model
