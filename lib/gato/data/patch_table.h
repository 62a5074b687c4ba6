// A table of distinct image patches, each stored once and numbered in order of
// first appearance.
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

// Deduplicates patches by their 128-bit digests. Pixels are stored on disk;
// each distinct patch takes 22 to 28 bytes of memory, for its digest and its
// slots. Patches with equal digests are treated as equal; the probability of
// any collision among 1e11 patches is below 1e-15.
class PatchTable {
 public:
  // The pixels are spooled as Spool does for `output`.
  explicit PatchTable(const std::optional<std::filesystem::path>& output)
      : pixels_(output) {}

  // Adds a patch unless the table contains it. Returns its number. Throws
  // Error(bad_input) if there are more than 2^31 distinct patches, and
  // Error(io).
  int64_t add(const Patch& patch);
  int64_t size() const { return std::ssize(digests_); }
  // Writes the pixels as a dataset uint8 [U,16,16,3].
  void write(hdf5::Group& parent, const std::string& name);
  // Moves the pixels, [U,16,16,3], out of a table in memory.
  std::vector<uint8_t> take_pixels() { return pixels_.take_values<uint8_t>(); }

 private:
  struct Digest {
    uint64_t low, high;
    bool operator==(const Digest&) const = default;
  };
  // Returns the slot of the digest, or the free slot where it belongs.
  size_t find_slot(const Digest& digest) const;
  void rehash();

  Spool pixels_;
  std::deque<Digest> digests_;  // indexed by patch number
  // A hash table with open addressing and linear probing. A slot contains the
  // patch number + 1, or 0 if it is free. The number of slots is a power of
  // two, and at most two thirds of them are in use.
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(1024);
};

}  // namespace gato::data
