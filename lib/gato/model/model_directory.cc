// The files are written one by one into a directory that the caller prepares
// and, after adding MANIFEST.json, makes visible as a unit. config.json
// contains the digest of the text model, which ties tokenizer.model to the
// network even in a directory without a manifest.
#include "gato/model/model_directory.h"

#include <spdlog/spdlog.h>

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/lenient_json.h"
#include "gato/data/text_model_file.h"
#include "gato/data/token_file.h"
#include "gato/model/safetensors.h"

namespace gato::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigName = "config.json";
constexpr const char* kWeightsName = "model.safetensors";
constexpr const char* kTokenizerName = "tokenizer.model";
constexpr const char* kDemonstrationsName = "demonstrations.h5";

ModelConfig read_model_config(const fs::path& directory) {
  const fs::path path = directory / kConfigName;
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(base::read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw base::input_error("{}: {}", path.string(),
                            data::describe_json_error(error));
  }
  ModelConfig config = ModelConfig::from_json(json, path.string());
  const fs::path tokenizer = directory / kTokenizerName;
  if (!fs::exists(tokenizer)) {
    return config;
  }
  config.vocabulary.sentencepiece_model =
      data::read_text_model(tokenizer, config.vocabulary.digest);
  return config;
}

// Warns once per process, since a program may resolve a run several times.
void warn_of_dangling_reference(const fs::path& reference,
                                const fs::path& used) {
  static std::mutex mutex;
  static std::set<fs::path> warned;
  const std::lock_guard lock(mutex);
  if (warned.insert(reference).second) {
    spdlog::warn(
        "{}: it does not refer to a model: using the newest complete "
        "checkpoint, {}",
        reference.string(), used.string());
  }
}

std::vector<data::TokenizedDocument> read_demonstrations(
    const fs::path& directory) {
  const fs::path path = directory / kDemonstrationsName;
  std::vector<data::TokenizedDocument> demonstrations;
  if (!fs::exists(path)) {
    return demonstrations;
  }
  const data::TokenFileReader reader(path);
  for (int64_t i = 0; i < reader.document_count(); ++i) {
    demonstrations.push_back(reader.document(i));
  }
  return demonstrations;
}

}  // namespace

fs::path resolve_model_directory(const fs::path& path) {
  const fs::path reference = path / data::kLatestReference;
  // The reference comes first: a newer checkpoint may be one that a resumed run
  // has found corrupt.
  for (const fs::path& candidate :
       {data::resolve_checkpoint_reference(path),
        data::resolve_checkpoint_reference(reference)}) {
    if (fs::exists(candidate / kConfigName)) {
      return candidate;
    }
  }
  const std::optional<fs::path> newest = data::newest_complete_checkpoint(path);
  if (!newest || !fs::exists(*newest / kConfigName)) {
    if (!fs::exists(fs::symlink_status(path))) {
      throw base::io_error(
          "{}: no such file or directory: specify a directory that gato-train "
          "wrote",
          path.string());
    }
    throw base::input_error(
        "{}: not a model directory: it has neither {} nor a complete "
        "checkpoint: specify a directory that gato-train wrote",
        path.string(), kConfigName);
  }
  if (fs::exists(fs::symlink_status(reference))) {
    warn_of_dangling_reference(reference, *newest);
  }
  return *newest;
}

ModelConfig load_model_config(const fs::path& path) {
  return read_model_config(resolve_model_directory(path));
}

LoadedModel load_model(const fs::path& path) {
  LoadedModel model;
  model.directory = resolve_model_directory(path);
  data::verify_manifest(model.directory);
  const ModelConfig config = read_model_config(model.directory);
  const fs::path weights = model.directory / kWeightsName;
  const Safetensors stored = read_safetensors(weights);
  model.network = base::with_context(weights, [&] {
    return std::make_unique<Network>(config, stored.tensors);
  });
  model.demonstrations = read_demonstrations(model.directory);
  return model;
}

void write_model(const fs::path& directory, const Network& network,
                 const std::vector<data::TokenizedDocument>& demonstrations,
                 const WriteModelOptions& options) {
  const ModelConfig& config = network.config();
  nlohmann::json json = config.to_json();
  if (!options.provenance.is_null()) {
    json["provenance"] = options.provenance;
  }
  base::write_file(directory / kConfigName, json.dump(2) + "\n", true);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const Parameter& parameter : network.parameters()) {
    tensors.emplace_back(parameter.name,
                         parameter.value.to(options.weight_type));
  }
  write_safetensors(directory / kWeightsName, tensors, {{"format", "pt"}});
  if (!config.vocabulary.sentencepiece_model.empty()) {
    base::write_file(directory / kTokenizerName,
                     config.vocabulary.sentencepiece_model, true);
  }
  if (demonstrations.empty()) {
    return;
  }
  data::TokenFileWriter writer(directory / kDemonstrationsName, /*force=*/true,
                               config.vocabulary);
  for (const data::TokenizedDocument& document : demonstrations) {
    writer.append(document);
  }
  data::Provenance no_provenance;
  no_provenance.enabled = false;
  writer.commit(config.tasks, no_provenance);
}

}  // namespace gato::model
