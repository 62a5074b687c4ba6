// File types by file name extension.
#pragma once

#include <string_view>

namespace gato::ingest {

// Returns the path without .gz, .zst, .bz2 or .xz: "a.tar" for "a.tar.gz".
std::string_view strip_compression_extension(std::string_view path);

// Returns whether the path ends in .tar, compressed or not, or in .tgz.
bool has_tar_extension(std::string_view path);

}  // namespace gato::ingest
