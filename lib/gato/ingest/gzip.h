// Gzip members, one after another (RFC 1952), through zlib, which compares
// their checksums and lengths: libarchive's filter does not.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace gato::ingest {

// Whether compressed data begins so.
bool has_gzip_magic(std::span<const std::byte> bytes);

class GzipReader {
 public:
  // More of the compressed bytes, which stay valid until the next call; none at
  // the end.
  using InputCallback = std::function<std::span<const std::byte>()>;

  explicit GzipReader(InputCallback source);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // The next bytes, valid until the next call; none at the end. Zeros may
  // follow the last member. Error (bad_input) where a member is damaged or cut
  // short, or where something else follows.
  std::span<const std::byte> read();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gato::ingest
