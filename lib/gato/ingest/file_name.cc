#include "gato/ingest/file_name.h"

namespace gato {

std::string_view without_compression(std::string_view path) {
  for (std::string_view end : {".gz", ".zst", ".bz2", ".xz"}) {
    if (path.ends_with(end)) return path.substr(0, path.size() - end.size());
  }
  return path;
}

bool is_tar_name(std::string_view path) {
  return without_compression(path).ends_with(".tar") || path.ends_with(".tgz");
}

}  // namespace gato
