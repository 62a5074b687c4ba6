#include "gato/base/share.h"

#include <cstdlib>

#include "gato/base/error.h"

namespace gato {

std::filesystem::path share_directory() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* given = std::getenv("GATO_SHARE"); given && *given) {
    if (fs::is_directory(given, ignored)) return given;
    throw io_error("GATO_SHARE: {}: no such directory", given);
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed =
      program.parent_path().parent_path() / "share" / "gato";
  if (fs::is_directory(installed, ignored)) return installed;
  const fs::path source = fs::path(GATO_SOURCE_SHARE);
  if (fs::is_directory(source, ignored)) return source;
  throw io_error(
      "cannot find the shared files: neither {} nor {} is there; set "
      "GATO_SHARE to the folder that holds them",
      installed.string(), source.string());
}

}  // namespace gato
