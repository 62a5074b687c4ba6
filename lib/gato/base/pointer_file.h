// Recognizes the small files that Git LFS and git-annex leave in place of files
// whose content has not been downloaded.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gato::base {

// Returns what a file is and how to get its content, if `content` is that of a
// pointer file of Git LFS or git-annex: "a Git LFS pointer ...: run 'git lfs
// pull'". Returns an empty string otherwise.
std::string describe_pointer(std::string_view content);

// Throws Error(io) with that description if the regular file `path` is a
// pointer file, or if `path` is a symbolic link to content that git-annex has
// not downloaded. Does nothing for any other path, whether it exists or not.
void check_not_pointer(const std::filesystem::path& path);

}  // namespace gato::base
