// Distinct image patches, each stored once and numbered as they appear.
#pragma once

#include <cstdint>
#include <filesystem>
#include <unordered_map>

#include "gato/data/spool.h"
#include "gato/data/tokens.h"

namespace gato {

// Pixels lie on disk; a patch takes a 128-bit digest and a number in memory.
// Two patches of one digest (less likely than 1e-15 among 1e11) would be taken
// for the same.
class PatchTable {
 public:
  explicit PatchTable(const std::filesystem::path& output) : pixels_(output) {}

  int64_t add(const Patch& patch);  // its number
  int64_t size() const { return static_cast<int64_t>(numbers_.size()); }
  // uint8 [U,16,16,3]
  void write(hdf5::Group& parent, const std::string& name);

 private:
  struct Digest {
    uint64_t low, high;
    bool operator==(const Digest&) const = default;
  };
  struct DigestHash {
    size_t operator()(const Digest& digest) const { return digest.low; }
  };
  Spool pixels_;
  std::unordered_map<Digest, int64_t, DigestHash> numbers_;
};

}  // namespace gato
