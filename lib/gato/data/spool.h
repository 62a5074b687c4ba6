// Rows of a dataset whose length is not known yet, kept on disk until it is: an
// unnamed file that vanishes with the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gato/data/hdf5.h"

namespace gato::data {

class Spool {
 public:
  // `output`: what is being written; the spool lies in its directory, so that
  // it is the same disk that is full.
  explicit Spool(const std::filesystem::path& output);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void append(const void* bytes, size_t count);
  template <class T>
  void append(const std::vector<T>& values) {
    append(values.data(), values.size() * sizeof(T));
  }
  void append_all(Spool& other);
  int64_t size() const { return size_; }  // bytes

  // Copies everything to `dataset`, whose rows of `row_bytes` are of `type`.
  void copy_to(hdf5::Dataset& dataset, hid_t type, int64_t row_bytes);

 private:
  void flush();
  // Up to `count` bytes at `offset`; returns how many there were.
  size_t read_bytes(int64_t offset, std::byte* into, size_t count) const;

  std::string output_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace gato::data
