// Decompresses gzip, zstd, bzip2 and xz.
//
// libarchive has filters for them, but its gzip filter does not verify
// checksums and lengths, its bzip2 filter ignores whatever follows a stream,
// even the beginning of another one, and all of them lose up to 128 KiB before
// the point at which a file is truncated.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace gato::ingest {

// A decompressor of one or more members (gzip), frames (zstd) or streams
// (bzip2, xz), which are read as one.
class Decompressor {
 public:
  // Returns more of the compressed bytes, valid until the next call; empty at
  // the end.
  using InputCallback = std::function<std::span<const std::byte>()>;

  // The number of bytes by which a format is recognized.
  static constexpr size_t kMagicBytes = 10;

  // Returns the decompressor of the bytes that `source` returns, or null if
  // they are not compressed. `first` are their first kMagicBytes, or fewer if
  // there are no more.
  static std::unique_ptr<Decompressor> make(std::span<const std::byte> first,
                                            InputCallback source);

  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // Returns the next decompressed bytes, valid until the next call; empty at
  // the end. The last member may be followed by bytes that are zero. Throws
  // Error(bad_input) if a member is corrupt or truncated, or if anything else
  // follows; the data before a truncation is returned first.
  std::span<const std::byte> read();

 private:
  struct State;
  explicit Decompressor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gato::ingest
