#include "gato/train/append.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gato {

void append_whole(const std::filesystem::path& path, std::string_view record) {
  const int file =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  struct stat before {};
  bool is_written = file >= 0 && ::fstat(file, &before) == 0;
  while (is_written && !record.empty()) {
    const ssize_t count = ::write(file, record.data(), record.size());
    if (count < 0 && errno == EINTR) continue;
    is_written = count >= 0;
    if (is_written) record.remove_prefix(size_t(count));
  }
  if (!is_written) {
    spdlog::warn("{}: cannot write: {}", path.string(), std::strerror(errno));
    if (file >= 0 && ::ftruncate(file, before.st_size) != 0) {
      spdlog::warn("{}: it ends with a part of a record", path.string());
    }
  }
  if (file >= 0) ::close(file);
}

}  // namespace gato
