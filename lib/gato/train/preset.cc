#include "gato/train/preset.h"

#include <algorithm>

#include "gato/base/error.h"
#include "gato/base/nearest.h"
#include "gato/base/share.h"

namespace gato {

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  const auto directory = share_directory() / "presets";
  std::error_code ignored;  // an installation without share/gato has none
  for (const auto& entry :
       std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == ".toml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path preset_path(const std::string& name) {
  const std::vector<std::string> names = preset_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw usage_error("unknown preset '{}' (there are {}){}", name,
                      fmt::join(names, ", "), suggestion(name, names));
  }
  return share_directory() / "presets" / (name + ".toml");
}

}  // namespace gato
