// A file driver that protects libhdf5 from corrupt heaps of variable-length
// elements.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace gato::data::hdf5 {

// Returns true if the objects of a global heap collection, which contains the
// texts and sequences of variable length, fill it exactly and have distinct
// numbers. `collection` is a complete collection of a file whose sizes have 8
// bytes.
bool is_valid_heap_collection(std::span<const std::byte> collection);

// Makes files that are opened with these access properties fail to read a
// corrupt heap collection. libhdf5 1.10 does not check the sizes of the objects
// in a collection: it copies as many bytes as an object claims to have, beyond
// the ends of its own buffers, which crashes the process then or much later.
// `path` is any existing file. Keeps the default driver if it cannot be
// extended.
void use_checked_driver(hid_t access, const std::filesystem::path& path);

}  // namespace gato::data::hdf5
