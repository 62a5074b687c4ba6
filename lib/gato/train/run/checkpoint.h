// A training checkpoint: a whole model directory, and what it takes to go on
// as if the run had never stopped:
//   optimizer-RRRRR-of-WWWWW.safetensors  the moments
//   (train/run/optimizer_moments.h) state.json TrainingState
// MANIFEST.json is written last; the directory appears whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "gato/model/network.h"
#include "gato/train/adamw.h"
#include "gato/train/distributed/process_group.h"

namespace gato::train {

struct TrainingState {
  int64_t step = 0;     // steps done; the next one is number `step`
  int64_t updates = 0;  // of the optimiser: steps without the skipped ones
  int64_t skipped = 0;  // steps without a finite loss and gradient
  int64_t targets = 0, tokens = 0;  // seen so far
  nlohmann::json configuration;     // what the run was started with
  nlohmann::json data_fingerprint;  // TrainingData::fingerprint
  nlohmann::json provenance;        // null with --no-provenance

  // Also written: kind "gato-training", version, oldest_version. The place in
  // the data, the learning rate and all chance follow from `step` and the
  // configuration, and are stored nowhere else.
  nlohmann::json to_json() const;
  // Error (bad_input): another kind, newer, a field that is missing.
  static TrainingState from_json(const nlohmann::json& json);
};

// Writes `directory`, replacing one that is there: the first rank does, and all
// others their own moments where they have a slice of them. Error (io), in all
// ranks, where one of them cannot.
void write_checkpoint(
    const std::filesystem::path& directory, const model::Network& network,
    const AdamW& optimizer, const TrainingState& state,
    const std::vector<data::TokenizedDocument>& demonstrations,
    ProcessGroup& process_group);

// Whether the directory holds a training state beside the model.
bool is_checkpoint(const std::filesystem::path& directory);
// Errors: io (missing), bad_input (damaged, of another kind, newer).
TrainingState read_training_state(const std::filesystem::path& directory);
// The moments of the optimiser's slice and the count of updates, for an
// optimiser of this network; from a run of any number of ranks.
void read_optimizer_state(const std::filesystem::path& directory,
                          const model::Network& network,
                          const TrainingState& state, AdamW& optimizer);

}  // namespace gato::train
