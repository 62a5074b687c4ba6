// libarchive pulls bytes through read_callback(). No exception may cross its C
// frames, so an error of the stream is stored and thrown by check_result() once
// libarchive has returned.
#include "gato/ingest/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "gato/base/error.h"

namespace gato::ingest {

TarReader::TarReader(const std::string& path)
    : stream_(path), archive_(archive_read_new(), archive_read_free) {}

TarReader::~TarReader() = default;

ssize_t TarReader::read_callback(archive* reader, void* self,
                                 const void** bytes) {
  auto* const tar = static_cast<TarReader*>(self);
  try {
    const std::string_view read = tar->stream_.read();
    *bytes = read.data();
    return static_cast<ssize_t>(read.size());
  } catch (...) {
    tar->error_ = std::current_exception();
    archive_set_error(reader, -1, "cannot read");
    return -1;
  }
}

void TarReader::open() {
  is_open_ = true;
  archive* const reader = archive_.get();
  archive_read_support_format_empty(reader);
  archive_read_support_format_tar(reader);
  archive_read_set_options(reader, "read_concatenated_archives");
  check_result(
      archive_read_open(reader, this, nullptr, read_callback, nullptr));
}

archive_entry* TarReader::next_member() {
  if (is_at_end_) {
    return nullptr;
  }
  if (!is_open_) {
    open();
  }
  archive_entry* member = nullptr;
  const int result = archive_read_next_header(archive_.get(), &member);
  if (result == ARCHIVE_EOF) {
    is_at_end_ = true;
    check_end_of_archive();
    return nullptr;
  }
  check_result(result);
  return member;
}

// libarchive accepts the end of the file as the end of the archive because some
// writers omit the two blocks of zeros that mark it. An archive truncated
// between two members looks the same, hence the warning.
void TarReader::check_end_of_archive() {
  archive* const reader = archive_.get();
  const la_int64_t end = archive_filter_bytes(reader, 0);
  if (end == 0) {
    throw base::input_error("{}: not a tar archive: it is empty{}", name(),
                            bytes_read() > 0 ? " once decompressed" : "");
  }
  if (end == archive_read_header_position(reader)) {
    spdlog::warn(
        "{}: the tar archive has no end-of-archive marker: it may have been "
        "truncated after member {}",
        name(), archive_file_count(reader));
  } else if (archive_file_count(reader) == 0) {
    spdlog::warn("{}: the tar archive is empty", name());
  }
}

void TarReader::check_result(int result) {
  // Warnings concern only the names and attributes of members.
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
    return;
  }
  is_at_end_ = true;
  if (error_) {
    std::rethrow_exception(error_);
  }
  const char* const reason = archive_error_string(archive_.get());
  throw base::input_error(
      "{}: not a complete tar archive: {} (in the first {} bytes)", name(),
      reason == nullptr ? "corrupt" : reason, bytes_read());
}

std::optional<std::string> TarReader::next() {
  while ((member_ = next_member()) != nullptr) {
    const auto type = archive_entry_filetype(member_);
    const bool is_link = archive_entry_hardlink(member_) != nullptr;
    if (type == AE_IFREG && !is_link) {
      break;
    }
    if (type != AE_IFDIR) {
      ++skipped_members_;
    }
    if (is_link || type == AE_IFLNK) {
      warn_of_link();
    }
  }
  if (member_ == nullptr) {
    return std::nullopt;
  }
  return member_path();
}

std::string TarReader::member_path() const {
  // The first is null if the locale cannot represent the characters.
  const char* path = archive_entry_pathname(member_);
  if (path == nullptr) {
    path = archive_entry_pathname_utf8(member_);
  }
  return path == nullptr ? "" : path;
}

void TarReader::warn_of_link() {
  if (std::exchange(has_warned_of_link_, true)) {
    return;
  }
  spdlog::warn(
      "{}: links are not read (the first is {}): write the archive with tar "
      "--dereference --hard-dereference",
      name(), member_path());
}

int64_t TarReader::member_size() const { return archive_entry_size(member_); }

std::string TarReader::read_content() {
  std::string content;
  content.reserve(static_cast<size_t>(member_size()));
  const void* bytes = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int result =
        archive_read_data_block(archive_.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) {
      break;
    }
    check_result(result);
    // The holes of a sparse file are zeros.
    if (offset < std::ssize(content) || offset > member_size()) {
      throw base::input_error("{}: {}: its map of holes is corrupt", name(),
                              member_path());
    }
    content.resize(static_cast<size_t>(offset));
    content.append(static_cast<const char*>(bytes), size);
  }
  content.resize(static_cast<size_t>(member_size()));
  return content;
}

}  // namespace gato::ingest
