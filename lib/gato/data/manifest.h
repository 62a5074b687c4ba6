// MANIFEST.json of a directory: proof that what stands beside it is whole.
// {"kind":"gato-manifest","version","oldest_version",
//  "files":{NAME:{"size","digest"}}}
#pragma once

#include <filesystem>

namespace gato {

// Sizes and digests of every file in the directory, written last.
void write_manifest(const std::filesystem::path& directory);

bool has_manifest(const std::filesystem::path& directory);
// Error (bad_input) where it has none: a checkpoint that was not finished.
void require_manifest(const std::filesystem::path& directory);

// Error (bad_input) names the file that is missing, shorter or damaged; no
// error where there is no manifest.
void verify_manifest(const std::filesystem::path& directory);

}  // namespace gato
