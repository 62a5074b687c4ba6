// The heaps in which HDF5 files store the elements of variable length.
//
// A collection (HDF5 File Format Specification 3.0, III.E) is a header of 16
// bytes ("GCOL", version 1, 3 reserved bytes, size) and objects, each with a
// header of 16 bytes (number, reference count, 4 reserved bytes, size) and its
// bytes, padded to a multiple of 8. Object 0 is free space, whose size includes
// its header. An element is a reference of 16 bytes: the number of its items,
// the address of a collection, and the number of an object in it. All of this
// applies to files with 8-byte addresses and sizes, the default.
//
// libhdf5 1.10 checks none of this. It copies as many bytes as an object claims
// to have into buffers of the size that the reference claims, so that a corrupt
// file crashes the process, immediately or much later.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>

namespace gato::data::hdf5 {

inline constexpr std::string_view kHeapSignature{"GCOL\1\0\0\0", 8};
inline constexpr size_t kHeapHeaderBytes = 16;

// Returns the size that the header of a collection claims, and nullopt if the
// bytes are not such a header.
std::optional<uint64_t> heap_collection_size(std::span<const std::byte> bytes);

// Returns true if the objects of a collection fill it exactly and have distinct
// numbers. `collection` is a complete collection.
bool is_valid_heap_collection(std::span<const std::byte> collection);

// Makes reads of elements of variable length fail if they refer to objects that
// do not exist or have another size. Applies to what the calling thread reads
// from one dataset or attribute, as long as this exists. The elements of a
// virtual dataset are in other files, and not checked.
class HeapReferenceCheck {
 public:
  explicit HeapReferenceCheck(hid_t object);
  ~HeapReferenceCheck();
  HeapReferenceCheck(const HeapReferenceCheck&) = delete;
  HeapReferenceCheck& operator=(const HeapReferenceCheck&) = delete;

  // Returns whether all of `count` references, `stride` bytes apart, are valid.
  // An item has `item_bytes` bytes. Called by the library's reads.
  bool are_valid(const std::byte* references, size_t count, size_t stride,
                 uint64_t item_bytes);

 private:
  using ObjectSizes = std::map<uint32_t, uint64_t>;  // by number

  bool is_valid(const std::byte* reference, uint64_t item_bytes);
  const ObjectSizes& sizes_at(uint64_t address);
  ObjectSizes read_sizes(uint64_t address) const;

  int descriptor_ = -1;  // not owned; -1 if nothing is checked
  uint64_t user_block_bytes_ = 0;
  std::map<uint64_t, ObjectSizes> collections_;  // by address
};

}  // namespace gato::data::hdf5
