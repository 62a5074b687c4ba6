// Everything goes through libarchive except gzip, which GzipReader decompresses
// before libarchive sees it, because libarchive does not verify its checksums.
// libarchive pulls bytes through File::read_callback. No exception may cross
// its C frames, so errors are stored in File and thrown by check_result() once
// libarchive has returned.
#include "gato/ingest/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/pointer_file.h"
#include "gato/base/signals.h"
#include "gato/ingest/gzip.h"

namespace gato::ingest {

// The bytes that libarchive reads: those of the file, or their decompressed
// form if the file is gzip. Errors are kept until libarchive has returned.
struct ArchiveReader::File {
  std::string path;
  int descriptor = -1;
  int error = 0;  // errno
  int64_t size = 0;
  base::Digest digest;
  std::array<std::byte, size_t{256} << 10> bytes;
  bool has_detected_compression = false;
  std::unique_ptr<GzipReader> gzip_reader;  // null if the file is not gzip
  std::string corruption_message;           // of gzip_reader; may be empty

  explicit File(const std::string& path) : path(path) {
    descriptor =
        path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) error = errno;
  }
  ~File() {
    if (descriptor > STDIN_FILENO) ::close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Reads into `bytes` from index `first` on and adds to the digest. Returns
  // the number of bytes read, 0 at the end of the file, or -1 on an error.
  ssize_t read(size_t first = 0) {
    ssize_t count = -1;
    do {
      count = ::read(descriptor, &bytes[first], bytes.size() - first);
    } while (count < 0 && errno == EINTR && base::received_stop_signal() == 0);
    if (count < 0) {
      error = errno;
      return -1;
    }
    size += count;
    digest.update({&bytes[first], static_cast<size_t>(count)});
    return count;
  }

  // Reads the beginning as read() does, but at least two bytes, even of a pipe:
  // they decide whether the file is gzip.
  ssize_t detect_compression() {
    has_detected_compression = true;
    ssize_t count = read();
    if (count == 1) {
      const ssize_t more = read(1);
      count = more < 0 ? more : count + more;
    }
    if (count <= 0 ||
        !has_gzip_magic({bytes.data(), static_cast<size_t>(count)})) {
      return count;
    }
    gzip_reader = std::make_unique<GzipReader>([this,
                                                first = static_cast<size_t>(
                                                    count)]() mutable
                                               -> std::span<std::byte> {
      const ssize_t next = first > 0 ? static_cast<ssize_t>(first) : read();
      first = 0;
      return {bytes.data(), static_cast<size_t>(std::max<ssize_t>(next, 0))};
    });
    return count;
  }

  static la_ssize_t read_callback(archive* reader, void* self,
                                  const void** bytes) {
    auto* file = static_cast<File*>(self);
    *bytes = file->bytes.data();
    ssize_t count =
        file->has_detected_compression ? 0 : file->detect_compression();
    try {
      if (file->gzip_reader) {
        const auto read = file->gzip_reader->read();
        *bytes = read.data();
        count = static_cast<ssize_t>(read.size());
      } else if (count == 0) {
        count = file->read();
      }
    } catch (const base::Error& error) {
      file->corruption_message = error.what();
      count = -1;
    }
    if (file->error != 0) count = -1;
    if (count < 0) archive_set_error(reader, file->error, "cannot read");
    return count;
  }
};

ArchiveReader::ArchiveReader(const std::string& path, Kind kind)
    : name_(path == "-" ? "standard input" : path),
      kind_(kind),
      file_(std::make_unique<File>(path)),
      archive_(archive_read_new(), archive_read_free) {
  if (path != "-") base::check_not_pointer(path);
  if (file_->error != 0) {
    base::throw_if_stopped();
    throw base::io_error("{}: {}", name_, std::strerror(file_->error));
  }
}

// Reads the beginning of the file to detect its compression.
void ArchiveReader::open_archive() {
  is_open_ = true;
  archive* const reader = archive_.get();
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_format_empty(reader);
  if (kind_ == Kind::stream) {
    archive_read_support_format_raw(reader);
  } else {
    archive_read_support_format_tar(reader);
    archive_read_set_options(reader, "read_concatenated_archives");
  }
  check_result(archive_read_open(reader, file_.get(), nullptr,
                                 File::read_callback, nullptr));
}

ArchiveReader::~ArchiveReader() = default;

int64_t ArchiveReader::bytes_read() const { return file_->size; }

archive_entry* ArchiveReader::next_member() {
  if (is_at_end_) return nullptr;
  if (!is_open_) open_archive();
  archive_entry* member = nullptr;
  const int result = archive_read_next_header(archive_.get(), &member);
  if (result == ARCHIVE_EOF) {
    is_at_end_ = true;
    if (kind_ == Kind::tar) check_end_of_archive();
    return nullptr;
  }
  check_result(result);
  return member;
}

// libarchive accepts the end of the file as the end of the archive because some
// writers omit the two blocks of zeros that mark it. An archive truncated
// between two members looks the same, hence the warning.
void ArchiveReader::check_end_of_archive() {
  archive* const reader = archive_.get();
  const la_int64_t end = archive_filter_bytes(reader, 0);
  if (end == 0) {
    throw base::input_error("{}: not a tar archive: it is empty{}", name_,
                            file_->size > 0 ? " once decompressed" : "");
  }
  if (end == archive_read_header_position(reader)) {
    spdlog::warn(
        "{}: the tar archive has no end-of-archive marker: it may have been "
        "truncated after member {}",
        name_, archive_file_count(reader));
  } else if (archive_file_count(reader) == 0) {
    spdlog::warn("{}: the tar archive is empty", name_);
  }
}

std::string_view ArchiveReader::read() {
  const void* bytes = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  // Blocks may be empty before the end.
  while (size == 0) {
    const int result =
        archive_read_data_block(archive_.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) return {};
    check_result(result);
  }
  return {static_cast<const char*>(bytes), size};
}

void ArchiveReader::check_result(int result) {
  // Warnings concern only the names and attributes of members.
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
  is_at_end_ = true;
  if (file_->error != 0) {
    base::throw_if_stopped();
    throw base::io_error("{}: {}", name_, std::strerror(file_->error));
  }
  const char* reason = file_->corruption_message.empty()
                           ? archive_error_string(archive_.get())
                           : file_->corruption_message.c_str();
  throw base::input_error(
      "{}: {}{} (in the first {} bytes)", name_,
      kind_ == Kind::tar ? "not a complete tar archive: " : "",
      reason == nullptr ? "corrupt" : reason, file_->size);
}

void ArchiveReader::record_input(data::Provenance& provenance) {
  while (file_->error == 0 && file_->read() > 0) {
  }
  provenance.add_input(file_->path, file_->size, file_->digest.hex());
}

ByteStream::ByteStream(const std::string& path)
    : input_(path, ArchiveReader::Kind::stream) {}

std::string_view ByteStream::read() {
  if (is_at_end_) return {};
  std::string_view bytes;
  is_at_end_ = true;  // unless bytes are found below
  if (!is_open_) {
    if (input_.next_member() == nullptr) return {};
    is_open_ = true;
  }
  bytes = input_.read();
  is_at_end_ = bytes.empty();
  return bytes;
}

TarReader::TarReader(const std::string& path)
    : input_(path, ArchiveReader::Kind::tar) {}

std::optional<std::string> TarReader::next() {
  while ((member_ = input_.next_member()) != nullptr) {
    const auto type = archive_entry_filetype(member_);
    const bool is_link = archive_entry_hardlink(member_) != nullptr;
    if (type == AE_IFREG && !is_link) break;
    if (type != AE_IFDIR) ++skipped_members_;
  }
  if (member_ == nullptr) return std::nullopt;
  // The first is null if the locale cannot represent the characters.
  const char* path = archive_entry_pathname(member_);
  if (path == nullptr) path = archive_entry_pathname_utf8(member_);
  return path == nullptr ? "" : path;
}

int64_t TarReader::member_size() const { return archive_entry_size(member_); }

std::string TarReader::read_content() {
  std::string content;
  content.reserve(static_cast<size_t>(member_size()));
  for (auto bytes = input_.read(); !bytes.empty(); bytes = input_.read()) {
    content += bytes;
  }
  return content;
}

}  // namespace gato::ingest
