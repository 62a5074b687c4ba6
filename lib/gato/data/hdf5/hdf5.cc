// Initialization of libhdf5, types, and opening and closing of files. Groups,
// datasets and attributes are implemented in hdf5_group.cc, hdf5_dataset.cc and
// hdf5_attribute.cc.
#include "gato/data/hdf5/hdf5.h"

#include <cstdlib>

#include "gato/base/file_io.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/data/hdf5/hdf5_driver.h"
#include "gato/data/hdf5/hdf5_errors.h"

namespace gato::data::hdf5 {
namespace {

namespace fs = std::filesystem;

// Turns off file locking. Locks are not needed, because an output gets its
// final name only when it is complete, and some cluster file systems do not
// support them. A property of the file is not enough: the library opens the
// sources of virtual datasets without it, and reads fill values if it cannot
// lock them. It takes the setting from its environment when its file interface
// is first called.
void initialize_without_locking() {
  constexpr const char* kVariable = "HDF5_USE_FILE_LOCKING";
  std::optional<std::string> previous;
  if (const char* const value = std::getenv(kVariable)) {
    previous = value;
  }
  ::setenv(kVariable, "FALSE", /*overwrite=*/1);
  H5Fis_hdf5("");
  // Child processes load their own HDF5 library.
  if (previous) {
    ::setenv(kVariable, previous->c_str(), /*overwrite=*/1);
  } else {
    ::unsetenv(kVariable);
  }
}

// Must be called before any other function of the library and before its
// constants are evaluated, because these are calls, too.
//
// Disables the library's exit handler, which would try again to flush a file
// that could not be flushed, and the printing of errors to stderr, which is a
// setting of each thread.
void initialize_library() {
  [[maybe_unused]] static const bool is_exit_handler_disabled =
      H5dont_atexit() >= 0;
  [[maybe_unused]] static thread_local const bool is_error_printing_disabled =
      H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  [[maybe_unused]] static const bool is_locking_disabled =
      (initialize_without_locking(), true);
}

herr_t copy_innermost_error(unsigned n, const H5E_error2_t* entry, void* text) {
  if (n == 0 && entry->desc != nullptr) {
    *static_cast<std::string*>(text) = entry->desc;
  }
  return 0;
}

// Keeps the metadata cache at its initial size. Objects are read once, one
// after another, so that a larger cache (up to 32 MiB) is of no use and only
// makes memory grow with the number of episodes.
void limit_metadata_cache(const Handle& access) {
  H5AC_cache_config_t cache;
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  if (H5Pget_mdc_config(access.id(), &cache) < 0) {
    return;
  }
  cache.max_size = cache.initial_size;
  H5Pset_mdc_config(access.id(), &cache);
}

Handle file_access_properties() {
  initialize_library();
  Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110);
  // See initialize_without_locking().
  H5Pset_file_locking(access.id(), false, true);
  // Without this buffer, elements are written by H5Dwrite() rather than when
  // the dataset is closed, where an error could not be reported.
  H5Pset_sieve_buf_size(access.id(), 0);
  limit_metadata_cache(access);
  return access;
}

void require_readable_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw base::io_error("{}: cannot read: it is a directory", path.string());
  }
  base::check_readable(path);
}

}  // namespace

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    id_ = std::exchange(other.id_, -1);
  }
  return *this;
}

bool Handle::reset() {
  const hid_t id = std::exchange(id_, -1);
  if (id < 0) {
    return true;
  }
  // Only H5Fclose() reports that the file could not be flushed.
  if (H5Iget_type(id) == H5I_FILE) {
    return H5Fclose(id) >= 0;
  }
  return H5Idec_ref(id) >= 0;
}

std::string last_error_message() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, copy_innermost_error, &text);
  H5Eclear2(H5E_DEFAULT);
  // The file driver surrounds the system's message with addresses and times.
  constexpr std::string_view kPrefix = "error message = '";
  if (const size_t begin = text.find(kPrefix); begin != std::string::npos) {
    const size_t first = begin + kPrefix.size();
    return text.substr(first, text.find('\'', first) - first);
  }
  return text.empty() ? "unknown reason" : text;
}

base::Error write_error(const std::string& label) {
  return base::io_error("{}: cannot write: {}", label, last_error_message());
}

Handle file_type(DType dtype) {
  initialize_library();
  switch (dtype) {
    case DType::boolean: {
      Handle type(H5Tenum_create(H5T_NATIVE_INT8));
      const int8_t false_value = 0, true_value = 1;
      H5Tenum_insert(type.id(), "FALSE", &false_value);
      H5Tenum_insert(type.id(), "TRUE", &true_value);
      return type;
    }
    case DType::int8:
      return Handle(H5Tcopy(H5T_STD_I8LE));
    case DType::uint8:
      return Handle(H5Tcopy(H5T_STD_U8LE));
    case DType::int16:
      return Handle(H5Tcopy(H5T_STD_I16LE));
    case DType::uint16:
      return Handle(H5Tcopy(H5T_STD_U16LE));
    case DType::int32:
      return Handle(H5Tcopy(H5T_STD_I32LE));
    case DType::uint32:
      return Handle(H5Tcopy(H5T_STD_U32LE));
    case DType::int64:
      return Handle(H5Tcopy(H5T_STD_I64LE));
    case DType::uint64:
      return Handle(H5Tcopy(H5T_STD_U64LE));
    case DType::float32:
      return Handle(H5Tcopy(H5T_IEEE_F32LE));
    case DType::float64:
      break;
  }
  return Handle(H5Tcopy(H5T_IEEE_F64LE));
}

Handle text_type() {
  initialize_library();
  Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  return type;
}

std::string_view without_padding(std::string_view element, hid_t type) {
  const auto strip = [element](char padding) {
    return element.substr(0, element.find_last_not_of(padding) + 1);
  };
  switch (H5Tget_strpad(type)) {
    case H5T_STR_NULLPAD:  // as numpy writes texts, which may contain NULs
      return strip('\0');
    case H5T_STR_SPACEPAD:  // as Fortran writes texts
      return strip(' ');
    default:
      return element.substr(0, element.find('\0'));
  }
}

Handle creation_properties(hid_t kind) {
  Handle properties(H5Pcreate(kind));
  H5Pset_obj_track_times(properties.id(), false);
  return properties;
}

Handle select_block(const Handle& space, const std::vector<hsize_t>& start,
                    const std::vector<hsize_t>& count) {
  if (H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr,
                          count.data(), nullptr) < 0) {
    return Handle();
  }
  return Handle(
      H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
}

void require_within_file(int64_t offset, int64_t size, int64_t file_size,
                         const std::string& label) {
  // The sum offset + size could overflow.
  if (offset < 0 || size > file_size || offset > file_size - size) {
    throw base::input_error(
        "{}: extends beyond the end of the file: the file is corrupt", label);
  }
}

Group create_file(const fs::path& path, const fs::path& reported,
                  Alignment alignment) {
  initialize_library();
  const Handle creation = creation_properties(H5P_FILE_CREATE);
  const Handle access = file_access_properties();
  if (alignment == Alignment::natural) {
    H5Pset_alignment(access.id(), 1, 8);
  }
  H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
  Handle file(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()));
  if (!file.is_valid()) {
    throw base::io_error("{}: cannot create: {}", reported.string(),
                         last_error_message());
  }
  return Group(std::move(file), reported.string());
}

void close_file(Group file) {
  // H5Fclose() would discard the reason for which a flush failed.
  const bool is_flushed = H5Fflush(file.id(), H5F_SCOPE_LOCAL) >= 0;
  const base::Error flush_error = write_error(file.label());
  const bool is_closed = file.close();
  if (!is_flushed) {
    throw flush_error;
  }
  if (!is_closed) {
    throw write_error(file.label());
  }
}

bool is_thread_safe() {
  hbool_t is_safe = false;
  return H5is_library_threadsafe(&is_safe) >= 0 && is_safe;
}

bool is_hdf5(const fs::path& path) {
  initialize_library();
  const bool has_signature = H5Fis_hdf5(path.c_str()) > 0;
  H5Eclear2(H5E_DEFAULT);
  return has_signature;
}

Group open_file(const fs::path& path) {
  require_readable_file(path);
  base::set_current_hdf5_file(path);
  if (!is_hdf5(path)) {
    throw base::input_error("{}: not an HDF5 file", path.string());
  }
  check_not_in_use(path);
  const Handle access = file_access_properties();
  // The library opens the sources of virtual datasets with a weak close degree,
  // and does not open a file with two degrees.
  H5Pset_fclose_degree(access.id(), H5F_CLOSE_WEAK);
  use_checked_driver(access.id(), path);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
  if (!file.is_valid()) {
    throw file_open_error(path);
  }
  return Group(std::move(file), path.string());
}

}  // namespace gato::data::hdf5
