#include "gato/model/directory.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/base/placed.h"
#include "gato/data/token_file.h"
#include "gato/model/safetensors.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr const char* config_name = "config.json";
constexpr const char* weights_name = "model.safetensors";
constexpr const char* tokenizer_name = "tokenizer.model";
constexpr const char* demonstrations_name = "demonstrations.h5";

ModelConfig read_config(const fs::path& directory) {
  const fs::path path = directory / config_name;
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: no JSON: {}", path.string(), error.what());
  }
  ModelConfig config =
      placed(directory, [&] { return ModelConfig::from_json(json); });
  const fs::path tokenizer = directory / tokenizer_name;
  if (!fs::exists(tokenizer)) return config;
  config.vocabulary.sentencepiece = read_file(tokenizer);
  const std::string digest = digest_bytes(config.vocabulary.sentencepiece);
  if (digest != config.vocabulary.digest)
    throw input_error(
        "{}: digest {}, but config.json says {}: the text model of another "
        "network",
        tokenizer.string(), digest, config.vocabulary.digest);
  return config;
}

std::vector<TokenizedDocument> read_demonstrations(const fs::path& directory) {
  const fs::path path = directory / demonstrations_name;
  std::vector<TokenizedDocument> demonstrations;
  if (!fs::exists(path)) return demonstrations;
  const TokenFileReader reader(path);
  for (int64_t i = 0; i < reader.documents(); ++i)
    demonstrations.push_back(reader.document(i));
  return demonstrations;
}

}  // namespace

fs::path resolve_model(const fs::path& path) {
  for (const fs::path& candidate : {path, path / "latest"})
    if (fs::exists(candidate / config_name)) return candidate;
  throw io_error(
      "{}: no model: neither {} nor latest/{} is there; give a directory that "
      "gato-train wrote",
      path.string(), config_name, config_name);
}

ModelConfig load_config(const fs::path& path) {
  return read_config(resolve_model(path));
}

Model load_model(const fs::path& path) {
  Model model;
  model.directory = resolve_model(path);
  verify_manifest(model.directory);
  const ModelConfig config = read_config(model.directory);
  const fs::path weights = model.directory / weights_name;
  const Safetensors stored = read_safetensors(weights);
  model.network = placed(weights, [&] {
    return std::make_unique<Network>(config, stored.tensors);
  });
  model.demonstrations = read_demonstrations(model.directory);
  return model;
}

void write_model(const fs::path& directory, const Network& network,
                 const std::vector<TokenizedDocument>& demonstrations) {
  const ModelConfig& config = network.config();
  write_file(directory / config_name, config.to_json().dump(2) + "\n", true);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const Parameter& parameter : network.parameters())
    tensors.emplace_back(parameter.name, parameter.value);
  write_safetensors(directory / weights_name, tensors, {{"format", "pt"}});
  if (!config.vocabulary.sentencepiece.empty())
    write_file(directory / tokenizer_name, config.vocabulary.sentencepiece,
               true);
  if (demonstrations.empty()) return;
  TokenFileWriter writer(directory / demonstrations_name, /*force=*/true,
                         config.vocabulary);
  for (const TokenizedDocument& document : demonstrations)
    writer.append(document);
  Provenance none;
  none.enabled = false;
  writer.commit(config.tasks, none);
}

}  // namespace gato
