#include "gato/train/run/output_directory.h"

#include <system_error>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/train/run/run_directory.h"

namespace gato::train {

void check_output_directory(const std::filesystem::path& output, bool resume,
                            bool force,
                            const std::vector<std::string>& config_files) {
  namespace fs = std::filesystem;
  if (output == "-") {
    throw base::usage_error(
        "'-' is not a valid name for the directory of a run");
  }
  base::check_not_dangling_symlink(output);
  std::error_code ignored;
  if (!fs::exists(output, ignored)) {
    return;
  }
  if (!fs::is_directory(output, ignored)) {
    throw base::usage_error(
        "{} is not a directory: choose another name for the run",
        output.string());
  }
  const bool is_resumed = resume && contains_run(output);
  for (const std::string& config : config_files) {
    if (!is_resumed &&
        fs::equivalent(config, output / "config.toml", ignored)) {
      throw base::usage_error(
          "{} is read with --config, and the run would overwrite it: copy it "
          "out of {}",
          config, output.string());
    }
  }
  if (force || is_effectively_empty(output)) {
    return;
  }
  if (!contains_run(output)) {
    throw base::usage_error(
        "{} contains files but no run: choose another directory, or start a "
        "run alongside them with --force",
        output.string());
  }
  if (!resume) {
    throw base::usage_error(
        "{} already contains a run: --resume continues it, --force replaces it",
        output.string());
  }
}

}  // namespace gato::train
