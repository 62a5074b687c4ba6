// A model directory:
//   config.json         ModelConfig
//   model.safetensors   weights: fp32, or bf16 in an exported model; fp16 is
//                       read, too
//   tokenizer.model     the SentencePiece model
//   demonstrations.h5   token file: one demonstration per task, for prompts
//   MANIFEST.json       sizes and digests of all files; written last
// The first two are sufficient to load a model.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "gato/data/checkpoint_directory.h"
#include "gato/data/tokens.h"
#include "gato/model/network.h"

namespace gato::model {

struct LoadedModel {
  std::filesystem::path directory;  // see resolve_model_directory()
  // Its vocabulary includes the bytes of the text model if the directory
  // contains them.
  std::unique_ptr<Network> network;
  // Empty if the directory contains none.
  std::vector<data::TokenizedDocument> demonstrations;
};

// Returns `path` if it is a model directory, the checkpoint that it refers to
// if it is RUN/latest or RUN/best, or, if it is a run of gato-train, the
// checkpoint of RUN/latest or else the newest complete one. Logs a warning if
// RUN/latest exists but does not refer to a model. Throws Error(bad_input) if
// `path` is none of these, and Error(io) if it does not exist.
std::filesystem::path resolve_model_directory(
    const std::filesystem::path& path);

// Reads only the configuration, with the bytes of the text model if the
// directory contains them. Throws the errors of load_model().
ModelConfig load_model_config(const std::filesystem::path& path);

// Reads a model and, if there is a MANIFEST.json, verifies the files. Throws
// Error(io) if a file is missing, and Error(bad_input) if a file is corrupt, of
// a different kind or of a newer version, or if the weights do not match the
// configuration.
LoadedModel load_model(const std::filesystem::path& path);

struct WriteModelOptions {
  at::ScalarType weight_type = at::kFloat;
  // The field `provenance` of config.json, omitted if null.
  nlohmann::json provenance;
};

// Writes all files except MANIFEST.json into an existing directory. The text
// model and the demonstrations are omitted if there are none.
void write_model(
    const std::filesystem::path& directory, const Network& network,
    const std::vector<data::TokenizedDocument>& demonstrations = {},
    const WriteModelOptions& options = {});

}  // namespace gato::model
