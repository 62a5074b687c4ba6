// The driver is the library's default one, "sec2", with another function for
// reading. Its class is found in a file that is open with it. The library reads
// a collection as "raw data", in two parts if it is larger than 4096 bytes, so
// that the function recognizes a collection by its signature and then reads it
// completely.
//
// A collection (HDF5 File Format Specification 3.0, III.E) is a header of 16
// bytes ("GCOL", version 1, 3 reserved bytes, size) and objects, each with a
// header of 16 bytes (number, reference count, 4 reserved bytes, size) and its
// bytes, padded to a multiple of 8. Object 0 is free space, whose size includes
// its header.
#include "gato/data/hdf5_driver.h"

#include <H5FDpublic.h>

#include <cstring>
#include <set>
#include <string_view>
#include <vector>

namespace gato::data::hdf5 {
namespace {

constexpr std::string_view kHeapSignature{"GCOL\1\0\0\0", 8};
constexpr size_t kHeaderBytes = 16;
constexpr uint64_t kMinCollectionBytes = 4096;
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

bool has_heap_signature(const std::byte* bytes, size_t size) {
  return size >= kHeaderBytes &&
         std::memcmp(bytes, kHeapSignature.data(), kHeapSignature.size()) == 0;
}

uint64_t collection_size(const std::byte* bytes) {
  return load_little_endian<uint64_t>(bytes + kHeapSignature.size());
}

#if !H5_VERSION_GE(1, 14, 0)
// The classes of the default driver and of this one, which the library keeps a
// pointer to.
H5FD_class_t default_class;
H5FD_class_t checked_class;

herr_t fail_corrupt_heap() {
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_VFL,
           H5E_READERROR,
           "the heap of its texts or sequences is corrupt: write the file "
           "again, or download it again");
  return -1;
}

herr_t checked_read(H5FD_t* file, H5FD_mem_t type, hid_t transfer,
                    haddr_t offset, size_t size, void* buffer) {
  if (default_class.read(file, type, transfer, offset, size, buffer) < 0) {
    return -1;
  }
  const auto* bytes = static_cast<const std::byte*>(buffer);
  if (!has_heap_signature(bytes, size)) {
    return 0;
  }
  const uint64_t total = collection_size(bytes);
  const haddr_t end = default_class.get_eof(file, type);
  if (total < kMinCollectionBytes || total > kMaxCollectionBytes ||
      offset > end || total > end - offset) {
    return fail_corrupt_heap();
  }
  if (total <= size) {
    return is_valid_heap_collection({bytes, total}) ? 0 : fail_corrupt_heap();
  }
  std::vector<std::byte> collection(total);
  if (default_class.read(file, type, transfer, offset, total,
                         collection.data()) < 0) {
    return -1;
  }
  return is_valid_heap_collection(collection) ? 0 : fail_corrupt_heap();
}

// Returns the identifier of the driver, or a negative number.
hid_t register_checked_driver(const std::filesystem::path& path) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5FD_t* const file =
      H5FDopen(path.c_str(), H5F_ACC_RDONLY, access, HADDR_UNDEF);
  H5Pclose(access);
  if (file == nullptr) {
    return -1;
  }
  default_class = *file->cls;
  H5FDclose(file);
  if (std::string_view(default_class.name) != "sec2") {
    return -1;
  }
  checked_class = default_class;
  checked_class.name = "gato";
  checked_class.terminate = nullptr;
  checked_class.read = checked_read;
  return H5FDregister(&checked_class);
}
#endif

}  // namespace

bool is_valid_heap_collection(std::span<const std::byte> collection) {
  if (!has_heap_signature(collection.data(), collection.size()) ||
      collection_size(collection.data()) != collection.size()) {
    return false;
  }
  std::set<uint16_t> numbers;
  size_t offset = kHeaderBytes;
  // A rest that is too small for the header of an object is free space.
  while (offset + kHeaderBytes <= collection.size()) {
    const std::byte* const object = &collection[offset];
    const auto number = load_little_endian<uint16_t>(object);
    const auto size = load_little_endian<uint64_t>(object + 8);
    const size_t available = collection.size() - offset;
    if (size > available) {
      return false;
    }
    if (number != 0 && !numbers.insert(number).second) {
      return false;
    }
    const uint64_t occupied =
        number == 0 ? size : kHeaderBytes + (size + 7) / 8 * 8;
    if (occupied < kHeaderBytes || occupied > available) {
      return false;
    }
    offset += occupied;
  }
  return true;
}

void use_checked_driver([[maybe_unused]] hid_t access,
                        [[maybe_unused]] const std::filesystem::path& path) {
#if !H5_VERSION_GE(1, 14, 0)  // later versions check the objects themselves
  static const hid_t driver = register_checked_driver(path);
  if (driver >= 0) {
    H5Pset_driver(access, driver, nullptr);
  }
#endif
}

}  // namespace gato::data::hdf5
