// Settings that must be the same when a run is resumed, and on all of its
// ranks.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/train/distributed/process_group.h"
#include "gato/train/input/training_data.h"
#include "gato/train/run/checkpoint.h"

namespace gato::train {

// Returns the configuration of a run whose checkpoint has the configuration
// `stored`. Options that the checkpoint lacks were introduced later, so that
// the run has their defaults.
nlohmann::json complete_configuration(const nlohmann::json& stored,
                                      const nlohmann::json& defaults);

// Throws Error(usage) if an option of a resumed run differs from the stored
// one, Error(bad_input) if its data differ. `fixed` contains the options, by
// name, that the run must share with the original one; a precision of "auto"
// matches any stored precision, and an option that is not stored is null.
// `path` is the checkpoint.
void check_resumable(const TrainingState& stored, const nlohmann::json& fixed,
                     const TrainingData& data,
                     const std::filesystem::path& path);

// Throws Error(usage) on every rank if `json` differs between two ranks. `what`
// names it in the message, and `files` are those that a list in `json` is
// about. All ranks call this together.
void require_equal_on_all_ranks(ProcessGroup& process_group, const char* what,
                                const nlohmann::json& json,
                                const std::vector<std::string>& files);

}  // namespace gato::train
