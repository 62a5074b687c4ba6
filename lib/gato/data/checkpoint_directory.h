// The checkpoints of a training run: RUN/step-N is the checkpoint after N
// steps. RUN/latest and RUN/best are references to checkpoints: symbolic links
// or, where links cannot be made, files that contain the name of the
// checkpoint. RUN/latest is optional: without it, the newest complete
// checkpoint is used.
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
#include <system_error>
#include <vector>

namespace gato::data {

// The names of the references in the directory of a run.
inline constexpr const char* kLatestReference = "latest";
inline constexpr const char* kBestReference = "best";

// Returns "step-N" for step N.
std::string checkpoint_name(int64_t step);
// Returns N if the name is "step-N", and nullopt otherwise.
std::optional<int64_t> parse_checkpoint_name(const std::string& name);
// Returns the steps of the existing checkpoints in ascending order, whether or
// not they are complete.
std::vector<int64_t> list_checkpoint_steps(
    const std::filesystem::path& run_directory);

// Returns the complete checkpoint with the most steps, and nullopt if
// `run_directory` is not a directory or contains no complete checkpoint.
std::optional<std::filesystem::path> newest_complete_checkpoint(
    const std::filesystem::path& run_directory);

// Makes `reference` refer to the checkpoint `name` next to it. Replaces another
// reference, and a copy of a checkpoint (see is_checkpoint_copy()). If a link
// cannot be made, writes a file and returns the reason. Throws Error(io) if
// neither can be made.
std::error_code write_checkpoint_reference(
    const std::filesystem::path& reference, const std::string& name);
// Returns the checkpoint that `path` refers to if it is a file that
// write_checkpoint_reference() has written in place of a link, and `path`
// otherwise.
std::filesystem::path resolve_checkpoint_reference(
    const std::filesystem::path& path);
// Removes a reference or a copy of a checkpoint. Does nothing if `path` is
// neither. Returns the reason if it cannot be removed.
std::error_code remove_checkpoint_reference(const std::filesystem::path& path);
// Returns whether `path` is a directory, not a link, with the files of a
// complete checkpoint: tools that follow links, such as cp -L, leave one in
// place of a reference.
bool is_checkpoint_copy(const std::filesystem::path& path);

// Writes the manifest with the size and digest of every regular file in the
// directory. Must be called after all of these files have been written.
void write_manifest(const std::filesystem::path& directory);

// Returns whether the checkpoint in the directory is complete.
bool has_manifest(const std::filesystem::path& directory);
// Throws Error(bad_input) if the directory has no manifest, which means that
// the checkpoint was not finished.
void require_manifest(const std::filesystem::path& directory);

// Throws Error(bad_input) with the name of the file if a file in the manifest
// is missing or its size or digest differs. Does nothing if there is no
// manifest.
void verify_manifest(const std::filesystem::path& directory);

}  // namespace gato::data
