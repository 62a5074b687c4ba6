#include "gato/train/checkpoint.h"

#include <optional>
#include <string>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/format.h"
#include "gato/model/directory.h"
#include "gato/train/moments.h"

namespace gato {
namespace {

constexpr const char* state_name = "state.json";

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
                      const std::vector<TokenizedDocument>& demonstrations,
                      Ranks& ranks) {
  std::optional<AtomicOutput> output;
  ranks.together([&] {
    if (!ranks.is_first()) return;
    output.emplace(directory, /*force=*/true, AtomicOutput::Kind::directory);
    write_model(output->temporary(), network, demonstrations);
    write_file(output->temporary() / state_name, state.to_json().dump(2) + "\n",
               /*force=*/false);
  });
  const std::filesystem::path temporary =
      ranks.broadcast(output ? output->temporary().string() : "");
  const bool is_sliced =
      optimiser.slice().size() < optimiser.parameters().numel();
  ranks.together([&] {
    if (is_sliced) {
      write_moments(temporary, network, optimiser, ranks.rank(), ranks.size());
    } else if (ranks.is_first()) {
      write_moments(temporary, network, optimiser, 0, 1);
    }
  });
  ranks.together([&] {
    if (!ranks.is_first()) return;
    write_manifest(output->temporary());
    output->commit();
  });
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
  read_moments(directory, network, optimiser);
  optimiser.updates = state.updates;
}

}  // namespace gato
