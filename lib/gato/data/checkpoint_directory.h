// The checkpoints of a training run: RUN/step-N is the checkpoint after N
// steps.
//
// Each checkpoint directory has a MANIFEST.json, written last, whose presence
// shows that the checkpoint is complete:
//   {"kind": "gato-manifest", "version", "oldest_version",
//    "files": {NAME: {"size", "digest"}}}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gato::data {

// Returns "step-N" for step N.
std::string checkpoint_name(int64_t step);
// Returns N if the name is "step-N", and nullopt otherwise.
std::optional<int64_t> parse_checkpoint_name(const std::string& name);
// Returns the steps of the existing checkpoints in ascending order, whether or
// not they are complete.
std::vector<int64_t> list_checkpoint_steps(
    const std::filesystem::path& run_directory);

// Writes the manifest with the size and digest of every regular file in the
// directory. Must be called after all of these files have been written.
void write_manifest(const std::filesystem::path& directory);

bool has_manifest(const std::filesystem::path& directory);
// Throws Error(bad_input) if the directory has no manifest, which means that
// the checkpoint was not finished.
void require_manifest(const std::filesystem::path& directory);

// Throws Error(bad_input) with the name of the file if a file in the manifest
// is missing or its size or digest differs. Does nothing if there is no
// manifest.
void verify_manifest(const std::filesystem::path& directory);

}  // namespace gato::data
