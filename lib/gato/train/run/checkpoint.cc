#include "gato/train/run/checkpoint.h"

#include <optional>
#include <string>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/file_format.h"
#include "gato/data/json_fields.h"
#include "gato/model/model_directory.h"
#include "gato/train/run/optimizer_moments.h"

// A checkpoint is written in three collective steps: rank 0 makes a temporary
// directory with the model and the state, the ranks write their moments into
// it, and rank 0 writes the manifest and renames the directory. If a rank fails
// in one of them, all ranks throw, and the temporary directory is removed.
namespace gato::train {
namespace {

constexpr const char* kStateFileName = "state.json";

int64_t count_at(const nlohmann::json& json, const char* key) {
  const int64_t count = data::integer_at(json, key);
  if (count < 0) {
    throw base::input_error("key '{}' is {}, which is negative", key, count);
  }
  return count;
}

}  // namespace

nlohmann::json TrainingState::to_json() const {
  nlohmann::json json = data::format_to_json(data::kTrainingStateFormat);
  json.update({{"step", step},
               {"updates", updates},
               {"skipped", skipped},
               {"targets", targets},
               {"tokens", tokens},
               {"configuration", configuration},
               {"data", data_fingerprint}});
  if (!provenance.is_null()) {
    json["provenance"] = provenance;
  }
  if (best) {
    json["best"] = {{"step", best->step},
                    {"loss", best->loss},
                    {"validation", best->validation_digest}};
  }
  return json;
}

TrainingState TrainingState::from_json(const nlohmann::json& json) {
  data::check_format(json, data::kTrainingStateFormat, kStateFileName);
  TrainingState state;
  base::with_context(kStateFileName, [&] {
    state.step = count_at(json, "step");
    state.updates = count_at(json, "updates");
    state.skipped = count_at(json, "skipped");
    state.targets = count_at(json, "targets");
    state.tokens = count_at(json, "tokens");
    state.configuration = data::object_at(json, "configuration");
    state.data_fingerprint = data::object_at(json, "data");
    if (json.contains("best")) {
      const nlohmann::json& best = data::object_at(json, "best");
      state.best = {.step = count_at(best, "step"),
                    .loss = data::number_at(best, "loss"),
                    .validation_digest = data::string_at(best, "validation")};
    }
  });
  state.provenance = json.value("provenance", nlohmann::json());
  return state;
}

void write_checkpoint(
    const std::filesystem::path& directory, const model::Network& network,
    const OptimizerState& optimizer, const TrainingState& state,
    const std::vector<data::TokenizedDocument>& demonstrations,
    ProcessGroup& process_group) {
  std::optional<base::AtomicOutput> output;
  process_group.run_collectively([&] {
    if (!process_group.is_rank_zero()) {
      return;
    }
    output.emplace(directory, /*force=*/true,
                   base::AtomicOutput::Kind::directory);
    model::write_model(output->temporary_path(), network, demonstrations);
    base::write_file(output->temporary_path() / kStateFileName,
                     state.to_json().dump(2) + "\n",
                     /*force=*/false);
  });
  const std::filesystem::path temporary =
      process_group.broadcast(output ? output->temporary_path().string() : "");
  const bool is_sharded = optimizer.slice.size() < network.parameter_count();
  process_group.run_collectively([&] {
    if (is_sharded) {
      write_moments(temporary, network, optimizer, process_group.rank(),
                    process_group.size());
    } else if (process_group.is_rank_zero()) {
      write_moments(temporary, network, optimizer, 0, 1);
    }
  });
  process_group.run_collectively([&] {
    if (!process_group.is_rank_zero()) {
      return;
    }
    data::write_manifest(output->temporary_path());
    output->commit();
  });
}

bool is_checkpoint(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / kStateFileName);
}

TrainingState read_training_state(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kStateFileName;
  const std::string text = base::read_file(path);
  try {
    return TrainingState::from_json(nlohmann::json::parse(text));
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", directory.string(), error.what());
  } catch (const nlohmann::json::exception& error) {
    throw base::input_error("{}: corrupt: {}", path.string(),
                            data::describe_json_error(error));
  }
}

nlohmann::json read_model_provenance(const std::filesystem::path& directory) {
  if (is_checkpoint(directory)) {
    return read_training_state(directory).provenance;
  }
  const auto config =
      nlohmann::json::parse(base::read_file(directory / "config.json"));
  return config.value("provenance", nlohmann::json());
}

void read_optimizer_state(const std::filesystem::path& directory,
                          const model::Network& network,
                          const TrainingState& state,
                          OptimizerState& optimizer) {
  read_moments(directory, network, optimizer);
  optimizer.updates = state.updates;
}

}  // namespace gato::train
