// The kinds of files and directories that programs read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

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

// Detects the kind of a file or directory from its content. Throws Error(io) if
// it is missing and Error(bad_input) if it is of no known kind.
FileKind detect_file_kind(const std::filesystem::path& path);
std::string name_of(FileKind kind);
// Returns the name of a kind for programs: the "kind" of a file of this
// project, or the name of a foreign format.
std::string kind_identifier(FileKind kind);

}  // namespace gato::commands
