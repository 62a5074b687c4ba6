#include "gato/commands/train/preset.h"

#include <algorithm>

#include "gato/base/error.h"
#include "gato/base/share_directory.h"
#include "gato/base/spelling.h"

namespace gato::commands {

std::vector<std::string> preset_names(PresetKind kind) {
  std::vector<std::string> names;
  std::filesystem::path directory;
  try {
    directory = base::share_directory() / "presets";
  } catch (const base::Error&) {
    return names;  // nothing else needs the shared files
  }
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().stem().string();
    const bool is_for_finetuning = name.starts_with("finetuning");
    if (entry.path().extension() == ".toml" &&
        is_for_finetuning == (kind == PresetKind::finetuning)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> pretraining_preset_names() {
  return preset_names(PresetKind::pretraining);
}

std::vector<std::string> finetuning_preset_names() {
  return preset_names(PresetKind::finetuning);
}

std::filesystem::path preset_path(PresetKind kind, const std::string& name) {
  const std::filesystem::path directory = base::share_directory() / "presets";
  const std::vector<std::string> names = preset_names(kind);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw base::usage_error("option --preset: '{}' is not one of {}{}", name,
                            fmt::join(names, ", "),
                            base::suggestion(name, names));
  }
  return directory / (name + ".toml");
}

}  // namespace gato::commands
