#include "gato/data/hdf5.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/hdf5_crash_handler.h"

namespace gato::data::hdf5 {
namespace {

namespace fs = std::filesystem;

// Before any other call, and before its arguments, as the library's constants
// are calls too: no clean-up at exit, where a file that could not be
// flushed would be tried again, and no messages on stderr, which every thread
// has to be told for itself.
void initialize_library() {
  [[maybe_unused]] static const bool is_exit_handler_disabled =
      H5dont_atexit() >= 0;
  [[maybe_unused]] static thread_local const bool is_error_printing_disabled =
      H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
}

herr_t copy_innermost_error(unsigned n, const H5E_error2_t* entry, void* text) {
  if (n == 0 && entry->desc != nullptr) {
    *static_cast<std::string*>(text) = entry->desc;
  }
  return 0;
}

// Created objects carry no times.
template <class Create>
Handle create_property_list(hid_t kind, Create set) {
  Handle list(H5Pcreate(kind));
  H5Pset_obj_track_times(list.id(), false);
  set(list.id());
  return list;
}

// Objects are read once, one after another: what the library keeps of them, up
// to 32 MiB, helps nobody and makes memory grow with the number of episodes.
void limit_metadata_cache(const Handle& access) {
  H5AC_cache_config_t cache;
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  if (H5Pget_mdc_config(access.id(), &cache) < 0) return;
  cache.max_size = cache.initial_size;
  H5Pset_mdc_config(access.id(), &cache);
}

Handle file_access_properties() {
  initialize_library();
  Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110);
  // Some cluster file systems have no locks; files are complete when renamed.
  H5Pset_file_locking(access.id(), true, true);
  // Elements are written when they are given, not when a dataset is closed: an
  // error shows where it can be told.
  H5Pset_sieve_buf_size(access.id(), 0);
  H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
  limit_metadata_cache(access);
  return access;
}

// Room for the chunks of a row, and of the next that a slice may reach into.
void set_chunk_cache(const Dataset& dataset, hid_t creation, hid_t access) {
  constexpr double min_bytes = 1 << 20, max_bytes = 64 << 20;  // bytes
  constexpr size_t slots = 12421;                              // a prime number
  const size_t rank = dataset.shape().size();
  std::vector<hsize_t> chunk(rank);
  H5Pget_chunk(creation, static_cast<int>(rank), chunk.data());
  auto bytes = static_cast<double>(H5Tget_size(dataset.type().id()));
  for (size_t axis = 0; axis < rank; ++axis) {
    const auto side = static_cast<double>(chunk[axis]);
    const auto extent = static_cast<double>(dataset.shape()[axis]);
    bytes *= axis == 0 ? side : std::ceil(extent / side) * side;
  }
  H5Pset_chunk_cache(
      access, slots,
      static_cast<size_t>(std::clamp(2 * bytes, min_bytes, max_bytes)),
      H5D_CHUNK_CACHE_W0_DEFAULT);
}

// Links can make a group its own descendant.
constexpr int kMaxGroupDepth = 10;

void collect_dataset_paths(const Group& group, const std::string& prefix,
                           int depth, std::vector<std::string>& leaves) {
  if (depth > kMaxGroupDepth) {
    throw base::input_error("{}: groups lie more than {} deep", group.label(),
                            kMaxGroupDepth);
  }
  for (const std::string& name : group.child_names()) {
    if (group.is_group(name)) {
      collect_dataset_paths(group.group(name),
                            fmt::format("{}{}/", prefix, name), depth + 1,
                            leaves);
    } else {
      leaves.push_back(prefix + name);
    }
  }
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
  if (id < 0) return true;
  // Files are flushed by their own function only.
  if (H5Iget_type(id) == H5I_FILE) return H5Fclose(id) >= 0;
  return H5Idec_ref(id) >= 0;
}

std::string last_error_message() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, copy_innermost_error, &text);
  H5Eclear2(H5E_DEFAULT);
  // The file driver adds buffer addresses and times to the system's words.
  constexpr std::string_view mark = "error message = '";
  if (const size_t begin = text.find(mark); begin != std::string::npos) {
    const size_t first = begin + mark.size();
    return text.substr(first, text.find('\'', first) - first);
  }
  return text.empty() ? "unknown reason" : text;
}

Handle file_type(DType dtype) {
  initialize_library();
  switch (dtype) {
    case DType::boolean: {
      Handle type(H5Tenum_create(H5T_NATIVE_INT8));
      const int8_t no = 0, yes = 1;
      H5Tenum_insert(type.id(), "FALSE", &no);
      H5Tenum_insert(type.id(), "TRUE", &yes);
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

Group create_file(const fs::path& path, const fs::path& reported,
                  Alignment alignment) {
  initialize_library();
  const Handle creation = create_property_list(H5P_FILE_CREATE, [](hid_t) {});
  const Handle access = file_access_properties();
  if (alignment == Alignment::natural) H5Pset_alignment(access.id(), 1, 8);
  Handle file(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()));
  if (!file.is_valid()) {
    throw base::io_error("{}: cannot create: {}", reported.string(),
                         last_error_message());
  }
  return Group(std::move(file), reported.string());
}

void close_file(Group file) {
  const bool flushed = H5Fflush(file.id(), H5F_SCOPE_LOCAL) >= 0;
  const std::string flush_reason = flushed ? "" : last_error_message();
  if (!file.close() || !flushed) {
    throw base::io_error("{}: cannot write: {}", file.label(),
                         flushed ? last_error_message() : flush_reason);
  }
}

bool is_thread_safe() {
  hbool_t is_safe = false;
  return H5is_library_threadsafe(&is_safe) >= 0 && is_safe;
}

bool is_hdf5(const fs::path& path) {
  initialize_library();
  const bool found = H5Fis_hdf5(path.c_str()) > 0;
  H5Eclear2(H5E_DEFAULT);
  return found;
}

Group open_file(const fs::path& path) {
  require_readable_file(path);
  base::set_current_hdf5_file(path);
  if (!is_hdf5(path)) {
    throw base::input_error("{}: not an HDF5 file", path.string());
  }
  const Handle access = file_access_properties();
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()));
  if (!file.is_valid()) {
    throw base::input_error(
        "{}: damaged or cut short ({}): write it again, or fetch it again",
        path.string(), last_error_message());
  }
  return Group(std::move(file), path.string());
}

// --- groups ----------------------------------------------------------------

bool Group::has(const std::string& name) const {
  // Every link on the way must exist before the next may be asked for.
  bool found = true;
  for (size_t end = name.find('/', 1); found; end = name.find('/', end + 1)) {
    const std::string part = name.substr(0, end);
    found = H5Lexists(id(), part.c_str(), H5P_DEFAULT) > 0 &&
            H5Oexists_by_name(id(), part.c_str(), H5P_DEFAULT) > 0;
    if (end == std::string::npos) break;
  }
  H5Eclear2(H5E_DEFAULT);
  return found;
}

bool Group::is_group(const std::string& name) const {
  if (!has(name)) return false;
  H5O_info_t info;
  const bool read = H5Oget_info_by_name2(id(), name.c_str(), &info,
                                         H5O_INFO_BASIC, H5P_DEFAULT) >= 0;
  return read && info.type == H5O_TYPE_GROUP;
}

std::vector<std::string> Group::child_names() const {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*,
                      void* into) -> herr_t {
    static_cast<std::vector<std::string>*>(into)->emplace_back(name);
    return 0;
  };
  if (H5Literate(id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names) < 0) {
    throw base::input_error("{}: cannot list the group: {}", label_,
                            last_error_message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Group Group::group(const std::string& name) const {
  if (!is_group(name)) {
    throw base::input_error("{}: there is no group \"{}\"", label_, name);
  }
  Handle group(H5Gopen2(id(), name.c_str(), H5P_DEFAULT));
  if (!group.is_valid()) {
    throw base::input_error("{}: cannot open the group \"{}\": {}", label_,
                            name, last_error_message());
  }
  return Group(std::move(group), fmt::format("{}/{}", label_, name));
}

Dataset Group::dataset(const std::string& name) const {
  if (!has(name)) {
    throw base::input_error("{}: there is no dataset \"{}\"", label_, name);
  }
  Handle dataset(H5Dopen2(id(), name.c_str(), H5P_DEFAULT));
  if (!dataset.is_valid()) {
    throw base::input_error("{}: \"{}\" cannot be opened as a dataset: {}",
                            label_, name, last_error_message());
  }
  return Dataset(std::move(dataset), fmt::format("{}: {}", label_, name));
}

Dataset Group::sequential_dataset(const std::string& name) const {
  Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  {
    // A dataset keeps the cache that it was first opened with: it is closed
    // before it is opened for good.
    const Dataset dataset = this->dataset(name);
    const Handle creation(H5Dget_create_plist(dataset.id()));
    if (H5Pget_layout(creation.id()) == H5D_CHUNKED) {
      set_chunk_cache(dataset, creation.id(), access.id());
    }
  }
  Handle dataset(H5Dopen2(id(), name.c_str(), access.id()));
  return Dataset(std::move(dataset), fmt::format("{}: {}", label_, name));
}

std::vector<std::string> Group::dataset_paths() const {
  std::vector<std::string> leaves;
  collect_dataset_paths(*this, "", 1, leaves);
  return leaves;
}

Group Group::create_group(const std::string& name) {
  const Handle creation = create_property_list(H5P_GROUP_CREATE, [](hid_t) {});
  Handle group(
      H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT));
  if (!group.is_valid())
    throw base::io_error("{}: cannot write: {}", label_, last_error_message());
  return Group(std::move(group), label_);
}

Group Group::get_or_create_group(const std::string& name) {
  return is_group(name) ? group(name) : create_group(name);
}

Dataset Group::create_dataset(const std::string& name, hid_t type,
                              const std::vector<int64_t>& shape) {
  const Handle creation =
      create_property_list(H5P_DATASET_CREATE, [](hid_t list) {
        H5Pset_layout(list, H5D_CONTIGUOUS);
        H5Pset_fill_time(list, H5D_FILL_TIME_IFSET);
      });
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle space(extents.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(extents.size()),
                                            extents.data(), nullptr));
  Handle dataset(H5Dcreate2(id(), name.c_str(), type, space.id(), H5P_DEFAULT,
                            creation.id(), H5P_DEFAULT));
  if (!dataset.is_valid())
    throw base::io_error("{}: cannot write: {}", label_, last_error_message());
  return Dataset(std::move(dataset), label_);
}

void Group::write_array(const std::string& name, const Array& array) {
  const Handle type = file_type(array.dtype);
  Dataset dataset = create_dataset(name, type.id(), array.shape);
  if (array.size() > 0) {
    dataset.write(type.id(), 0, dataset.row_count(), array.bytes.data());
  }
}

void Group::write_text(const std::string& name, const std::string& text) {
  const Handle type = text_type();
  Dataset dataset = create_dataset(name, type.id(), {});
  const char* const pointer = text.c_str();
  dataset.write(type.id(), 0, 1, &pointer);
}

void Group::write_texts(const std::string& name,
                        const std::vector<std::string>& texts) {
  const Handle type = text_type();
  const auto count = static_cast<int64_t>(texts.size());
  Dataset dataset = create_dataset(name, type.id(), {count});
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const auto& text : texts) pointers.push_back(text.c_str());
  if (count > 0) dataset.write(type.id(), 0, count, pointers.data());
}

void Group::create_hard_link(const std::string& target,
                             const std::string& name) {
  if (H5Lcreate_hard(id(), target.c_str(), id(), name.c_str(), H5P_DEFAULT,
                     H5P_DEFAULT) < 0) {
    throw base::io_error("{}: cannot write: {}", label_, last_error_message());
  }
}

std::string Group::read_text(const std::string& name) const {
  auto texts = dataset(name).read_texts();
  if (texts.size() != 1) {
    throw base::input_error("{}: \"{}\" holds {} texts, not one", label_, name,
                            texts.size());
  }
  return std::move(texts[0]);
}

}  // namespace gato::data::hdf5
