// A wrapper of the HDF5 C API with RAII handles and with errors that name the
// file and the object. It is as thread-safe as the library itself; see
// is_thread_safe().
//
// Output is deterministic: the bytes of a file depend only on its content.
// Objects have no timestamps, the format version is fixed (1.10) and datasets
// are contiguous.
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

#include "gato/base/error.h"
#include "gato/data/array.h"

namespace gato::data::hdf5 {

// Owns one HDF5 identifier of any kind.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { reset(); }
  hid_t id() const { return id_; }
  bool is_valid() const { return id_ >= 0; }
  // Closes the identifier. Returns false if the library could not close it, for
  // example because a flush failed.
  bool reset();

 private:
  hid_t id_ = -1;
};

// Returns the innermost message of the library's error stack, reduced to the
// operating system's message if it contains one. Clears the stack.
std::string last_error_message();
// Returns Error(io) "LABEL: cannot write: ..." with the library's last message.
base::Error write_error(const std::string& label);

// Returns the memory type of T. The identifier belongs to the library.
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

// Returns the type in which elements are stored. Booleans are stored as h5py
// does, as an int8 enumeration {FALSE, TRUE}.
Handle file_type(DType dtype);
// Returns the type of variable-length UTF-8 strings.
Handle text_type();

// Returns the text in an element of fixed length without its padding, which
// depends on the type: NUL characters, spaces, or whatever follows the first
// NUL character.
std::string_view without_padding(std::string_view element, hid_t type);

// Returns properties for creating a file (H5P_FILE_CREATE), a group or a
// dataset. The object will have no timestamps.
Handle creation_properties(hid_t kind);

// Selects the block [start, start + count) in the dataspace of a dataset.
// Returns a memory dataspace of that shape. If the library rejects the block,
// the returned handle is invalid, and a transfer that uses it fails.
Handle select_block(const Handle& space, const std::vector<hsize_t>& start,
                    const std::vector<hsize_t>& count);

// Throws Error(bad_input), with a message that begins with `label`, if the
// bytes [offset, offset + size) are not all within a file of `file_size` bytes.
void require_within_file(int64_t offset, int64_t size, int64_t file_size,
                         const std::string& label);

// An open dataset: an array of elements, which is read and written in rows
// along its first axis. A scalar has one row.
class Dataset {
 public:
  Dataset() = default;
  Dataset(Handle handle, std::string label);

  hid_t id() const { return handle_.id(); }
  const std::string& label() const { return label_; }  // "FILE/group: name"
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t row_count() const { return shape_.empty() ? 1 : shape_[0]; }
  Handle type() const;

  // Returns the element type if it is numeric or boolean, and nullopt for
  // strings, variable-length and compound elements.
  std::optional<DType> dtype() const;
  bool is_text() const;

  // Throws Error(bad_input) if the shape implies far more data than the file
  // stores. Must be called before memory is allocated according to a shape.
  void check_claimed_size() const;
  // Reads rows [first, first + count) of the first axis, converted to the
  // memory type `type`. Throws Error(bad_input) if they cannot be read.
  void read(hid_t type, int64_t first, int64_t count, void* into) const;
  // Writes rows [first, first + count). Throws Error(io) if they cannot be
  // written.
  void write(hid_t type, int64_t first, int64_t count, const void* from);

  template <class T>
  std::vector<T> read_all() const {
    check_claimed_size();
    std::vector<T> values(static_cast<size_t>(element_count(shape_)));
    if (!values.empty()) {
      read(native_type<T>(), 0, row_count(), values.data());
    }
    return values;
  }
  // Return rows [first, first + count), or all rows. Throw Error(bad_input) if
  // the elements have no dtype().
  Array read_array(int64_t first, int64_t count) const;
  Array read_array() const;
  // Return the elements of rows [first, first + count), or of all rows. Throw
  // Error(bad_input) unless is_text().
  std::vector<std::string> read_texts(int64_t first, int64_t count) const;
  std::vector<std::string> read_texts() const;
  // Returns true if each element is a sequence of bytes, of variable length or
  // opaque.
  bool has_byte_sequences() const;
  bool is_fixed_length_text() const;
  // Returns the bytes of rows [first, first + count). Requires
  // has_byte_sequences() or is_fixed_length_text(), whose padding is included.
  std::vector<std::vector<uint8_t>> read_byte_sequences(int64_t first,
                                                        int64_t count) const;

  // Returns the byte offset of the elements in the file, for a reader that maps
  // it, and nullopt unless they are contiguous and of exactly this type.
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

  // Returns false if there is no such child. Like is_group(), throws the error
  // of throw_broken_link() if the link is broken.
  bool has(const std::string& name) const;
  bool is_group(const std::string& name) const;
  // Returns the names of the children in byte order.
  std::vector<std::string> child_names() const;
  // Open a child by name. These two, has() and is_group() also accept paths
  // such as "a/b". Throw Error(bad_input) if there is no child of that name and
  // kind, and the same errors as check_sources() if data outside the file is
  // missing.
  Group group(const std::string& name) const;
  Dataset dataset(const std::string& name) const;
  // Opens a dataset whose rows will be read in order, a few at a time. Its
  // chunk cache is sized so that no chunk is decompressed twice, up to 64 MiB.
  Dataset sequential_dataset(const std::string& name) const;
  // Returns the paths, such as "a/b", of all datasets in this group and its
  // subgroups, in byte order within each group.
  std::vector<std::string> dataset_paths() const;

  Group create_group(const std::string& name);
  Group get_or_create_group(const std::string& name);
  // Creates a contiguous dataset, every element of which must then be written.
  // An empty shape creates a scalar.
  Dataset create_dataset(const std::string& name, hid_t type,
                         const std::vector<int64_t>& shape);
  template <class T>
  void write(const std::string& name, const std::vector<T>& values) {
    const auto count = std::ssize(values);
    Dataset dataset = create_dataset(name, native_type<T>(), {count});
    if (count > 0) {
      dataset.write(native_type<T>(), 0, count, values.data());
    }
  }
  void write_array(const std::string& name, const Array& array);
  void write_text(const std::string& name, const std::string& text);  // scalar
  void write_texts(const std::string& name,
                   const std::vector<std::string>& texts);
  // Adds the object with the absolute path `target` in the same file to this
  // group as `name`.
  void create_hard_link(const std::string& target, const std::string& name);

  // Returns the text of a scalar dataset. Throws Error(bad_input) if there is
  // no such dataset or it does not contain exactly one text.
  std::string read_text(const std::string& name) const;

  // Throws Error(bad_input), as the functions below do, if the attributes are
  // corrupt.
  bool has_attribute(const std::string& name) const;
  // Return nullopt if there is no such attribute or it has another type.
  std::optional<std::string> text_attribute(const std::string& name) const;
  std::optional<int64_t> integer_attribute(const std::string& name) const;
  // Returns the 64 bits of a signed or unsigned integer, such as a seed.
  std::optional<uint64_t> uint64_attribute(const std::string& name) const;
  std::optional<double> number_attribute(const std::string& name) const;

  void set_attribute(const std::string& name, const std::string& text);
  void set_attribute(const std::string& name, const char* text) {
    set_attribute(name, std::string(text));
  }
  void set_attribute(const std::string& name, bool value);
  template <class T>
  void set_attribute(const std::string& name, T value) {
    write_scalar_attribute(name, native_type<T>(), &value);
  }

  // Closes the group. Returns false as Handle::reset() does.
  bool close() { return handle_.reset(); }

 private:
  Dataset open_dataset(const std::string& name, hid_t access) const;
  void write_scalar_attribute(const std::string& name, hid_t type,
                              const void* value);
  Handle handle_;
  std::string label_;
};

// The alignment of datasets in a new file. Readers that map a file need
// `natural` (multiples of 8 bytes). It is too slow for a file of thousands of
// objects, because the library then searches all gaps between earlier objects
// for each new one.
enum class Alignment { natural, none };

// Creates a file, or truncates an existing one. Messages name `reported`
// instead of `path`, because outputs are written under a temporary name. Throws
// Error(io) if the file cannot be created.
Group create_file(const std::filesystem::path& path,
                  const std::filesystem::path& reported,
                  Alignment alignment = Alignment::natural);
// Flushes and closes a file. Throws Error(io) if data cannot be written; a full
// disk is often detected only here.
void close_file(Group file);

// Returns true if the library was built for use by several threads.
bool is_thread_safe();

// Opens a file for reading, without a lock. Throws Error(io) if the file is
// missing, cannot be read or is being written by another process, and
// Error(bad_input) if it is not an HDF5 file, is corrupt or truncated, or was
// written for a newer library.
Group open_file(const std::filesystem::path& path);
bool is_hdf5(const std::filesystem::path& path);

}  // namespace gato::data::hdf5
