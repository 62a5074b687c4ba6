// The decompressed bytes of files and pipes.
//
// gzip, zstd, bzip2 and xz are detected by their magic bytes, whatever the file
// is called. Concatenated members or frames form one stream. A file that was
// compressed twice is decompressed twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gato/data/provenance.h"

namespace gato::ingest {

// The contents of a file, or of the standard input if the path is "-".
class ByteStream {
 public:
  // Throws Error(io) if the file cannot be opened.
  explicit ByteStream(const std::string& path);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Returns the next bytes, valid until the next call; empty at the end and
  // after an error. Throws Error(io), or Error(bad_input) if the compressed
  // data is corrupt or truncated: the data before a truncation is returned
  // first. The message says how many bytes of the file were read.
  std::string_view read();

  const std::string& name() const { return name_; }  // for messages
  // Returns the number of bytes read from the file so far, before
  // decompression.
  int64_t bytes_read() const;
  // Reads the file to its end and adds its path, size and digest. Must be
  // called last: a pipe cannot be read twice.
  void record_input(data::Provenance& provenance);

 private:
  class File;
  std::string name_;
  std::unique_ptr<File> file_;
  bool is_at_end_ = false;
};

}  // namespace gato::ingest
