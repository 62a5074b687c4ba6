// What the names of files tell.
#pragma once

#include <string_view>

namespace gato::ingest {

// "a.tar" of "a.tar.gz", .zst, .bz2 or .xz; any other name as it is.
std::string_view strip_compression_extension(std::string_view path);

// .tar, compressed or not, or .tgz.
bool has_tar_extension(std::string_view path);

}  // namespace gato::ingest
