#include "gato/data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace gato::data {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const int reason = errno;
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    throw base::io_error("{}: cannot read: {}", path.string(),
                         std::strerror(reason));
  }
  size_ = status.st_size;
  device_id_ = status.st_dev;
  inode_ = status.st_ino;
  void* const address = ::mmap(nullptr, static_cast<size_t>(size_), PROT_READ,
                               MAP_SHARED, descriptor, 0);
  const int reason = errno;
  ::close(descriptor);
  if (address == MAP_FAILED) {
    throw base::io_error("{}: cannot map: {}", path.string(),
                         std::strerror(reason));
  }
  data_ = static_cast<const std::byte*>(address);
  registered_.emplace(address, static_cast<size_t>(size_), path.string());
}

void MappedFile::drop_pages() const {
  ::madvise(const_cast<std::byte*>(data_), static_cast<size_t>(size_),
            MADV_DONTNEED);
}

bool MappedFile::contains(const hdf5::Dataset& dataset) const {
  std::array<char, PATH_MAX> name{};
  H5Fget_name(dataset.id(), name.data(), name.size());
  struct stat status {};
  return ::stat(name.data(), &status) == 0 && status.st_dev == device_id_ &&
         status.st_ino == inode_;
}

MappedFile::~MappedFile() {
  ::munmap(const_cast<std::byte*>(data_), static_cast<size_t>(size_));
}

}  // namespace gato::data
