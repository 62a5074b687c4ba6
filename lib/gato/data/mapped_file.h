// Datasets of a finished file, mapped into memory if they are contiguous.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/mapping_registry.h"
#include "gato/data/hdf5/hdf5.h"

namespace gato::data {

// A read-only memory mapping of an entire file.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);  // throws Error(io)
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const std::byte* data() const { return data_; }
  int64_t size() const { return size_; }
  // Returns true if the dataset is in this file, rather than in another one
  // that is reached through an external link.
  bool contains(const hdf5::Dataset& dataset) const;
  // Removes the pages from this process's resident memory until they are read
  // again. Safe while other threads read.
  void drop_pages() const;

 private:
  const std::byte* data_ = nullptr;
  int64_t size_ = 0;
  uint64_t device_id_ = 0, inode_ = 0;  // identify the file
  std::optional<base::RegisteredMapping> registered_;
};

// A dataset [rows, row_shape...] with elements of type T. If the dataset is
// contiguous, aligned and of exactly this type, it is mapped and no longer
// needs the open file. Otherwise rows are read and converted on request.
template <class T>
class DatasetView {
 public:
  DatasetView() = default;
  // Throws Error(bad_input) if the shape is not [rows, row_shape...], if the
  // elements are of a different kind than T (integer or floating-point), or if
  // they extend beyond the end of the file.
  DatasetView(hdf5::Dataset dataset, const MappedFile& mapping,
              const std::vector<int64_t>& row_shape)
      : dataset_(std::move(dataset)),
        label_(dataset_.label()),
        rows_(dataset_.row_count()),
        elements_per_row_(element_count(row_shape)) {
    const auto& shape = dataset_.shape();
    if (shape.size() != row_shape.size() + 1 ||
        !std::equal(row_shape.begin(), row_shape.end(), shape.begin() + 1)) {
      throw base::input_error(
          "{}: the shape is [{}], which the file format does not allow",
          dataset_.label(), fmt::join(shape, ", "));
    }
    const auto dtype = dataset_.dtype();
    if (!dtype || *dtype == DType::boolean ||
        is_integer(*dtype) != std::is_integral_v<T>) {
      throw base::input_error(
          "{}: the elements are not of the type that the file format specifies",
          dataset_.label());
    }
    dataset_.check_claimed_size();
    map_rows(mapping);
    if (is_in_memory()) {
      dataset_ = hdf5::Dataset();
    }
  }

  // Takes rows of `elements_per_row` elements that are in memory.
  explicit DatasetView(std::vector<T> elements, int64_t elements_per_row = 1)
      : rows_(std::ssize(elements) / elements_per_row),
        elements_per_row_(elements_per_row),
        loaded_(std::move(elements)) {
    data_ = loaded_.data();
  }

  int64_t size() const { return rows_; }  // rows
  const std::string& label() const { return label_; }
  // Returns true if the rows are mapped or loaded; reading is then safe from
  // several threads.
  bool is_in_memory() const { return data_ != nullptr || size() == 0; }
  // Returns a pointer to row i. Requires is_in_memory().
  const T* row(int64_t i) const { return data_ + i * elements_per_row_; }
  // Reads the rows into memory if they could not be mapped, so that row()
  // works. Files from other writers may be chunked, unaligned or of a wider
  // type.
  void load() {
    if (is_in_memory()) {
      return;
    }
    loaded_ = dataset_.read_all<T>();
    data_ = loaded_.data();
    dataset_ = hdf5::Dataset();
  }

  // Copies rows [first, first + count).
  void copy_rows(int64_t first, int64_t count, T* into) const {
    if (count == 0) {
      return;
    }
    if (data_ != nullptr) {
      std::memcpy(into, row(first),
                  static_cast<size_t>(count * elements_per_row_) * sizeof(T));
    } else {
      dataset_.read(hdf5::native_type<T>(), first, count, into);
    }
  }
  // Returns element i of a dataset with one element per row.
  T at(int64_t i) const {
    T value{};
    copy_rows(i, 1, &value);
    return value;
  }
  // Calls use(i, value) for every element of a dataset with one element per
  // row, in order. Reads blocks of bounded size, so that memory stays bounded.
  template <class Use>
  void for_each(Use use) const {
    constexpr int64_t kBlockSize = 1 << 16;
    std::vector<T> block;
    for (int64_t first = 0; first < size(); first += kBlockSize) {
      block.resize(static_cast<size_t>(std::min(kBlockSize, size() - first)));
      copy_rows(first, std::ssize(block), block.data());
      for (size_t i = 0; i < block.size(); ++i) {
        use(first + static_cast<int64_t>(i), block[i]);
      }
    }
  }

 private:
  void map_rows(const MappedFile& mapping) {
    const auto offset = dataset_.file_offset(hdf5::native_type<T>());
    if (!offset || !mapping.contains(dataset_)) {
      return;
    }
    const int64_t bytes =
        size() * elements_per_row_ * static_cast<int64_t>(sizeof(T));
    hdf5::require_within_file(*offset, bytes, mapping.size(), label_);
    if (*offset % static_cast<int64_t>(alignof(T)) == 0) {
      data_ = reinterpret_cast<const T*>(mapping.data() + *offset);
    }
  }

  hdf5::Dataset dataset_;  // closed once the rows are in memory
  std::string label_;
  int64_t rows_ = 0, elements_per_row_ = 1;
  const T* data_ = nullptr;
  std::vector<T> loaded_;
};

}  // namespace gato::data
