#include "gato/train/append.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gato {

void append_whole(const std::filesystem::path& path, std::string_view record) {
  const auto warn = [&path] {
    spdlog::warn("{}: cannot write: {}", path.string(), std::strerror(errno));
  };
  const int file =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  struct stat before {};
  if (file < 0 || ::fstat(file, &before) != 0) {
    warn();
    if (file >= 0) ::close(file);
    return;
  }
  bool is_written = true;
  while (is_written && !record.empty()) {
    const ssize_t count = ::write(file, record.data(), record.size());
    if (count < 0 && errno == EINTR) continue;
    is_written = count >= 0;
    if (is_written) record.remove_prefix(size_t(count));
  }
  if (!is_written) {
    warn();
    if (::ftruncate(file, before.st_size) != 0) warn();
  }
  if (::close(file) != 0 && is_written) warn();  // NFS tells it here
}

}  // namespace gato
