// A buffer for the rows of a dataset whose length is not known yet. It is in
// memory or in an unnamed temporary file, which disappears when the process
// ends.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/hdf5/hdf5.h"

namespace gato::data {

// An append-only sequence of bytes. All functions throw Error(io) if it is in a
// temporary file that cannot be written or read.
class Spool {
 public:
  // `output` is the file being written. The temporary file is in the same
  // directory, so that no other disk can run out of space. Without an output,
  // the bytes stay in memory.
  explicit Spool(const std::optional<std::filesystem::path>& output);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void append(const void* bytes, size_t count);
  template <class T>
  void append(const std::vector<T>& values) {
    append(values.data(), values.size() * sizeof(T));
  }
  // Appends the content of another spool.
  void append_all(Spool& other);
  int64_t size() const { return size_; }  // bytes

  // Copies everything to `dataset`, whose rows have `row_bytes` bytes and
  // elements of type `type`.
  void copy_to(hdf5::Dataset& dataset, hid_t type, int64_t row_bytes);
  // Returns everything as values of type T and empties the spool, which must be
  // in memory.
  template <class T>
  std::vector<T> take_values() {
    assert(!is_on_disk());
    std::vector<T> values(buffer_.size() / sizeof(T));
    if (!values.empty()) {
      std::memcpy(values.data(), buffer_.data(), values.size() * sizeof(T));
    }
    buffer_ = {};
    size_ = 0;
    return values;
  }

 private:
  bool is_on_disk() const { return descriptor_ >= 0; }
  // Moves the buffer to the temporary file, if there is one.
  void flush();
  // Reads up to `count` bytes at `offset`. Returns the number of bytes read,
  // which is smaller only at the end.
  size_t read_bytes(int64_t offset, std::byte* into, size_t count) const;

  std::string output_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  std::vector<std::byte> buffer_;  // the unwritten end; everything if in memory
};

}  // namespace gato::data
