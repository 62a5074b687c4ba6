#include "gato/ingest/file_extension.h"

namespace gato::ingest {

std::string_view strip_compression_extension(std::string_view path) {
  for (std::string_view end : {".gz", ".zst", ".bz2", ".xz"}) {
    if (path.ends_with(end)) {
      return path.substr(0, path.size() - end.size());
    }
  }
  return path;
}

bool has_tar_extension(std::string_view path) {
  return strip_compression_extension(path).ends_with(".tar") ||
         path.ends_with(".tgz");
}

}  // namespace gato::ingest
