// A file that several threads read at places of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gato::base {

// Up to `count` bytes at `offset`: fewer where the file ends. Returns how many
// there were; -1 with errno where it cannot be read.
int64_t read_at(int descriptor, int64_t offset, std::byte* into, size_t count);

class FileReader {
 public:
  // Of a file that is open, and named so in messages; the descriptor stays the
  // caller's. Error (io).
  FileReader(int descriptor, std::string name);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }  // bytes, when it was opened
  // Whether that descriptor is of the same file.
  bool is_same_file(int descriptor) const;
  // Error (bad_input) where the file has ended before; (io).
  void read(int64_t offset, std::byte* into, size_t count) const;

 private:
  std::string name_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  uint64_t device_id_ = 0, inode_ = 0;  // of the file
};

}  // namespace gato::base
