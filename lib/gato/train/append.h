// Files that grow by a record at a time.
#pragma once

#include <filesystem>
#include <string_view>

namespace gato {

// Appends all of `record`; or warns, and the file is as it was before where
// there was no room.
void append_whole(const std::filesystem::path& path, std::string_view record);

}  // namespace gato
