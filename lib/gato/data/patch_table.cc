#include "gato/data/patch_table.h"

#include <xxhash.h>

#include "gato/base/error.h"

namespace gato {

int64_t PatchTable::add(const Patch& patch) {
  const XXH128_hash_t digest = XXH3_128bits(patch.data(), patch.size());
  const auto [entry, is_new] =
      numbers_.try_emplace({digest.low64, digest.high64}, size());
  if (is_new) {
    // Numbers are stored as -(1 + u) in an int32.
    if (size() > INT32_MAX) {
      throw input_error("more than 2^31 distinct patches: make several files");
    }
    pixels_.append(patch.data(), patch.size());
  }
  return entry->second;
}

void PatchTable::write(hdf5::Group& parent, const std::string& name) {
  hdf5::Dataset dataset =
      parent.create_dataset(name, hdf5::native<uint8_t>(), {size(), 16, 16, 3});
  pixels_.write_to(dataset, hdf5::native<uint8_t>(), sizeof(Patch));
}

}  // namespace gato
