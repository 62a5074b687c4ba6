// The driver is the library's default one, "sec2", with a different read
// function. Its class is obtained from a file that is open with it. The library
// reads a collection as "raw data", in two parts if it is larger than 4096
// bytes, so that the function recognizes a collection by its signature and then
// reads it completely.
#include "gato/data/hdf5/hdf5_driver.h"

#include <H5FDpublic.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gato/data/hdf5/hdf5_heap.h"

namespace gato::data::hdf5 {
namespace {

constexpr uint64_t kMinCollectionBytes = 4096;
constexpr uint64_t kMaxCollectionBytes = uint64_t{1} << 31;

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
  const std::span bytes(static_cast<const std::byte*>(buffer), size);
  const auto claimed_size = heap_collection_size(bytes);
  if (!claimed_size) {
    return 0;
  }
  const uint64_t total = *claimed_size;
  const haddr_t end = default_class.get_eof(file, type);
  if (total < kMinCollectionBytes || total > kMaxCollectionBytes ||
      offset > end || total > end - offset) {
    return fail_corrupt_heap();
  }
  if (total <= size) {
    return is_valid_heap_collection(bytes.first(total)) ? 0
                                                        : fail_corrupt_heap();
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
