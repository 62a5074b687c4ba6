// Files and pipes as streams of bytes, decompressed, and tar archives, through
// libarchive. gzip, zstd, bzip2 and xz are told by the first bytes, whatever
// the name; several members or frames one after another are one stream.
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

// What is read of a file or, where the path is "-", of the standard input.
class ArchiveReader {
 public:
  enum class Kind { stream, tar };
  // Error (io) where the file cannot be opened. Reading throws (io) too, and
  // (bad_input) where it is no archive of this kind or is damaged.
  ArchiveReader(const std::string& path, Kind kind);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // The next member; null at the end. A stream has one, or none where it is
  // empty. After an Error (bad_input), which says how far the file was read,
  // there are no more.
  archive_entry* next_member();
  // The next bytes of the member, valid until the next call; empty at its end.
  std::string_view read();

  const std::string& name() const { return name_; }  // for messages
  // Adds path, size and digest of the whole file, which is read to its end. Of
  // a pipe they can be told afterwards alone.
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

// The bytes of a file or a pipe.
class ByteStream {
 public:
  explicit ByteStream(const std::string& path);
  // The next bytes, valid until the next call; empty at the end, and after an
  // Error (bad_input).
  std::string_view read();
  const std::string& name() const { return input_.name(); }
  void record_input(data::Provenance& provenance) {
    input_.record_input(provenance);
  }

 private:
  ArchiveReader input_;
  bool is_open_ = false, is_at_end_ = false;
};

// The files in a tar archive, in order. Archives one after another are one. A
// file of no bytes is none: Error (bad_input). An archive without members, and
// one that lacks the mark of its end, are warned of.
class TarReader {
 public:
  explicit TarReader(const std::string& path);
  // The name of the next regular file; nothing at the end, and after an Error
  // (bad_input).
  std::optional<std::string> next();
  int64_t member_size() const;  // of that file, in bytes
  std::string read_content();
  int64_t skipped_members() const {
    return skipped_members_;
  }  // links, devices: passed over
  const std::string& name() const { return input_.name(); }
  void record_input(data::Provenance& provenance) {
    input_.record_input(provenance);
  }

 private:
  ArchiveReader input_;
  archive_entry* member_ = nullptr;
  int64_t skipped_members_ = 0;
};

}  // namespace gato::ingest
