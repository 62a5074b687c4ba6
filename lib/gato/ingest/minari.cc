#include "gato/ingest/minari.h"

#include "gato/base/error.h"
#include "gato/base/readable.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr const char* data_name = "main_data.hdf5";
constexpr const char* metadata_name = "metadata.json";

}  // namespace

MinariFiles find_minari(const fs::path& path) {
  check_readable(path);
  std::error_code ignored;
  MinariFiles files;
  if (fs::is_directory(path, ignored)) {
    const fs::path inner = path / "data";
    const bool has_inner = fs::is_directory(inner, ignored);
    if (has_inner) check_readable(inner);
    const fs::path data = has_inner ? inner : path;
    files.data = data / data_name;
    files.metadata = data / metadata_name;
  } else {
    files.data = path;
    files.metadata = path.parent_path() / metadata_name;
  }
  if (!fs::exists(files.metadata, ignored)) files.metadata.clear();
  const fs::path data_folder =
      fs::absolute(files.data).lexically_normal().parent_path();
  files.folder = data_folder.filename() == "data" ? data_folder.parent_path()
                                                  : data_folder;
  if (fs::exists(files.data, ignored)) return files;
  if (!files.metadata.empty()) {
    throw input_error(
        "{}: a Minari dataset without {}: only the hdf5 storage format is "
        "supported; share/gato/convert/minari_arrow.py converts arrow and "
        "parquet",
        path.string(), data_name);
  }
  throw input_error("{}: no Minari dataset: there is no data/{} in it",
                    path.string(), data_name);
}

}  // namespace gato
