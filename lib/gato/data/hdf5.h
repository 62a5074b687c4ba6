// HDF5 through its C API: handles that close themselves, and errors that name
// the file and the object. As thread-safe as the library itself.
//
// Everything written is a function of its content alone: no object times, fixed
// format version (1.10), contiguous datasets.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gato/data/array.h"

namespace gato::data::hdf5 {

// Owns one identifier of any kind.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { reset(); }
  hid_t id() const { return id_; }
  bool is_valid() const { return id_ >= 0; }
  // False where the library could not close, as when a flush failed.
  bool reset();

 private:
  hid_t id_ = -1;
};

// What the innermost entry of the library's error stack says; the operating
// system's words where there are some. Clears the stack.
std::string last_error_message();

template <class T>
hid_t native_type() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, uint8_t>) {
    return H5T_NATIVE_UINT8;
  } else if constexpr (std::is_same_v<U, int8_t>) {
    return H5T_NATIVE_INT8;
  } else if constexpr (std::is_same_v<U, int16_t>) {
    return H5T_NATIVE_INT16;
  } else if constexpr (std::is_same_v<U, int32_t>) {
    return H5T_NATIVE_INT32;
  } else if constexpr (std::is_same_v<U, int64_t>) {
    return H5T_NATIVE_INT64;
  } else if constexpr (std::is_same_v<U, uint64_t>) {
    return H5T_NATIVE_UINT64;
  } else {
    static_assert(std::is_same_v<U, double>);
    return H5T_NATIVE_DOUBLE;
  }
}

// Types to store an array's elements as; booleans as h5py stores them, an
// enumeration {FALSE, TRUE} of int8.
Handle file_type(DType dtype);
Handle text_type();  // variable-length UTF-8

class Dataset {
 public:
  Dataset() = default;
  Dataset(Handle handle, std::string label);

  hid_t id() const { return handle_.id(); }
  const std::string& label() const { return label_; }  // "FILE: /name"
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t row_count() const { return shape_.empty() ? 1 : shape_[0]; }
  Handle type() const;

  // The element type where it is numeric or boolean; nothing for texts,
  // variable-length and compound elements.
  std::optional<DType> dtype() const;
  bool is_text() const;

  // Error (bad_input) where the shape asks for far more than the file holds:
  // called before memory is taken for what a file claims.
  void check_claimed_size() const;
  // Rows [first, first + count) of the first axis, converted to `type`.
  void read(hid_t type, int64_t first, int64_t count, void* into) const;
  void write(hid_t type, int64_t first, int64_t count, const void* from);

  template <class T>
  std::vector<T> read_all() const {
    check_claimed_size();
    std::vector<T> values(static_cast<size_t>(element_count(shape_)));
    if (!values.empty()) read(native_type<T>(), 0, row_count(), values.data());
    return values;
  }
  Array read_array(int64_t first, int64_t count) const;  // rows
  Array read_array() const;                              // all; also scalars
  std::vector<std::string> read_texts(int64_t first, int64_t count) const;
  std::vector<std::string> read_texts() const;
  // Returns whether each element is a sequence of bytes: of variable length or
  // opaque. Fixed-length texts can be read as such too.
  bool has_byte_sequences() const;
  bool is_fixed_length_text() const;
  // Returns the bytes of rows [first, first + count), those of texts with all
  // zeros that are in them.
  std::vector<std::vector<uint8_t>> read_byte_sequences(int64_t first,
                                                        int64_t count) const;

  // Where the elements lie in the file, for a reader that maps it: nothing
  // unless they are contiguous and of just this type and kind.
  std::optional<int64_t> file_offset(hid_t type) const;

 private:
  Handle select_rows(int64_t first, int64_t count, Handle& memory) const;
  Handle handle_;
  std::string label_;
  std::vector<int64_t> shape_;
};

// A file (its root group) or a group.
class Group {
 public:
  Group() = default;
  Group(Handle handle, std::string label)
      : handle_(std::move(handle)), label_(std::move(label)) {}

  hid_t id() const { return handle_.id(); }
  const std::string& label() const { return label_; }

  bool has(const std::string& name) const;
  bool is_group(const std::string& name) const;
  std::vector<std::string> child_names()
      const;  // of the children, in byte order
  // Children by their names; `has` and these two also follow paths "a/b".
  // Errors (bad_input) where there is no such child of that kind.
  Group group(const std::string& name) const;
  Dataset dataset(const std::string& name) const;
  // As dataset(), for rows that are read in order, some at a time: as far as 64
  // MiB allow, no chunk is decompressed twice.
  Dataset sequential_dataset(const std::string& name) const;
  // The paths "a/b" of all datasets below, in byte order within each group.
  std::vector<std::string> dataset_paths() const;

  Group create_group(const std::string& name);
  Group get_or_create_group(const std::string& name);  // created where missing
  // Contiguous; every element must then be written. A scalar has no extents.
  Dataset create_dataset(const std::string& name, hid_t type,
                         const std::vector<int64_t>& shape);
  template <class T>
  void write(const std::string& name, const std::vector<T>& values) {
    const auto count = static_cast<int64_t>(values.size());
    Dataset dataset = create_dataset(name, native_type<T>(), {count});
    if (count > 0) dataset.write(native_type<T>(), 0, count, values.data());
  }
  void write_array(const std::string& name, const Array& array);
  void write_text(const std::string& name, const std::string& text);  // scalar
  void write_texts(const std::string& name,
                   const std::vector<std::string>& texts);
  // A second name for a child of the same file: "/tasks" as "tasks" here.
  void create_hard_link(const std::string& target, const std::string& name);

  std::string read_text(const std::string& name) const;  // scalar dataset

  bool has_attribute(const std::string& name) const;
  // Nothing where there is no such attribute, or none of that kind.
  std::optional<std::string> text_attribute(const std::string& name) const;
  std::optional<int64_t> integer_attribute(const std::string& name) const;
  // A seed: the 64 bits of a signed or unsigned integer.
  std::optional<uint64_t> uint64_attribute(const std::string& name) const;
  std::optional<double> number_attribute(const std::string& name) const;

  void set_attribute(const std::string& name, const std::string& text);
  void set_attribute(const std::string& name, const char* text) {
    set_attribute(name, std::string(text));
  }
  void set_attribute(const std::string& name, int64_t value);
  void set_attribute(const std::string& name, uint64_t value);
  void set_attribute(const std::string& name, int32_t value);
  void set_attribute(const std::string& name, uint8_t value);
  void set_attribute(const std::string& name, double value);
  void set_attribute(const std::string& name, bool value);

  bool close() { return handle_.reset(); }

 private:
  void write_scalar_attribute(const std::string& name, hid_t type,
                              const void* value);
  Handle handle_;
  std::string label_;
};

// Whether values start where their type asks, as readers that map a file need.
// For every object the library then walks through all gaps between the earlier
// ones: a file of thousands of objects has to do without.
enum class Alignment { natural, none };

// `reported` stands for the file in messages: outputs are written under a
// temporary name. Error (io).
Group create_file(const std::filesystem::path& path,
                  const std::filesystem::path& reported,
                  Alignment alignment = Alignment::natural);
// Flushes and closes. Error (io): a full disk often shows only here.
void close_file(Group file);

// Whether the library was built to be used by several threads at a time.
bool is_thread_safe();

// Error (io) where the file is missing or cannot be read; Error (bad_input)
// where it is no HDF5 file, or is damaged or truncated.
Group open_file(const std::filesystem::path& path);
bool is_hdf5(const std::filesystem::path& path);

}  // namespace gato::data::hdf5
