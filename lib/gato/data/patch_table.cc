#include "gato/data/patch_table.h"

#include <xxhash.h>

#include "gato/base/error.h"

namespace gato::data {

int64_t PatchTable::add(const Patch& patch) {
  const XXH128_hash_t hash = XXH3_128bits(patch.data(), patch.size());
  const Digest digest{hash.low64, hash.high64};
  const size_t slot = find_slot(digest);
  if (slots_[slot] != 0) {
    return int64_t{slots_[slot]} - 1;
  }
  // An int32 token -(1 + u) can refer to 2^31 patches.
  if (size() > INT32_MAX) {
    throw base::input_error(
        "there are more than 2^31 distinct patches: divide the data among "
        "several files");
  }
  pixels_.append(patch.data(), patch.size());
  digests_.push_back(digest);
  slots_[slot] = static_cast<uint32_t>(size());
  const int64_t number = size() - 1;
  if (3 * digests_.size() > 2 * slots_.size()) {
    rehash();
  }
  return number;
}

size_t PatchTable::find_slot(const Digest& digest) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = digest.low & mask;
  while (slots_[slot] != 0 && digests_[slots_[slot] - 1] != digest) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void PatchTable::rehash() {
  slots_.assign(2 * slots_.size(), 0);
  uint32_t number = 0;
  for (const Digest& digest : digests_) {
    slots_[find_slot(digest)] = ++number;
  }
}

void PatchTable::write(hdf5::Group& parent, const std::string& name) {
  hdf5::Dataset dataset = parent.create_dataset(
      name, hdf5::native_type<uint8_t>(), {size(), 16, 16, 3});
  pixels_.copy_to(dataset, hdf5::native_type<uint8_t>(), sizeof(Patch));
}

}  // namespace gato::data
