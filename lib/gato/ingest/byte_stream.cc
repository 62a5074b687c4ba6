#include "gato/ingest/byte_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/pointer_file.h"
#include "gato/base/signals.h"
#include "gato/ingest/decompressor.h"

namespace gato::ingest {
namespace {

// A decompression bomb may be compressed any number of times.
constexpr size_t kMaxLayers = 3;

}  // namespace

// The bytes of the file pass through one decompressor per layer of compression.
class ByteStream::File {
 public:
  File(const std::string& path, const std::string& name)
      : path_(path), name_(name) {
    if (path != "-") {
      base::check_not_pointer(path);
    }
    descriptor_ =
        path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      throw read_error();
    }
  }
  ~File() {
    if (descriptor_ > STDIN_FILENO) {
      ::close(descriptor_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Returns the next decompressed bytes, valid until the next call; empty at
  // the end.
  std::span<const std::byte> read() {
    if (!has_detected_compression_) {
      return read_beginning();
    }
    return layers_.empty() ? read_file() : layers_.back()->read();
  }

  // Reads what is left and adds the file to the provenance.
  void record(data::Provenance& provenance) {
    try {
      while (!read_file().empty()) {
      }
    } catch (const base::Error&) {
      // Has been reported, or concerns bytes that are not needed.
    }
    provenance.add_input(path_, size_, digest_.hex());
  }

  int64_t size() const { return size_; }

 private:
  base::Error read_error() const {
    const int error = errno;
    base::throw_if_stopped();
    return base::io_error("{}: {}", name_, std::strerror(error));
  }

  // Reads into the buffer from index `first` on, and adds to the digest.
  // Returns the number of bytes read, 0 at the end of the file.
  size_t read_into_buffer(size_t first) {
    ssize_t count = -1;
    do {
      count = ::read(descriptor_, &buffer_[first], buffer_.size() - first);
    } while (count < 0 && errno == EINTR && base::received_stop_signal() == 0);
    if (count < 0) {
      throw read_error();
    }
    size_ += count;
    digest_.update({&buffer_[first], static_cast<size_t>(count)});
    return static_cast<size_t>(count);
  }

  std::span<const std::byte> read_file() {
    return {buffer_.data(), read_into_buffer(0)};
  }

  // Reads enough to recognize the compression, even of a pipe, and adds the
  // layers.
  std::span<const std::byte> read_beginning() {
    has_detected_compression_ = true;
    size_t count = 0;
    while (count < Decompressor::kMagicBytes) {
      const size_t more = read_into_buffer(count);
      if (more == 0) {
        break;
      }
      count += more;
    }
    std::span<const std::byte> first{buffer_.data(), count};
    while (add_layer(first)) {
      first = layers_.back()->read();
    }
    return first;
  }

  // Adds a decompressor of the bytes that read() returns, which begin with
  // `first`. Returns false if they are not compressed.
  bool add_layer(std::span<const std::byte> first) {
    auto layer = Decompressor::make(
        first, [this, first, source = layers_.size()]() mutable {
          if (!first.empty()) {
            return std::exchange(first, {});
          }
          return source == 0 ? read_file() : layers_[source - 1]->read();
        });
    if (layer == nullptr) {
      return false;
    }
    if (layers_.size() == kMaxLayers) {
      throw base::input_error(
          "it is compressed more than {} times: decompress it", kMaxLayers);
    }
    layers_.push_back(std::move(layer));
    return true;
  }

  std::string path_, name_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  base::Digest digest_;
  std::array<std::byte, size_t{256} << 10> buffer_;
  bool has_detected_compression_ = false;
  std::vector<std::unique_ptr<Decompressor>> layers_;  // the outermost first
};

ByteStream::ByteStream(const std::string& path)
    : name_(path == "-" ? "standard input" : path),
      file_(std::make_unique<File>(path, name_)) {}

ByteStream::~ByteStream() = default;

std::string_view ByteStream::read() {
  if (is_at_end_) {
    return {};
  }
  is_at_end_ = true;  // unless bytes are found below
  try {
    const std::span<const std::byte> bytes = file_->read();
    is_at_end_ = bytes.empty();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } catch (const base::Error& error) {
    if (error.status() != base::ExitStatus::bad_input) {
      throw;
    }
    throw base::input_error("{}: {} (in the first {} bytes)", name_,
                            error.what(), file_->size());
  }
}

int64_t ByteStream::bytes_read() const { return file_->size(); }

void ByteStream::record_input(data::Provenance& provenance) {
  file_->record(provenance);
}

}  // namespace gato::ingest
