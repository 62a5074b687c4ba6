// A training checkpoint: a complete model directory, and the state that is
// needed to continue as if the run had never stopped:
//   optimizer-RRRRR-of-WWWWW.safetensors  the moments
//                                         (train/run/optimizer_moments.h)
//   state.json                            TrainingState
// MANIFEST.json is written last. The directory appears complete or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/optimizer.h"

namespace gato::train {

// The checkpoint of the lowest validation loss.
struct BestCheckpoint {
  int64_t step = 0;
  double loss = 0;
  std::string validation_digest;  // of the data's fingerprint
};

struct TrainingState {
  int64_t step = 0;     // steps done, which is also the index of the next one
  int64_t updates = 0;  // optimizer updates: steps that were not skipped
  int64_t skipped = 0;  // steps whose loss or gradient was not finite
  int64_t targets = 0, tokens = 0;     // seen so far
  nlohmann::json configuration;        // options that a resumed run must keep
  nlohmann::json data_fingerprint;     // TrainingData::fingerprint
  nlohmann::json provenance;           // null with --no-provenance
  std::optional<BestCheckpoint> best;  // with --keep-best

  // Returns the fields, and kind "gato-training", version and oldest_version.
  // The position in the data, the learning rate and all random numbers follow
  // from `step` and the configuration and are not stored.
  nlohmann::json to_json() const;
  // Throws Error(bad_input) if `json` is of a different kind or a newer
  // version, or if a field is missing or has the wrong type.
  static TrainingState from_json(const nlohmann::json& json);
};

// Writes a checkpoint to `directory`, replacing an existing one. Called by all
// ranks: rank 0 writes everything, except that each rank writes its own moments
// if the optimizer is sharded. Throws Error(io) on all ranks if one of them
// cannot write.
void write_checkpoint(
    const std::filesystem::path& directory, const model::Network& network,
    const OptimizerState& optimizer, const TrainingState& state,
    const std::vector<data::TokenizedDocument>& demonstrations,
    ProcessGroup& process_group);

// Returns whether the directory contains a training state.
bool is_checkpoint(const std::filesystem::path& directory);
// Reads the training state of a checkpoint. Throws Error(io) if it cannot be
// read, Error(bad_input) if it is corrupt, of a different kind or of a newer
// version.
TrainingState read_training_state(const std::filesystem::path& directory);
// Returns the provenance that a model directory carries, a checkpoint or an
// exported model; null if there is none. Throws like read_training_state().
nlohmann::json read_model_provenance(const std::filesystem::path& directory);
// Reads the moments of the optimizer's slice and sets its number of updates.
// The checkpoint may be from a run with any number of ranks.
void read_optimizer_state(const std::filesystem::path& directory,
                          const model::Network& network,
                          const TrainingState& state,
                          OptimizerState& optimizer);

}  // namespace gato::train
