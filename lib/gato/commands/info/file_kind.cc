// A file is recognized by its first bytes or by the attributes of its HDF5
// root, a directory by the names of the files in it.
#include "gato/commands/info/file_kind.h"

#include <array>
#include <fstream>
#include <string_view>

#include "gato/base/file_io.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/data/file_format.h"
#include "gato/data/recording_file.h"
#include "gato/ingest/episodes/episode_file_format.h"
#include "gato/ingest/episodes/minari_files.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

FileKind detect_directory_kind(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path / "model.safetensors", ignored)) {
    return FileKind::model;
  }
  if (fs::exists(fs::symlink_status(path / data::kLatestReference, ignored)) ||
      fs::exists(path / "config.toml", ignored) ||
      data::newest_complete_checkpoint(path)) {
    return FileKind::run;
  }
  if (fs::exists(path / "data", ignored) ||
      fs::exists(path / ingest::kMinariDataFile, ignored) ||
      fs::exists(path / ingest::kMinariMetadataFile, ignored)) {
    return FileKind::minari;
  }
  if (fs::exists(path / "config.json", ignored)) {
    return FileKind::model;
  }
  throw base::input_error(
      "{}: not a model, a training run or a Minari dataset; if it is a "
      "directory of datasets, specify the datasets themselves",
      path.string());
}

}  // namespace

FileKind detect_file_kind(const fs::path& path) {
  base::check_readable(path);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    return detect_directory_kind(path);
  }
  if (!fs::is_regular_file(path, ignored)) {
    throw base::io_error(
        "{}: a pipe or a device cannot be inspected; use a file",
        path.string());
  }
  if (data::hdf5::is_hdf5(path)) {
    const data::hdf5::Group root = data::hdf5::open_file(path);
    const auto kind = root.text_attribute("kind");
    if (kind == data::kTokenFileFormat.kind) {
      return FileKind::token_file;
    }
    if (kind == data::kSequenceFileFormat.kind) {
      return FileKind::sequence_file;
    }
    const ingest::EpisodeFileFormat episodes =
        ingest::detect_episode_format(root);
    if (episodes == ingest::EpisodeFileFormat::d4rl) {
      return FileKind::d4rl;
    }
    if (episodes == ingest::EpisodeFileFormat::robomimic) {
      return FileKind::robomimic;
    }
    return FileKind::minari;
  }
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 16> head{};
  stream.read(head.data(), head.size());
  const std::string_view start(head.data(),
                               static_cast<size_t>(stream.gcount()));
  if (data::is_recording(path)) {
    return FileKind::recording;
  }
  if (start.size() > 8 && start[8] == '{') {
    return FileKind::safetensors;
  }
  const size_t first = start.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && start[first] == '{') {
    return FileKind::json;
  }
  return FileKind::text_model;
}

std::string name_of(FileKind kind) {
  switch (kind) {
    case FileKind::token_file:
      return "token file";
    case FileKind::sequence_file:
      return "sequence file";
    case FileKind::minari:
      return "Minari dataset";
    case FileKind::d4rl:
      return "D4RL file";
    case FileKind::robomimic:
      return "robomimic file";
    case FileKind::model:
      return "model directory";
    case FileKind::run:
      return "training run";
    case FileKind::text_model:
      return "SentencePiece model";
    case FileKind::safetensors:
      return "safetensors file";
    case FileKind::recording:
      return "recording of gato-rollout control";
    case FileKind::json:
      break;
  }
  return "JSON file";
}

std::string kind_identifier(FileKind kind) {
  switch (kind) {
    case FileKind::token_file:
      return data::kTokenFileFormat.kind;
    case FileKind::sequence_file:
      return data::kSequenceFileFormat.kind;
    case FileKind::minari:
      return "minari";
    case FileKind::d4rl:
      return "d4rl";
    case FileKind::robomimic:
      return "robomimic";
    case FileKind::model:
      return data::kModelFormat.kind;
    case FileKind::run:
      return "gato-run";
    case FileKind::text_model:
      return "sentencepiece";
    case FileKind::safetensors:
      return "safetensors";
    case FileKind::recording:
      return data::kRecordingFormat.kind;
    case FileKind::json:
      break;
  }
  return "json";
}

}  // namespace gato::commands
