// Validation of the content of a file: gato-info without --decode.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/error.h"
#include "gato/commands/info/file_kind.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::commands {

struct Inspection {
  FileKind kind;
  // {"kind", "version"?, counts, "vocabulary"?, "tasks"?: [{...}] ...}
  nlohmann::ordered_json facts;
  nlohmann::json provenance;  // null if the file does not contain any
  // Why the file is unfinished, and how to finish it; empty if it is complete.
  std::string unfinished = "";
};

// Reads the complete file and returns its facts. Throws Error(bad_input) if any
// part of it is corrupt. `options` determine how episodes are read.
Inspection inspect(const std::filesystem::path& path,
                   const ingest::EpisodeSourceOptions& options = {});

// Inspect the kinds that are read without HDF5 (inspect_model.cc).
Inspection inspect_model(const std::filesystem::path& directory);
Inspection inspect_run(const std::filesystem::path& directory);
Inspection inspect_safetensors(const std::filesystem::path& path);
Inspection inspect_json(const std::filesystem::path& path);
// Inspects the recording of an interrupted gato-rollout control
// (inspect_recording.cc).
Inspection inspect_recording(const std::filesystem::path& path);

}  // namespace gato::commands
