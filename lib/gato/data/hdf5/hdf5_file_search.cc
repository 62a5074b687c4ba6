// The names of other files are resolved as libhdf5 does it (H5Fint.c,
// H5F_prefix_open_file).
#include "gato/data/hdf5/hdf5_file_search.h"

#include <array>
#include <climits>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/pointer_file.h"

namespace gato::data::hdf5 {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

fs::path containing_file(hid_t object) {
  std::array<char, PATH_MAX> name{};
  H5Fget_name(object, name.data(), name.size());
  return name.data();
}

fs::path directory_of(const fs::path& file) {
  return fs::absolute(file).parent_path();
}

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

}  // namespace gato::data::hdf5
