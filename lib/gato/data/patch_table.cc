#include "gato/data/patch_table.h"

#include <xxhash.h>

#include "gato/base/error.h"

namespace gato {

int64_t PatchTable::add(const Patch& patch) {
  const XXH128_hash_t hash = XXH3_128bits(patch.data(), patch.size());
  const Digest digest{hash.low64, hash.high64};
  const size_t place = find(digest);
  if (places_[place] != 0) return int64_t{places_[place]} - 1;
  // Numbers are stored as -(1 + u) in an int32.
  if (size() > INT32_MAX) {
    throw input_error("more than 2^31 distinct patches: make several files");
  }
  pixels_.append(patch.data(), patch.size());
  digests_.push_back(digest);
  places_[place] = static_cast<uint32_t>(size());
  const int64_t number = size() - 1;
  if (3 * digests_.size() > 2 * places_.size()) grow();
  return number;
}

size_t PatchTable::find(const Digest& digest) const {
  const size_t mask = places_.size() - 1;
  size_t place = digest.low & mask;
  while (places_[place] != 0 && digests_[places_[place] - 1] != digest) {
    place = (place + 1) & mask;
  }
  return place;
}

void PatchTable::grow() {
  places_.assign(2 * places_.size(), 0);
  uint32_t number = 0;
  for (const Digest& digest : digests_) places_[find(digest)] = ++number;
}

void PatchTable::write(hdf5::Group& parent, const std::string& name) {
  hdf5::Dataset dataset =
      parent.create_dataset(name, hdf5::native<uint8_t>(), {size(), 16, 16, 3});
  pixels_.write_to(dataset, hdf5::native<uint8_t>(), sizeof(Patch));
}

}  // namespace gato
