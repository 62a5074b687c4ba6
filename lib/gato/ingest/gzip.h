// Decompresses gzip (RFC 1952) through zlib.
//
// libarchive's gzip filter does not verify checksums and lengths. zlib's gzread
// verifies them, but it reads from a file descriptor only, whereas the bytes
// here come from a callback that also computes a digest of them; it also
// ignores trailing garbage and passes on data that is not gzip.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace gato::ingest {

// Returns whether the bytes begin with gzip's magic number.
bool has_gzip_magic(std::span<const std::byte> bytes);

// A decompressor of concatenated gzip members.
class GzipReader {
 public:
  // Returns more of the compressed bytes, valid until the next call; empty at
  // the end.
  using InputCallback = std::function<std::span<const std::byte>()>;

  explicit GzipReader(InputCallback source);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // Returns the next decompressed bytes, valid until the next call; empty at
  // the end. Zero bytes may follow the last member. Throws Error(bad_input) if
  // a member is corrupt or truncated, or if anything else follows; what
  // precedes a truncation is returned first.
  std::span<const std::byte> read();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gato::ingest
