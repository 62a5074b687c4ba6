// Decompressing byte streams and tar archives, read from files and pipes
// through libarchive.
//
// gzip, zstd, bzip2 and xz are detected by their magic bytes, whatever the file
// is called. Concatenated members or frames form one stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gato/data/provenance.h"

struct archive;
struct archive_entry;

namespace gato::ingest {

// The contents of a file, or of the standard input if the path is "-".
class ArchiveReader {
 public:
  enum class Kind { stream, tar };
  // Throws Error(io) if the file cannot be opened. Every read may also throw
  // Error(io), and Error(bad_input) if the content is corrupt or not an archive
  // of this kind.
  ArchiveReader(const std::string& path, Kind kind);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // Returns the next member, or null at the end. A stream has one member, or
  // none if it is empty. An Error(bad_input) says how much of the file was
  // read; no members follow it.
  archive_entry* next_member();
  // Returns the next bytes of the member, valid until the next call; empty at
  // its end.
  std::string_view read();

  const std::string& name() const { return name_; }  // for messages
  // Returns how much of the file has been read so far, before decompression.
  int64_t bytes_read() const;
  // Reads the file to its end and adds its path, size and digest. To be called
  // last: a pipe cannot be read twice.
  void record_input(data::Provenance& provenance);

 private:
  struct File;
  void open_archive();
  void check_result(int result);
  void check_end_of_archive();

  std::string name_;
  Kind kind_;
  std::unique_ptr<File> file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  bool is_open_ = false, is_at_end_ = false;
};

// The decompressed bytes of a file or a pipe.
class ByteStream {
 public:
  explicit ByteStream(const std::string& path);
  // Returns the next bytes, valid until the next call; empty at the end and
  // after an Error(bad_input).
  std::string_view read();
  const std::string& name() const { return input_.name(); }
  int64_t bytes_read() const { return input_.bytes_read(); }
  void record_input(data::Provenance& provenance) {
    input_.record_input(provenance);
  }

 private:
  ArchiveReader input_;
  bool is_open_ = false, is_at_end_ = false;
};

// The files in a tar archive, in order. Concatenated archives are read as one.
// An empty file is not an archive: it is an Error(bad_input). An archive
// without members or without an end-of-archive marker causes a warning.
class TarReader {
 public:
  explicit TarReader(const std::string& path);
  // Returns the name of the next regular file; nullopt at the end and after an
  // Error(bad_input).
  std::optional<std::string> next();
  int64_t member_size() const;  // bytes in that file
  std::string read_content();
  // Counts the present member as skipped: the caller does not read it.
  void skip_member() { ++skipped_members_; }
  // Returns the number of members that were skipped or are not regular files:
  // links, devices.
  int64_t skipped_members() const { return skipped_members_; }
  const std::string& name() const { return input_.name(); }
  int64_t bytes_read() const { return input_.bytes_read(); }
  void record_input(data::Provenance& provenance) {
    input_.record_input(provenance);
  }

 private:
  ArchiveReader input_;
  archive_entry* member_ = nullptr;
  int64_t skipped_members_ = 0;
};

}  // namespace gato::ingest
