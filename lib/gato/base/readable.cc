#include "gato/base/readable.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gato/base/error.h"

namespace gato {

void check_readable(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_directory = std::filesystem::is_directory(path, ignored);
  // Not opened: that would wait for the other end of a pipe.
  const int wanted = is_directory ? R_OK | X_OK : R_OK;
  if (::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) != 0) {
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
  }
}

}  // namespace gato
