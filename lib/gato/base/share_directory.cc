#include "gato/base/share_directory.h"

#include <cstdlib>

#include "gato/base/error.h"

namespace gato::base {

std::filesystem::path share_directory() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* override_directory = std::getenv("GATO_SHARE");
      override_directory && *override_directory) {
    if (fs::is_directory(override_directory, ignored)) {
      return override_directory;
    }
    throw io_error("GATO_SHARE: {}: no such directory", override_directory);
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  fs::path directory = program.parent_path().parent_path() / "share" / "gato";
  if (fs::is_directory(directory, ignored)) {
    return directory;
  }
  throw io_error(
      "cannot find the shared files: {} does not exist: set GATO_SHARE to the "
      "directory that contains them",
      directory.string());
}

}  // namespace gato::base
