// What the names of files tell.
#pragma once

#include <string_view>

namespace gato {

// "a.tar" of "a.tar.gz", .zst, .bz2 or .xz; any other name as it is.
std::string_view without_compression(std::string_view path);

// .tar, compressed or not, or .tgz.
bool is_tar_name(std::string_view path);

}  // namespace gato
