// The library converts elements of variable length with a function that can be
// replaced. The replacement sees the references of the file, checks them if a
// HeapReferenceCheck exists, and calls the library's own function.
#include "gato/data/hdf5/hdf5_heap.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <vector>

namespace gato::data::hdf5 {
namespace {

constexpr size_t kObjectHeaderBytes = 16;
constexpr size_t kReferenceBytes = 16;
constexpr uint64_t kMaxCollectionBytes = uint64_t{1} << 31;

template <class T>
T load_little_endian(const std::byte* bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(bytes[i]))
                                       << (8 * i));
  }
  return value;
}

// An object of a collection.
struct HeapObject {
  uint16_t number = 0;
  uint64_t size = 0;
  uint64_t occupied = 0;  // with its header and its padding
};

// Parses the header of an object after which `available` bytes of the
// collection follow, the header included. Returns nullopt if it does not fit.
std::optional<HeapObject> parse_object(const std::byte* header,
                                       uint64_t available) {
  HeapObject object{load_little_endian<uint16_t>(header),
                    load_little_endian<uint64_t>(header + 8)};
  if (object.size > available) {
    return std::nullopt;
  }
  object.occupied = object.number == 0
                        ? object.size
                        : kObjectHeaderBytes + (object.size + 7) / 8 * 8;
  if (object.occupied < kObjectHeaderBytes || object.occupied > available) {
    return std::nullopt;
  }
  return object;
}

// Returns whether all `bytes` could be read at `offset`.
bool read_exactly(int descriptor, uint64_t offset, std::span<std::byte> bytes) {
  return ::pread(descriptor, bytes.data(), bytes.size(),
                 static_cast<off_t>(offset)) == std::ssize(bytes);
}

// The check of the calling thread.
thread_local HeapReferenceCheck* current_check = nullptr;

// The library's own conversion of elements of variable length.
H5T_conv_t library_conversion = nullptr;

herr_t convert_variable_length(hid_t source, hid_t destination,
                               H5T_cdata_t* data, size_t count, size_t stride,
                               size_t background_stride, void* buffer,
                               void* background, hid_t transfer) {
  HeapReferenceCheck* const check = current_check;
  if (data->command == H5T_CONV_CONV && check != nullptr) {
    uint64_t item_bytes = 1;  // of texts
    if (H5Tget_class(source) == H5T_VLEN) {
      const hid_t item = H5Tget_super(source);
      item_bytes = H5Tget_size(item);
      H5Tclose(item);
    }
    if (!check->are_valid(static_cast<const std::byte*>(buffer), count,
                          stride > 0 ? stride : H5Tget_size(source),
                          item_bytes)) {
      H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS,
               H5E_DATATYPE, H5E_READERROR,
               "the heap of its texts or sequences is corrupt: write the file "
               "again, or download it again");
      return -1;
    }
  }
  return library_conversion(source, destination, data, count, stride,
                            background_stride, buffer, background, transfer);
}

// Replaces the library's conversion. Returns whether that succeeded.
bool replace_conversion() {
#if H5_VERSION_GE(1, 14, 0)
  // These versions compare the sizes, and call their conversions differently.
  return false;
#else
  // Two types between which elements must be converted.
  const hid_t narrow = H5Tvlen_create(H5T_STD_I16LE);
  const hid_t wide = H5Tvlen_create(H5T_STD_I32LE);
  H5T_cdata_t* data = nullptr;
  library_conversion = H5Tfind(narrow, wide, &data);
  const bool is_replaced = library_conversion != nullptr &&
                           H5Tregister(H5T_PERS_SOFT, "gato_vlen", narrow, wide,
                                       convert_variable_length) >= 0;
  H5Tclose(narrow);
  H5Tclose(wide);
  return is_replaced;
#endif
}

// Returns whether the elements of an object are references in its own file.
bool refers_to_own_file(hid_t object) {
  if (H5Iget_type(object) != H5I_DATASET) {
    return true;
  }
  const hid_t creation = H5Dget_create_plist(object);
  const bool is_virtual = H5Pget_layout(creation) == H5D_VIRTUAL;
  H5Pclose(creation);
  return !is_virtual;
}

// Returns the size of the user block at the beginning of a file, to which
// addresses do not refer, and nullopt if addresses or sizes do not have 8
// bytes.
std::optional<uint64_t> find_user_block_bytes(hid_t file) {
  const hid_t creation = H5Fget_create_plist(file);
  size_t address_bytes = 0, size_bytes = 0;
  hsize_t user_block_bytes = 0;
  const bool is_known =
      H5Pget_sizes(creation, &address_bytes, &size_bytes) >= 0 &&
      H5Pget_userblock(creation, &user_block_bytes) >= 0;
  H5Pclose(creation);
  if (!is_known || address_bytes != 8 || size_bytes != 8) {
    return std::nullopt;
  }
  return user_block_bytes;
}

}  // namespace

std::optional<uint64_t> heap_collection_size(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeapHeaderBytes ||
      std::memcmp(bytes.data(), kHeapSignature.data(), kHeapSignature.size()) !=
          0) {
    return std::nullopt;
  }
  return load_little_endian<uint64_t>(bytes.data() + kHeapSignature.size());
}

bool is_valid_heap_collection(std::span<const std::byte> collection) {
  if (heap_collection_size(collection) != collection.size()) {
    return false;
  }
  std::set<uint16_t> numbers;
  size_t offset = kHeapHeaderBytes;
  // A remainder that is too small for the header of an object is free space.
  while (offset + kObjectHeaderBytes <= collection.size()) {
    const auto object =
        parse_object(&collection[offset], collection.size() - offset);
    if (!object ||
        (object->number != 0 && !numbers.insert(object->number).second)) {
      return false;
    }
    offset += object->occupied;
  }
  return true;
}

HeapReferenceCheck::HeapReferenceCheck(hid_t object) {
  static const bool is_replaced = replace_conversion();
  if (!is_replaced || !refers_to_own_file(object)) {
    return;
  }
  const hid_t file = H5Iget_file_id(object);
  const auto user_block_bytes = find_user_block_bytes(file);
  void* descriptor = nullptr;
  if (user_block_bytes &&
      H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0) {
    descriptor_ = *static_cast<const int*>(descriptor);
    user_block_bytes_ = *user_block_bytes;
    current_check = this;
  }
  H5Fclose(file);
}

HeapReferenceCheck::~HeapReferenceCheck() {
  if (current_check == this) {
    current_check = nullptr;
  }
}

bool HeapReferenceCheck::are_valid(const std::byte* references, size_t count,
                                   size_t stride, uint64_t item_bytes) {
  if (stride < kReferenceBytes) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!is_valid(references + i * stride, item_bytes)) {
      return false;
    }
  }
  return true;
}

bool HeapReferenceCheck::is_valid(const std::byte* reference,
                                  uint64_t item_bytes) {
  // The library allocates at least this much for an element.
  constexpr uint64_t kMinBufferBytes = 4096;
  const uint64_t bytes = item_bytes * load_little_endian<uint32_t>(reference);
  const auto address = load_little_endian<uint64_t>(reference + 4);
  const auto number = load_little_endian<uint32_t>(reference + 12);
  if (address == 0) {
    return true;  // there is no element
  }
  const ObjectSizes& sizes = sizes_at(address);
  const auto size = sizes.find(number);
  return size != sizes.end() && bytes <= size->second &&
         size->second <= std::max(bytes, kMinBufferBytes);
}

const HeapReferenceCheck::ObjectSizes& HeapReferenceCheck::sizes_at(
    uint64_t address) {
  constexpr size_t kMaxCollections = 256;
  if (collections_.size() >= kMaxCollections &&
      !collections_.contains(address)) {
    collections_.clear();
  }
  const auto [entry, is_new] = collections_.try_emplace(address);
  if (is_new) {
    entry->second = read_sizes(address);
  }
  return entry->second;
}

// Returns the sizes of the objects of a collection up to the first corrupt
// one; none if there is no collection. The bytes of large objects are not read.
HeapReferenceCheck::ObjectSizes HeapReferenceCheck::read_sizes(
    uint64_t address) const {
  constexpr size_t kBlockBytes = 4096;
  ObjectSizes sizes;
  const uint64_t begin = user_block_bytes_ + address;
  std::array<std::byte, kHeapHeaderBytes> header;
  if (begin < address || !read_exactly(descriptor_, begin, header)) {
    return sizes;
  }
  const uint64_t total = heap_collection_size(header).value_or(0);
  if (total > kMaxCollectionBytes) {
    return sizes;
  }
  std::vector<std::byte> block;
  uint64_t block_offset = 0;
  uint64_t offset = kHeapHeaderBytes;
  while (offset + kObjectHeaderBytes <= total) {
    if (offset < block_offset ||
        offset + kObjectHeaderBytes > block_offset + block.size()) {
      block.resize(std::min<uint64_t>(kBlockBytes, total - offset));
      block_offset = offset;
      if (!read_exactly(descriptor_, begin + offset, block)) {
        break;
      }
    }
    const auto object =
        parse_object(&block[offset - block_offset], total - offset);
    if (!object) {
      break;
    }
    if (object->number != 0) {
      sizes.emplace(object->number, object->size);
    }
    offset += object->occupied;
  }
  return sizes;
}

}  // namespace gato::data::hdf5
