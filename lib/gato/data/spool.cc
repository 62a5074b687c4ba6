#include "gato/data/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "gato/base/error.h"
#include "gato/base/file_reader.h"

namespace gato::data {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

// Opens a temporary file without a name. Creates and unlinks one on file
// systems that do not support O_TMPFILE.
int open_unnamed_file(const std::string& directory) {
  const int descriptor =
      ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    return descriptor;
  }
  std::string name = directory + "/.gato-spool-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) {
    ::unlink(name.c_str());
  }
  return named;
}

}  // namespace

Spool::Spool(const std::optional<std::filesystem::path>& output) {
  if (!output) {
    return;
  }
  output_ = output->string();
  const auto parent = output->parent_path();
  descriptor_ = open_unnamed_file(parent.empty() ? "." : parent.string());
  if (descriptor_ < 0) {
    throw base::io_error(
        "{}: cannot create a temporary file in its directory: {}", output_,
        std::strerror(errno));
  }
}

Spool::~Spool() {
  if (is_on_disk()) {
    ::close(descriptor_);
  }
}

void Spool::append(const void* bytes, size_t count) {
  const auto* from = static_cast<const std::byte*>(bytes);
  buffer_.insert(buffer_.end(), from, from + count);
  size_ += static_cast<int64_t>(count);
  if (is_on_disk() && buffer_.size() >= kBufferBytes) {
    flush();
  }
}

void Spool::append_all(Spool& other) {
  other.flush();
  std::vector<std::byte> block(kBufferBytes);
  int64_t offset = 0;
  while (const size_t count =
             other.read_bytes(offset, block.data(), block.size())) {
    append(block.data(), count);
    offset += static_cast<int64_t>(count);
  }
}

void Spool::copy_to(hdf5::Dataset& dataset, hid_t type, int64_t row_bytes) {
  flush();
  const int64_t rows = size_ / row_bytes;
  const int64_t block_rows =
      std::max<int64_t>(1, static_cast<int64_t>(kBufferBytes) / row_bytes);
  std::vector<std::byte> block(static_cast<size_t>(block_rows * row_bytes));
  for (int64_t first = 0; first < rows; first += block_rows) {
    const int64_t count = std::min(block_rows, rows - first);
    const auto bytes = static_cast<size_t>(count * row_bytes);
    if (read_bytes(first * row_bytes, block.data(), bytes) != bytes) {
      throw base::io_error(
          "{}: a temporary file was truncated by another process", output_);
    }
    dataset.write(type, first, count, block.data());
  }
}

void Spool::flush() {
  if (!is_on_disk()) {
    return;
  }
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count =
        ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw base::io_error(
          "{}: cannot write a temporary file in its directory: {}", output_,
          std::strerror(errno));
    }
    done += static_cast<size_t>(count);
  }
  buffer_.clear();
}

size_t Spool::read_bytes(int64_t offset, std::byte* into, size_t count) const {
  if (!is_on_disk()) {
    count = std::min(count, static_cast<size_t>(size_ - offset));
    if (count > 0) {
      std::memcpy(into, buffer_.data() + offset, count);
    }
    return count;
  }
  const int64_t bytes_read = base::read_at(descriptor_, offset, into, count);
  if (bytes_read < 0) {
    throw base::io_error(
        "{}: cannot read a temporary file in its directory: {}", output_,
        std::strerror(errno));
  }
  return static_cast<size_t>(bytes_read);
}

}  // namespace gato::data
