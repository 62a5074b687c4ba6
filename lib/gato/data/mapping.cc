#include "gato/data/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace gato {

Mapping::Mapping(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(reason));
  }
  size_ = status.st_size;
  void* const address = ::mmap(nullptr, static_cast<size_t>(size_), PROT_READ,
                               MAP_SHARED, descriptor, 0);
  const int reason = errno;
  ::close(descriptor);
  if (address == MAP_FAILED) {
    throw io_error("{}: cannot map: {}", path.string(), std::strerror(reason));
  }
  data_ = static_cast<const std::byte*>(address);
}

void Mapping::release() const {
  ::madvise(const_cast<std::byte*>(data_), static_cast<size_t>(size_),
            MADV_DONTNEED);
}

Mapping::~Mapping() {
  ::munmap(const_cast<std::byte*>(data_), static_cast<size_t>(size_));
}

}  // namespace gato
