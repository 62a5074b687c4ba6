#include "gato/ingest/episodes/minari_files.h"

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/pointer_file.h"

namespace gato::ingest {

namespace fs = std::filesystem;

MinariFiles find_minari_files(const fs::path& path) {
  base::check_readable(path);
  std::error_code ignored;
  MinariFiles files;
  if (fs::is_directory(path, ignored)) {
    const fs::path inner = path / "data";
    const bool has_inner = fs::is_directory(inner, ignored);
    if (has_inner) {
      base::check_readable(inner);
    }
    const fs::path data = has_inner ? inner : path;
    files.data = data / kMinariDataFile;
    files.metadata = data / kMinariMetadataFile;
  } else {
    files.data = path;
    files.metadata = path.parent_path() / kMinariMetadataFile;
  }
  base::check_not_pointer(files.data);
  base::check_not_pointer(files.metadata);
  if (!fs::exists(files.metadata, ignored)) {
    files.metadata.clear();
  }
  const fs::path data_folder =
      fs::absolute(files.data).lexically_normal().parent_path();
  files.dataset_directory = data_folder.filename() == "data"
                                ? data_folder.parent_path()
                                : data_folder;
  if (fs::exists(files.data, ignored)) {
    return files;
  }
  if (!files.metadata.empty()) {
    throw base::input_error(
        "{}: a Minari dataset without {}: only the hdf5 storage format is "
        "supported; share/gato/convert/minari_arrow.py converts arrow and "
        "parquet",
        path.string(), kMinariDataFile);
  }
  throw base::input_error("{}: not a Minari dataset: it contains no data/{}",
                          path.string(), kMinariDataFile);
}

}  // namespace gato::ingest
