// Whether an input can be read, asked before its kind is: what cannot be read
// is of no wrong kind.
#pragma once

#include <filesystem>

namespace gato {

// Error (io) with the system's reason where a file cannot be opened for
// reading, or a directory cannot be listed and its files reached.
void check_readable(const std::filesystem::path& path);

}  // namespace gato
