// Positional reads, which several threads can make from one file at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gato::base {

// Reads up to `count` bytes at `offset`. Returns the number of bytes read,
// which is less than `count` only at the end of the file, or -1 with errno set
// if the file cannot be read.
int64_t read_at(int descriptor, int64_t offset, std::byte* buffer,
                size_t count);

// A file that is open for reading. Const methods may be called from several
// threads.
class FileReader {
 public:
  // Reads from an open file that messages call `name`. The caller keeps
  // ownership of `descriptor`, which is duplicated. Throws Error(io) if it
  // cannot be duplicated or the size of the file cannot be determined.
  FileReader(int descriptor, std::string name);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }  // in bytes, when it was opened
  // Returns whether `descriptor` refers to the same file.
  bool is_same_file(int descriptor) const;
  // Reads exactly `count` bytes. Throws Error(bad_input) if the file ends
  // before that, and Error(io) if it cannot be read.
  void read(int64_t offset, std::byte* buffer, size_t count) const;

 private:
  std::string name_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  uint64_t device_id_ = 0, inode_ = 0;  // identify the file
};

}  // namespace gato::base
