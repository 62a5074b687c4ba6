#include "gato/base/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "gato/base/error.h"

namespace gato::base {

int64_t read_at(int descriptor, int64_t offset, std::byte* buffer,
                size_t count) {
  size_t done = 0;
  while (done < count) {
    const ssize_t bytes_read = ::pread(descriptor, buffer + done, count - done,
                                       offset + static_cast<int64_t>(done));
    if (bytes_read < 0 && errno == EINTR) {
      continue;
    }
    if (bytes_read < 0) {
      return -1;
    }
    if (bytes_read == 0) {
      break;
    }
    done += static_cast<size_t>(bytes_read);
  }
  return static_cast<int64_t>(done);
}

FileReader::FileReader(int descriptor, std::string name)
    : name_(std::move(name)),
      descriptor_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)) {
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const int reason = errno;
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
    throw io_error("{}: cannot read: {}", name_, std::strerror(reason));
  }
  size_ = status.st_size;
  device_id_ = status.st_dev;
  inode_ = status.st_ino;
}

bool FileReader::is_same_file(int descriptor) const {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && status.st_dev == device_id_ &&
         status.st_ino == inode_;
}

FileReader::~FileReader() { ::close(descriptor_); }

void FileReader::read(int64_t offset, std::byte* buffer, size_t count) const {
  const int64_t bytes_read = read_at(descriptor_, offset, buffer, count);
  if (bytes_read < 0) {
    throw io_error("{}: cannot read: {}", name_, std::strerror(errno));
  }
  if (bytes_read != static_cast<int64_t>(count)) {
    throw input_error("{}: truncated while it was being read", name_);
  }
}

}  // namespace gato::base
