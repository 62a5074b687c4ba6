// Named configurations: share/gato/presets/NAME.toml. Those whose names begin
// with "finetuning" are for gato-finetune, the others for gato-train.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gato::commands {

enum class PresetKind { pretraining, finetuning };

// Returns the names of the presets, sorted.
std::vector<std::string> preset_names(PresetKind kind);
// Return the names of one kind, for shell completion.
std::vector<std::string> pretraining_preset_names();
std::vector<std::string> finetuning_preset_names();
// Returns the file of a preset. Throws Error(usage) that lists the presets if
// there is none of this name.
std::filesystem::path preset_path(PresetKind kind, const std::string& name);

}  // namespace gato::commands
