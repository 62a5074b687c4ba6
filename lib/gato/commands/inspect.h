// What a file is and whether it is whole: gato-info without --decode.
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
  json,
};

struct Inspection {
  FileKind kind;
  // {"kind", "version"?, counts, "vocabulary"?, "tasks"?: [{...}] ...}
  nlohmann::ordered_json facts;
  nlohmann::json provenance;  // null where it carries none
};

// What `path` is by its content. Error (io) where it is missing; Error
// (bad_input) where it is nothing of ours.
FileKind detect_file_kind(const std::filesystem::path& path);
std::string name_of(FileKind kind);

// Reads the whole file, so that an Error (bad_input) is thrown where any part
// of it is damaged. `options` say how episodes are read.
Inspection inspect(const std::filesystem::path& path,
                   const ingest::EpisodeSourceOptions& options = {});

// The parts of inspect() that need no HDF5 (inspect_model.cc).
Inspection inspect_model(const std::filesystem::path& directory);
Inspection inspect_run(const std::filesystem::path& directory);
Inspection inspect_safetensors(const std::filesystem::path& path);
Inspection inspect_json(const std::filesystem::path& path);

}  // namespace gato::commands
