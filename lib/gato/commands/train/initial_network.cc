#include "gato/commands/train/initial_network.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <map>
#include <utility>

#include "gato/base/random.h"
#include "gato/model/model_directory.h"
#include "gato/train/run/checkpoint.h"

namespace gato::commands {
namespace {

// DO NOT CHANGE THIS VALUE: new weights would differ. It separates this random
// stream from all others of the same seed.
constexpr uint64_t kFirstWeightsStream = 0x67610006;

// Returns the first configuration of a training run, of the model or of its
// parents, that says how weights were initialized; null if there is none.
nlohmann::json find_configuration(const nlohmann::json& provenance) {
  if (!provenance.is_object()) {
    return nullptr;
  }
  const auto configuration = provenance.find("configuration");
  if (configuration != provenance.end() && configuration->is_object() &&
      configuration->contains("embedding-scale")) {
    return *configuration;
  }
  const auto parents = provenance.find("parents");
  if (parents != provenance.end() && parents->is_array()) {
    for (const nlohmann::json& parent : *parents) {
      if (nlohmann::json found = find_configuration(parent); !found.is_null()) {
        return found;
      }
    }
  }
  return nullptr;
}

// Returns how the weights of a model were initialized before it was trained.
// Warns if neither its training state nor its provenance contains it.
model::Initialization read_initialization(const InitialNetworkOptions& options,
                                          const std::filesystem::path& model) {
  nlohmann::json configuration =
      train::is_checkpoint(model)
          ? train::read_training_state(model).configuration
          : nlohmann::json();
  if (!configuration.is_object() ||
      !configuration.contains("embedding-scale")) {
    configuration = find_configuration(train::read_model_provenance(model));
  }
  model::Initialization initialization;
  if (configuration.is_object()) {
    const auto scale = configuration.find("embedding-scale");
    if (scale->is_number()) {
      initialization.embedding_scale = scale->get<double>();
    }
    const auto smooth = configuration.find("smooth-bin-rows");
    if (smooth != configuration.end() && smooth->is_boolean()) {
      initialization.smooth_bins = smooth->get<bool>();
    }
  } else if (!options.embedding_scale) {
    spdlog::warn(
        "{}: it does not say how its weights were initialized: --from-scratch "
        "uses --embedding-scale {}",
        model.string(), initialization.embedding_scale);
  }
  if (options.embedding_scale) {
    initialization.embedding_scale = *options.embedding_scale;
  }
  return initialization;
}

}  // namespace

InitialNetwork::InitialNetwork(const InitialNetworkOptions& options)
    : options_(options), config_(model::load_model_config(options.init)) {
  if (options.from_scratch) {
    initialization_ = read_initialization(
        options, model::resolve_model_directory(options.init));
  }
}

std::unique_ptr<model::Network> InitialNetwork::make(
    const train::TrainingData& data, uint64_t seed, int64_t repeat) const {
  model::ModelConfig config = config_;
  config.window_steps = data.window_steps();
  config.tasks = data.tasks();
  if (options_.from_scratch) {
    const uint64_t weight_seed = base::random_bits(
        seed, {kFirstWeightsStream, static_cast<uint64_t>(repeat)});
    return std::make_unique<model::Network>(config, weight_seed,
                                            initialization_);
  }
  const model::LoadedModel model = model::load_model(options_.init);
  std::map<std::string, at::Tensor> weights;
  for (const model::Parameter& parameter : model.network->parameters()) {
    weights[parameter.name] = parameter.value.detach();
  }
  return std::make_unique<model::Network>(config, weights);
}

void InitialNetwork::record_inputs(data::Provenance& provenance) const {
  const std::filesystem::path model =
      model::resolve_model_directory(options_.init);
  if (options_.from_scratch) {
    provenance.add_input(model / "config.json");
    return;
  }
  provenance.add_input(model / "model.safetensors");
  if (const nlohmann::json parent = train::read_model_provenance(model);
      !parent.is_null()) {
    provenance.add_parent(parent);
  }
}

}  // namespace gato::commands
