// Distinct image patches, each stored once and numbered as they appear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <vector>

#include "gato/data/spool.h"
#include "gato/data/tokens.h"

namespace gato::data {

// Pixels lie on disk; a patch takes 22 to 28 bytes of memory, its 128-bit
// digest and its place. Two patches of one digest (less likely than 1e-15 among
// 1e11) would be taken for the same.
class PatchTable {
 public:
  // The pixels are spooled as Spool does for `output`.
  explicit PatchTable(const std::optional<std::filesystem::path>& output)
      : pixels_(output) {}

  int64_t add(const Patch& patch);  // its number
  int64_t size() const { return static_cast<int64_t>(digests_.size()); }
  // uint8 [U,16,16,3]
  void write(hdf5::Group& parent, const std::string& name);
  // Moves the pixels, [U,16,16,3], out of a table in memory.
  std::vector<uint8_t> take_pixels() { return pixels_.take_values<uint8_t>(); }

 private:
  struct Digest {
    uint64_t low, high;
    bool operator==(const Digest&) const = default;
  };
  // Of the digest's place, or of the free one where it belongs.
  size_t find_slot(const Digest& digest) const;
  void rehash();

  Spool pixels_;
  std::deque<Digest> digests_;  // by number
  // Open addressing, linear probing: number + 1, or 0 where a place is free. A
  // power of two of places, a third to two thirds of them taken.
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(1024);
};

}  // namespace gato::data
