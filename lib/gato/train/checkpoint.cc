#include "gato/train/checkpoint.h"

#include <map>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/format.h"
#include "gato/model/directory.h"
#include "gato/model/safetensors.h"

namespace gato {
namespace {

constexpr const char* state_name = "state.json";
constexpr const char* optimizer_name = "optimizer-00000-of-00001.safetensors";

// The part of a flat buffer that belongs to parameter i.
at::Tensor part_of(const at::Tensor& flat, const Network& network, size_t i) {
  const at::Tensor& parameter = network.parameters()[i].value;
  return flat.narrow(0, network.offset(i), parameter.numel())
      .view(parameter.sizes());
}

void restore(const std::map<std::string, at::Tensor>& tensors,
             const std::string& name, at::Tensor part,
             const std::filesystem::path& path) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.sizes() != part.sizes() ||
      found->second.scalar_type() != at::kFloat) {
    throw input_error("{}: tensor {} is missing or does not fit the network",
                      path.string(), name);
  }
  part.copy_(found->second);
}

}  // namespace

nlohmann::json TrainingState::to_json() const {
  nlohmann::json json = format_fields(training_format);
  json.update({{"step", step},
               {"updates", updates},
               {"skipped", skipped},
               {"targets", targets},
               {"tokens", tokens},
               {"configuration", configuration},
               {"data", data}});
  if (!provenance.is_null()) json["provenance"] = provenance;
  return json;
}

TrainingState TrainingState::from_json(const nlohmann::json& json) {
  check_format(json, training_format, state_name);
  TrainingState state;
  json.at("step").get_to(state.step);
  json.at("updates").get_to(state.updates);
  json.at("skipped").get_to(state.skipped);
  json.at("targets").get_to(state.targets);
  json.at("tokens").get_to(state.tokens);
  state.configuration = json.at("configuration");
  state.data = json.at("data");
  state.provenance = json.value("provenance", nlohmann::json());
  return state;
}

void write_checkpoint(const std::filesystem::path& directory,
                      const Network& network, const AdamW& optimiser,
                      const TrainingState& state,
                      const std::vector<TokenizedDocument>& demonstrations) {
  AtomicOutput output(directory, /*force=*/true, AtomicOutput::Kind::directory);
  write_model(output.temporary(), network, demonstrations);
  std::vector<std::pair<std::string, at::Tensor>> moments;
  for (size_t i = 0; i < network.parameters().size(); ++i) {
    const std::string& name = network.parameters()[i].name;
    moments.emplace_back(name + ".mean", part_of(optimiser.mean, network, i));
    moments.emplace_back(name + ".square",
                         part_of(optimiser.square, network, i));
  }
  write_safetensors(output.temporary() / optimizer_name, moments);
  write_file(output.temporary() / state_name, state.to_json().dump(2) + "\n",
             /*force=*/false);
  write_manifest(output.temporary());
  output.commit();
}

bool is_checkpoint(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / state_name);
}

TrainingState read_state(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / state_name;
  const std::string text = read_file(path);
  try {
    return TrainingState::from_json(nlohmann::json::parse(text));
  } catch (const Error& error) {
    throw input_error("{}: {}", directory.string(), error.what());
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: damaged: {}", path.string(), error.what());
  }
}

void read_optimiser(const std::filesystem::path& directory,
                    const Network& network, const TrainingState& state,
                    AdamW& optimiser) {
  const std::filesystem::path path = directory / optimizer_name;
  const Safetensors saved = read_safetensors(path);
  for (size_t i = 0; i < network.parameters().size(); ++i) {
    const std::string& name = network.parameters()[i].name;
    restore(saved.tensors, name + ".mean", part_of(optimiser.mean, network, i),
            path);
    restore(saved.tensors, name + ".square",
            part_of(optimiser.square, network, i), path);
  }
  optimiser.updates = state.updates;
}

}  // namespace gato
