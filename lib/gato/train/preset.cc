#include "gato/train/preset.h"

#include <algorithm>

#include "gato/base/error.h"
#include "gato/base/nearest.h"
#include "gato/base/share.h"

namespace gato {

std::vector<std::string> preset_names(PresetFor purpose) {
  std::vector<std::string> names;
  std::filesystem::path directory;
  try {
    directory = share_directory() / "presets";
  } catch (const Error&) {
    return names;  // nothing else needs the shared files
  }
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().stem().string();
    const bool is_for_finetuning = name.starts_with("finetuning");
    if (entry.path().extension() == ".toml" &&
        is_for_finetuning == (purpose == PresetFor::finetuning)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path preset_path(PresetFor purpose, const std::string& name) {
  const std::filesystem::path directory = share_directory() / "presets";
  const std::vector<std::string> names = preset_names(purpose);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw usage_error("unknown preset '{}' (there are {}){}", name,
                      fmt::join(names, ", "), suggestion(name, names));
  }
  return directory / (name + ".toml");
}

}  // namespace gato
