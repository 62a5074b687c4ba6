// The checkpoints of a run: RUN/step-N, N steps each.
//
// MANIFEST.json of a directory: proof that what stands beside it is whole.
// {"kind":"gato-manifest","version","oldest_version",
//  "files":{NAME:{"size","digest"}}}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gato::data {

std::string checkpoint_name(int64_t step);
// N of "step-N"; none of any other name.
std::optional<int64_t> parse_checkpoint_name(const std::string& name);
// Steps of the checkpoints that are there, rising.
std::vector<int64_t> list_checkpoint_steps(
    const std::filesystem::path& run_directory);

// Sizes and digests of every file in the directory, written last.
void write_manifest(const std::filesystem::path& directory);

bool has_manifest(const std::filesystem::path& directory);
// Error (bad_input) where it has none: a checkpoint that was not finished.
void require_manifest(const std::filesystem::path& directory);

// Error (bad_input) names the file that is missing, shorter or damaged; no
// error where there is no manifest.
void verify_manifest(const std::filesystem::path& directory);

}  // namespace gato::data
