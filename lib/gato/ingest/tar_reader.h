// Tar archives, read from files and pipes through libarchive.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gato/ingest/byte_stream.h"

struct archive;
struct archive_entry;

namespace gato::ingest {

// The files in a tar archive, in order, which may be compressed. Concatenated
// archives are read as one. An empty file is not an archive and causes an
// Error(bad_input). An archive without members or without an end-of-archive
// marker causes a warning, and so does the first link.
class TarReader {
 public:
  // Throws Error(io) if the file cannot be opened. The path "-" is the standard
  // input.
  explicit TarReader(const std::string& path);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // Returns the name of the next regular file; nullopt at the end and after an
  // error. Throws Error(io) if the file cannot be read, and Error(bad_input) if
  // the rest is not an archive.
  std::optional<std::string> next();
  int64_t member_size() const;  // bytes in that file
  // Returns the content of that file. Throws the same errors as next().
  std::string read_content();
  // Counts the current member as skipped: the caller does not read it.
  void skip_member() { ++skipped_members_; }
  // Returns the number of members that were skipped or are not regular files:
  // links, devices.
  int64_t skipped_members() const { return skipped_members_; }
  const std::string& name() const { return stream_.name(); }
  int64_t bytes_read() const { return stream_.bytes_read(); }
  void record_input(data::Provenance& provenance) {
    stream_.record_input(provenance);
  }

 private:
  static ssize_t read_callback(archive* reader, void* self, const void** bytes);
  void open();
  archive_entry* next_member();
  std::string member_path() const;
  void warn_of_link();
  void check_result(int result);
  void check_end_of_archive();

  ByteStream stream_;
  std::exception_ptr error_;  // of the stream
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* member_ = nullptr;
  bool is_open_ = false, is_at_end_ = false, has_warned_of_link_ = false;
  int64_t skipped_members_ = 0;
};

}  // namespace gato::ingest
