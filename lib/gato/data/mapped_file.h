// Datasets of a finished file, mapped into memory where they lie contiguous.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include "gato/base/error.h"
#include "gato/data/hdf5.h"

namespace gato::data {

// A whole file, read-only.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);  // Error (io)
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const std::byte* data() const { return data_; }
  int64_t size() const { return size_; }
  // Takes the pages out of this process's memory until they are read again.
  // Safe while others read.
  void drop_pages() const;

 private:
  const std::byte* data_ = nullptr;
  int64_t size_ = 0;
};

// A dataset of T: rows of `width` elements. Mapped where it is contiguous and
// of this type, and then without need of the open file; else rows are read, and
// converted, when they are asked for.
template <class T>
class DatasetView {
 public:
  DatasetView() = default;
  // Error (bad_input) where the shape is not [rows, row_shape...] or the
  // elements do not lie within the file.
  DatasetView(hdf5::Dataset dataset, const MappedFile& mapping,
              const std::vector<int64_t>& row_shape)
      : dataset_(std::move(dataset)),
        label_(dataset_.label()),
        rows_(dataset_.row_count()),
        elements_per_row_(element_count(row_shape)) {
    const auto& shape = dataset_.shape();
    if (shape.size() != row_shape.size() + 1 ||
        !std::equal(row_shape.begin(), row_shape.end(), shape.begin() + 1)) {
      throw base::input_error("{}: the shape is [{}], not as the format says",
                              dataset_.label(), fmt::join(shape, ", "));
    }
    const auto dtype = dataset_.dtype();
    if (!dtype || *dtype == DType::boolean ||
        is_integer(*dtype) != std::is_integral_v<T>) {
      throw base::input_error("{}: the elements are not of the format's type",
                              dataset_.label());
    }
    dataset_.check_claimed_size();
    map_rows(mapping);
    if (is_in_memory()) dataset_ = hdf5::Dataset();
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
  // Then reading is safe from several threads.
  bool is_in_memory() const { return data_ != nullptr || size() == 0; }
  // Row i; only where the rows are mapped or held.
  const T* row(int64_t i) const { return data_ + i * elements_per_row_; }
  // Reads rows that could not be mapped into memory, so that row() works: files
  // of other writers may be chunked, unaligned or of a wider type.
  void load() {
    if (is_in_memory()) return;
    loaded_ = dataset_.read_all<T>();
    data_ = loaded_.data();
    dataset_ = hdf5::Dataset();
  }

  void copy_rows(int64_t first, int64_t count, T* into) const {
    if (count == 0) return;
    if (data_ != nullptr) {
      std::memcpy(into, row(first),
                  static_cast<size_t>(count * elements_per_row_) * sizeof(T));
    } else {
      dataset_.read(hdf5::native_type<T>(), first, count, into);
    }
  }
  // Element i of rows of width 1.
  T at(int64_t i) const {
    T value{};
    copy_rows(i, 1, &value);
    return value;
  }
  // Calls use(i, value) for every element of rows of width 1, in order, a
  // bounded part at a time.
  template <class Use>
  void for_each(Use use) const {
    constexpr int64_t part_size = 1 << 16;
    std::vector<T> part;
    for (int64_t first = 0; first < size(); first += part_size) {
      part.resize(static_cast<size_t>(std::min(part_size, size() - first)));
      copy_rows(first, static_cast<int64_t>(part.size()), part.data());
      for (size_t i = 0; i < part.size(); ++i) {
        use(first + static_cast<int64_t>(i), part[i]);
      }
    }
  }

 private:
  void map_rows(const MappedFile& mapping) {
    const auto offset = dataset_.file_offset(hdf5::native_type<T>());
    if (!offset) return;
    const int64_t bytes =
        size() * elements_per_row_ * static_cast<int64_t>(sizeof(T));
    if (*offset < 0 || bytes > mapping.size() ||
        *offset > mapping.size() - bytes) {
      throw base::input_error(
          "{}: lies beyond the end of the file: it is damaged", label_);
    }
    if (*offset % static_cast<int64_t>(alignof(T)) == 0) {
      data_ = reinterpret_cast<const T*>(mapping.data() + *offset);
    }
  }

  hdf5::Dataset dataset_;  // where it is not mapped
  std::string label_;
  int64_t rows_ = 0, elements_per_row_ = 1;
  const T* data_ = nullptr;
  std::vector<T> loaded_;
};

}  // namespace gato::data
