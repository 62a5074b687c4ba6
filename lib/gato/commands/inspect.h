// Detection of the kind of a file, and validation of its content: gato-info
// without --decode.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::commands {

enum class FileKind {
  token_file,
  sequence_file,
  minari,
  d4rl,
  robomimic,
  model,
  run,
  text_model,
  safetensors,
  recording,
  json,
};

struct Inspection {
  FileKind kind;
  // {"kind", "version"?, counts, "vocabulary"?, "tasks"?: [{...}] ...}
  nlohmann::ordered_json facts;
  nlohmann::json provenance;  // null if the file does not contain any
  // Why the file is unfinished, and how to finish it; empty if it is complete.
  std::string unfinished = "";
};

// Detects the kind of a file or directory from its content. Throws Error(io) if
// it is missing and Error(bad_input) if it is of no known kind.
FileKind detect_file_kind(const std::filesystem::path& path);
std::string name_of(FileKind kind);
// Returns the name of a kind for programs: the "kind" of a file of this
// project, or the name of a foreign format.
std::string kind_identifier(FileKind kind);

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
