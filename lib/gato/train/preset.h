// Named configurations: share/gato/presets/NAME.toml. Those whose names begin
// with "finetuning" are of gato-finetune, the others of gato-train.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gato {

enum class PresetFor { pretraining, finetuning };

std::vector<std::string> preset_names(PresetFor purpose);  // sorted
// Error (usage) naming the presets where there is none of this name.
std::filesystem::path preset_path(PresetFor purpose, const std::string& name);

}  // namespace gato
