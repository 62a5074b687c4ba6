// Named configurations: share/gato/presets/NAME.toml. Those whose names begin
// with "finetuning" are of gato-finetune, the others of gato-train.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gato::commands {

enum class PresetKind { pretraining, finetuning };

std::vector<std::string> preset_names(PresetKind kind);  // sorted
// For the shell's completion.
std::vector<std::string> pretraining_preset_names();
std::vector<std::string> finetuning_preset_names();
// Error (usage) naming the presets where there is none of this name.
std::filesystem::path preset_path(PresetKind kind, const std::string& name);

}  // namespace gato::commands
