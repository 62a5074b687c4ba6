// Files that grow by a record at a time.
#pragma once

#include <filesystem>
#include <string_view>

namespace gato {

// Appends all of `record` or, where there is no room, nothing: then it warns,
// and the file is as it was before.
void append_whole(const std::filesystem::path& path, std::string_view record);

}  // namespace gato
