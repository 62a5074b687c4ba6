// The names of other files are resolved as libhdf5 does it (H5Fint.c,
// H5F_prefix_open_file), and each source is opened once and closed again before
// the library opens it. Elements of a virtual dataset that no source is mapped
// to are fill values by the intention of its author and are not refused.
//
// A mapping of unlimited size ends with its source. A virtual dataset is as
// long as its longest source, so that the others must be as long. In a mapping
// whose names contain "%b", block b is in the source of that number.
#include "gato/data/hdf5_sources.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sstream>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/base/pointer_file.h"

namespace gato::data::hdf5 {
namespace {

namespace fs = std::filesystem;

// Sources of virtual datasets may be virtual themselves, even their own source.
constexpr int kMaxVirtualDepth = 16;
// The number of missing files after which the library stops searching for
// numbered sources. With its default of 0, a missing file hides all later ones.
constexpr hsize_t kPrintfGap = 100;
// Files that are open for other reasons.
constexpr rlim_t kOtherOpenFiles = 64;

constexpr const char* kOriginPrefix = "${ORIGIN}";

// Returns the path of the file that contains an object.
fs::path containing_file(hid_t object) {
  std::array<char, PATH_MAX> name{};
  H5Fget_name(object, name.data(), name.size());
  return name.data();
}

fs::path directory_of(const fs::path& file) {
  return fs::absolute(file).parent_path();
}

// Returns the paths at which the library looks for the file `name` that `owner`
// refers to, in this order. `variable` is the environment variable with a list
// of directories.
std::vector<fs::path> candidate_paths(const fs::path& owner, fs::path name,
                                      const char* variable) {
  std::vector<fs::path> paths;
  if (name.is_absolute()) {
    paths.push_back(name);
    name = name.filename();
  }
  if (const char* directories = std::getenv(variable)) {
    std::istringstream list(directories);
    for (std::string directory; std::getline(list, directory, ':');) {
      paths.push_back(fs::path(directory) / name);
    }
  }
  paths.push_back(directory_of(owner) / name);
  paths.push_back(name);
  std::error_code ignored;
  paths.push_back(fs::canonical(owner, ignored).parent_path() / name);
  return paths;
}

// Returns the first candidate that exists. Throws Error(io) if there is none.
fs::path find_file(const fs::path& owner, const std::string& name,
                   const char* variable) {
  const auto paths = candidate_paths(owner, name, variable);
  for (const fs::path& path : paths) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      return path;
    }
    base::check_not_pointer(path);
  }
  throw base::io_error(
      "it refers to the file \"{}\", which does not exist: copy it to {}, or "
      "name its directory in {}",
      name, directory_of(owner).string(), variable);
}

// Returns `name` with "%b" replaced by the number of a block and "%%" by "%".
std::string source_name(const std::string& name, int64_t block) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 1 < name.size() && name[i + 1] == 'b') {
      result += std::to_string(block);
      ++i;
    } else {
      result += name[i];
      i += static_cast<size_t>(name[i] == '%' && i + 1 < name.size() &&
                               name[i + 1] == '%');
    }
  }
  return result;
}

bool is_numbered(const std::string& name) {
  return source_name(name, 0) != source_name(name, 1);
}

// A hyperslab that is regular along every axis.
struct RegularSelection {
  std::vector<hsize_t> start, stride, count, block;

  explicit RegularSelection(const Handle& space)
      : start(rank_of(space)),
        stride(start.size()),
        count(start.size()),
        block(start.size()) {
    is_regular_ =
        H5Sget_regular_hyperslab(space.id(), start.data(), stride.data(),
                                 count.data(), block.data()) >= 0;
    H5Eclear2(H5E_DEFAULT);
  }
  static size_t rank_of(const Handle& space) {
    return static_cast<size_t>(
        std::max(0, H5Sget_simple_extent_ndims(space.id())));
  }
  // Returns the axis that is selected without end, or -1.
  int unlimited_axis() const {
    for (size_t axis = 0; is_regular_ && axis < start.size(); ++axis) {
      if (count[axis] == H5S_UNLIMITED || block[axis] == H5S_UNLIMITED) {
        return static_cast<int>(axis);
      }
    }
    return -1;
  }
  // Returns how many blocks begin before the end of an axis.
  hsize_t blocks_within(size_t axis, hsize_t extent) const {
    if (extent <= start[axis]) {
      return 0;
    }
    return (extent - start[axis] - 1) / stride[axis] + 1;
  }
  // Returns how many elements one block of the unlimited axis contains.
  hsize_t elements_per_block() const {
    hsize_t elements = 1;
    for (size_t axis = 0; axis < start.size(); ++axis) {
      elements *=
          block[axis] * (count[axis] == H5S_UNLIMITED ? 1 : count[axis]);
    }
    return elements;
  }
  // Returns how many elements are selected in an array of this shape.
  hsize_t elements_within(const std::vector<int64_t>& shape) const {
    hsize_t elements = 1;
    for (size_t axis = 0; axis < start.size(); ++axis) {
      const auto extent = static_cast<hsize_t>(shape[axis]);
      if (count[axis] != H5S_UNLIMITED && block[axis] != H5S_UNLIMITED) {
        elements *= count[axis] * block[axis];
      } else if (extent <= start[axis]) {
        return 0;
      } else if (block[axis] == H5S_UNLIMITED) {
        elements *= extent - start[axis];
      } else {
        const hsize_t blocks = blocks_within(axis, extent);
        const hsize_t last = start[axis] + (blocks - 1) * stride[axis];
        elements *=
            (blocks - 1) * block[axis] + std::min(block[axis], extent - last);
      }
    }
    return elements;
  }

 private:
  bool is_regular_ = false;
};

bool is_within_shape(const Handle& space, const std::vector<int64_t>& shape) {
  const int rank = H5Sget_simple_extent_ndims(space.id());
  std::vector<hsize_t> start(shape.size()), end(shape.size());
  if (rank != static_cast<int>(shape.size()) ||
      H5Sget_select_bounds(space.id(), start.data(), end.data()) < 0) {
    return false;
  }
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (end[axis] >= static_cast<hsize_t>(shape[axis])) {
      return false;
    }
  }
  return true;
}

// Throws Error(bad_input) unless the source contains the selection, which is
// mapped to so many elements. A selection of the entire source has no extent.
void check_selection(const Handle& space, hsize_t elements,
                     const Dataset& source) {
  const std::vector<int64_t>& shape = source.shape();
  const bool fits = H5Sget_select_type(space.id()) == H5S_SEL_ALL
                        ? static_cast<hsize_t>(element_count(shape)) == elements
                        : elements == 0 || is_within_shape(space, shape);
  H5Eclear2(H5E_DEFAULT);
  if (!fits) {
    throw base::input_error(
        "{}: the shape is [{}], which does not fit the part that the virtual "
        "dataset reads: the source has changed; write the virtual dataset "
        "again",
        source.label(), fmt::join(shape, ", "));
  }
}

// Allows this process to open so many more files. Throws Error(io) if it may
// not: the library reads fill values if it cannot open a source.
void require_open_files(size_t count) {
  rlimit limit{};
  const rlim_t wanted = count + kOtherOpenFiles;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
    return;
  }
  limit.rlim_cur = std::min(limit.rlim_max, 2 * wanted);
  if (limit.rlim_cur < wanted || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw base::io_error(
        "the sources are {} files, more than a process may open ({}): raise "
        "the limit with ulimit -n",
        count, limit.rlim_max);
  }
}

// The sources of one virtual dataset.
class VirtualSources {
 public:
  explicit VirtualSources(const Dataset& dataset)
      : dataset_(dataset),
        creation_(H5Dget_create_plist(dataset.id())),
        file_(containing_file(dataset.id())) {}

  void check() {
    size_t count = 0;
    if (H5Pget_virtual_count(creation_.id(), &count) < 0) {
      throw base::input_error("the list of sources is corrupt");
    }
    for (size_t i = 0; i < count; ++i) {
      check_mapping(i);
    }
    require_open_files(files_.size());
  }

 private:
  template <class Get>
  std::string mapping_name(size_t i, Get get) const {
    const ssize_t size = get(creation_.id(), i, nullptr, 0);
    std::string name(static_cast<size_t>(std::max<ssize_t>(size, 0)), '\0');
    get(creation_.id(), i, name.data(), name.size() + 1);
    return name;
  }

  void check_mapping(size_t i) {
    const std::string file = mapping_name(i, H5Pget_virtual_filename);
    const std::string name = mapping_name(i, H5Pget_virtual_dsetname);
    const Handle source_space(H5Pget_virtual_srcspace(creation_.id(), i));
    const Handle space(H5Pget_virtual_vspace(creation_.id(), i));
    const RegularSelection selection(space);
    const int axis = selection.unlimited_axis();
    if (axis >= 0 && (is_numbered(file) || is_numbered(name))) {
      const auto axis_index = static_cast<size_t>(axis);
      const hsize_t blocks = selection.blocks_within(
          axis_index, static_cast<hsize_t>(dataset_.shape()[axis_index]));
      // The first one must exist, or the dataset would be empty.
      for (hsize_t b = 0; b < std::max<hsize_t>(blocks, 1); ++b) {
        const auto block = static_cast<int64_t>(b);
        check_selection(
            source_space, selection.elements_per_block(),
            open_source(source_name(file, block), source_name(name, block)));
      }
      return;
    }
    const Dataset source =
        open_source(source_name(file, 0), source_name(name, 0));
    const RegularSelection source_selection(source_space);
    if (source_selection.unlimited_axis() < 0) {
      check_selection(source_space,
                      static_cast<hsize_t>(H5Sget_select_npoints(space.id())),
                      source);
      return;
    }
    if (source.shape().size() != source_selection.start.size() ||
        source_selection.elements_within(source.shape()) <
            selection.elements_within(dataset_.shape())) {
      throw base::input_error(
          "{}: the shape is [{}], which is smaller than the part that is read: "
          "sources that grow must have the same length",
          source.label(), fmt::join(source.shape(), ", "));
    }
  }

  Dataset open_source(const std::string& file, const std::string& name) {
    Dataset source = open_unchecked_source(file, name);
    source.check_claimed_size();
    return source;
  }

  Dataset open_unchecked_source(const std::string& file,
                                const std::string& name) {
    // A dataset of the same file.
    if (file == ".") {
      const Group root(Handle(H5Iget_file_id(dataset_.id())), file_.string());
      return root.dataset(name);
    }
    if (file != open_name_) {
      open_file_ = Group();
      const fs::path path = find_file(file_, file, "HDF5_VDS_PREFIX");
      open_file_ = open_file(path);
      open_name_ = file;
      files_.insert(path);
    }
    return open_file_.dataset(name);
  }

  const Dataset& dataset_;
  Handle creation_;
  fs::path file_;
  // The source file that was opened last; many mappings may share it.
  std::string open_name_;
  Group open_file_;
  std::set<fs::path> files_;
};

// Returns the directory of relative names of raw data files: that of the
// environment variable, or else the working directory.
fs::path external_directory(const fs::path& owner) {
  const char* variable = std::getenv("HDF5_EXTFILE_PREFIX");
  std::string prefix = variable == nullptr ? "" : variable;
  if (prefix.starts_with(kOriginPrefix)) {
    prefix.replace(0, std::string_view(kOriginPrefix).size(),
                   directory_of(owner).string());
  }
  return prefix;
}

struct ExternalFile {
  std::string name;
  int64_t offset = 0;
  hsize_t size = 0;  // H5F_UNLIMITED: up to the end of the dataset
};

std::vector<ExternalFile> external_files(const Handle& creation) {
  std::vector<ExternalFile> files;
  const int count = H5Pget_external_count(creation.id());
  for (int i = 0; i < count; ++i) {
    std::array<char, PATH_MAX> name{};
    off_t offset = 0;
    hsize_t size = 0;
    if (H5Pget_external(creation.id(), static_cast<unsigned>(i),
                        name.size() - 1, name.data(), &offset, &size) < 0) {
      throw base::input_error("the list of raw data files is corrupt");
    }
    files.push_back({name.data(), offset, size});
  }
  return files;
}

void check_external_files(const Dataset& dataset, const Handle& creation,
                          const fs::path& directory) {
  auto remaining = static_cast<hsize_t>(element_count(dataset.shape())) *
                   H5Tget_size(dataset.type().id());
  for (const ExternalFile& file : external_files(creation)) {
    const fs::path path = directory / file.name;
    base::check_readable(path);
    std::error_code ignored;
    const std::uintmax_t size = fs::file_size(path, ignored);
    const hsize_t needed = std::min(remaining, file.size);
    if (size < static_cast<std::uintmax_t>(file.offset) + needed) {
      throw base::input_error(
          "{}: the file has {} bytes, but {} from byte {} on are needed: it is "
          "truncated",
          path.string(), size, needed, file.offset);
    }
    remaining -= needed;
  }
}

// Remembers which datasets were checked, because readers open a dataset once
// per episode. The library numbers the files that it opens.
bool is_checked(const Dataset& dataset, bool mark) {
  static std::mutex mutex;
  static std::set<std::pair<unsigned long, haddr_t>> checked;
  H5O_info_t info{};
  if (H5Oget_info2(dataset.id(), &info, H5O_INFO_BASIC) < 0) {
    return false;
  }
  const std::lock_guard lock(mutex);
  const std::pair key(info.fileno, info.addr);
  return mark ? !checked.insert(key).second : checked.contains(key);
}

void check_layout(const Dataset& dataset, const Handle& creation) {
  if (H5Pget_layout(creation.id()) == H5D_VIRTUAL) {
    VirtualSources(dataset).check();
    return;
  }
  // The library returns the directory that it has determined.
  const Handle access(H5Dget_access_plist(dataset.id()));
  std::array<char, PATH_MAX> prefix{};
  H5Pget_efile_prefix(access.id(), prefix.data(), prefix.size());
  check_external_files(dataset, creation, prefix.data());
}

}  // namespace

Handle source_access_properties(const Dataset& dataset) {
  const Handle creation(H5Dget_create_plist(dataset.id()));
  if (H5Pget_layout(creation.id()) == H5D_VIRTUAL) {
    Handle access(H5Pcreate(H5P_DATASET_ACCESS));
    H5Pset_virtual_printf_gap(access.id(), kPrintfGap);
    return access;
  }
  if (H5Pget_external_count(creation.id()) <= 0) {
    return Handle();
  }
  // The library looks for raw data files in the working directory only. If they
  // are not there, but next to the file, they are read from there.
  const fs::path file = containing_file(dataset.id());
  std::error_code ignored;
  for (const ExternalFile& external : external_files(creation)) {
    if (!fs::exists(external_directory(file) / external.name, ignored) &&
        fs::exists(directory_of(file) / external.name, ignored)) {
      Handle access(H5Pcreate(H5P_DATASET_ACCESS));
      H5Pset_efile_prefix(access.id(), kOriginPrefix);
      return access;
    }
  }
  return Handle();
}

void check_sources(const Dataset& dataset) {
  static thread_local int depth = 0;
  const Handle creation(H5Dget_create_plist(dataset.id()));
  const bool has_sources = H5Pget_layout(creation.id()) == H5D_VIRTUAL ||
                           H5Pget_external_count(creation.id()) > 0;
  if (!has_sources || is_checked(dataset, /*mark=*/false)) {
    return;
  }
  struct DepthGuard {
    DepthGuard() { ++depth; }
    ~DepthGuard() { --depth; }
  };
  const DepthGuard guard;
  base::with_context(dataset.label(), [&] {
    if (depth > kMaxVirtualDepth) {
      throw base::input_error(
          "virtual datasets refer to one another more than {} levels deep",
          kMaxVirtualDepth);
    }
    check_layout(dataset, creation);
  });
  base::set_current_hdf5_file(containing_file(dataset.id()));
  is_checked(dataset, /*mark=*/true);
}

void throw_broken_link(const Group& group, const std::string& path) {
  H5Eclear2(H5E_DEFAULT);
  H5L_info_t info{};
  std::vector<char> target;
  if (H5Lget_info(group.id(), path.c_str(), &info, H5P_DEFAULT) >= 0 &&
      info.type != H5L_TYPE_HARD) {
    target.resize(info.u.val_size + 1);
    H5Lget_val(group.id(), path.c_str(), target.data(), info.u.val_size,
               H5P_DEFAULT);
  }
  H5Eclear2(H5E_DEFAULT);
  const std::string label = fmt::format("{}: {}", group.label(), path);
  if (!target.empty() && info.type == H5L_TYPE_SOFT) {
    throw base::input_error(
        "{}: a link to \"{}\", which does not exist in the file: write the "
        "file again",
        label, target.data());
  }
  const char* file = nullptr;
  const char* object = nullptr;
  if (target.empty() || info.type != H5L_TYPE_EXTERNAL ||
      H5Lunpack_elink_val(target.data(), info.u.val_size, nullptr, &file,
                          &object) < 0) {
    throw base::input_error(
        "{}: cannot be opened: the file is corrupt; write it again, or "
        "download it again",
        label);
  }
  base::with_context(label, [&] {
    const fs::path found =
        find_file(containing_file(group.id()), file, "HDF5_EXT_PREFIX");
    open_file(found);
    throw base::input_error(
        "a link to \"{}\" of {}, which does not exist there: write the file "
        "again",
        object, found.string());
  });
  std::abort();  // with_context() has thrown
}

}  // namespace gato::data::hdf5
