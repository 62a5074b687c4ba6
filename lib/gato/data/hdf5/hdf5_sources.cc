// Sources are checked at most once, at the first opening of the dataset that
// refers to them. They may refer to others: opening a source of a virtual
// dataset checks it, too.
#include "gato/data/hdf5/hdf5_sources.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <mutex>
#include <set>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/data/hdf5/hdf5_file_search.h"
#include "gato/data/hdf5/hdf5_unwritten.h"
#include "gato/data/hdf5/hdf5_virtual_sources.h"

namespace gato::data::hdf5 {
namespace {

namespace fs = std::filesystem;

// Sources of virtual datasets may be virtual themselves, even their own source.
constexpr int kMaxVirtualDepth = 16;

constexpr const char* kOriginPrefix = "${ORIGIN}";

// Returns the directory to which names of raw data files are relative: that of
// the environment variable, or else the working directory.
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
    check_virtual_sources(dataset);
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
    return virtual_access_properties();
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
  const UnwrittenElementsOwner owner(dataset);
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
