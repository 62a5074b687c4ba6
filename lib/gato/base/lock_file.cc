#include "gato/base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gato/base/error.h"

namespace gato::base {
namespace {

bool is_same_file(int descriptor, const std::filesystem::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 &&
         ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
}

}  // namespace

LockedFile open_and_lock(const std::filesystem::path& path,
                         const std::string& in_use) {
  while (true) {
    LockedFile file;
    file.descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file.descriptor < 0) {
      throw io_error("{}: cannot create: {}", path.string(),
                     std::strerror(errno));
    }
    if (::flock(file.descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) {
        file.failure = {errno, std::generic_category()};
        return file;
      }
      ::close(file.descriptor);
      throw usage_error("{}", in_use);
    }
    // The previous owner may have removed the file between open() and flock(),
    // in which case the lock is on a deleted file: try again.
    if (is_same_file(file.descriptor, path)) {
      return file;
    }
    ::close(file.descriptor);
  }
}

}  // namespace gato::base
