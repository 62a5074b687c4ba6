// Named configurations of gato-train: share/gato/presets/NAME.toml.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gato {

std::vector<std::string> preset_names();  // sorted
// Error (usage) naming the presets where there is none of this name.
std::filesystem::path preset_path(const std::string& name);

}  // namespace gato
