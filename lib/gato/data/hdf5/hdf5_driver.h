// A file driver that protects libhdf5 from corrupt heaps of variable-length
// elements.
#pragma once

#include <hdf5.h>

#include <filesystem>

namespace gato::data::hdf5 {

// Makes files that are opened with these access properties fail to read a
// corrupt heap collection; see hdf5_heap.h. `path` is any existing file. Keeps
// the default driver if it cannot be extended.
void use_checked_driver(hid_t access, const std::filesystem::path& path);

}  // namespace gato::data::hdf5
