// A manifest protects against checkpoints that were not finished and against
// files that were changed, copied incompletely or lost afterwards. It is
// written last and atomically, so its presence shows that all other files are
// complete.
#include "gato/data/checkpoint_directory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/file_format.h"
#include "gato/data/json_fields.h"

namespace gato::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCheckpointPrefix = "step-";
constexpr const char* kManifestName = "MANIFEST.json";
constexpr const char* kTrainingStateName = "state.json";

nlohmann::json read_manifest(const fs::path& path) {
  nlohmann::json manifest;
  try {
    manifest = nlohmann::json::parse(base::read_file(path));
    check_format(manifest, kManifestFormat, path.string());
    base::with_context(path, [&] { object_at(manifest, "files"); });
  } catch (const nlohmann::json::exception& error) {
    throw base::input_error("{}: the file is corrupt: {}", path.string(),
                            describe_json_error(error));
  }
  return manifest;
}

// Returns the entry of a file in the manifest.
nlohmann::json describe_file(const fs::path& path) {
  return {{"size", fs::file_size(path)}, {"digest", base::digest_file(path)}};
}

// Throws Error(bad_input) if a file differs from its entry in the manifest.
void verify_file(const fs::path& path, const nlohmann::json& entry) {
  const auto [expected_size, expected_digest] = base::with_context(
      fmt::format("{}: file '{}'",
                  (path.parent_path() / kManifestName).string(),
                  path.filename().string()),
      [&entry] {
        return std::pair(integer_at(entry, "size"), string_at(entry, "digest"));
      });
  const auto size = static_cast<int64_t>(fs::file_size(path));
  if (size != expected_size) {
    throw base::input_error(
        "{}: the file is corrupt: {} bytes instead of {}; use another "
        "checkpoint",
        path.string(), size, expected_size);
  }
  if (base::digest_file(path) != expected_digest) {
    throw base::input_error(
        "{}: the file is corrupt: its digest differs from the one in {}; use "
        "another checkpoint",
        path.string(), kManifestName);
  }
}

}  // namespace

std::string checkpoint_name(int64_t step) {
  return std::string(kCheckpointPrefix) + std::to_string(step);
}

std::optional<int64_t> parse_checkpoint_name(const std::string& name) {
  if (!name.starts_with(kCheckpointPrefix)) {
    return std::nullopt;
  }
  const char* end = name.data() + name.size();
  int64_t step = 0;
  const auto [rest, error] =
      std::from_chars(name.data() + kCheckpointPrefix.size(), end, step);
  if (error != std::errc() || rest != end) {
    return std::nullopt;
  }
  return step;
}

std::vector<int64_t> list_checkpoint_steps(const fs::path& run_directory) {
  std::vector<int64_t> steps;
  for (const auto& entry : fs::directory_iterator(run_directory)) {
    const auto step = parse_checkpoint_name(entry.path().filename().string());
    if (step && entry.is_directory()) {
      steps.push_back(*step);
    }
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<fs::path> newest_complete_checkpoint(
    const fs::path& run_directory) {
  std::error_code ignored;
  if (!fs::is_directory(run_directory, ignored)) {
    return std::nullopt;
  }
  const std::vector<int64_t> steps = list_checkpoint_steps(run_directory);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    fs::path checkpoint = run_directory / checkpoint_name(*step);
    if (has_manifest(checkpoint)) {
      return checkpoint;
    }
  }
  return std::nullopt;
}

std::error_code write_checkpoint_reference(const fs::path& reference,
                                           const std::string& name) {
  // A directory cannot be replaced by renaming a link over it.
  if (is_checkpoint_copy(reference)) {
    remove_checkpoint_reference(reference);
  }
  const fs::path temporary =
      reference.parent_path() /
      fmt::format(".{}.tmp", reference.filename().string());
  std::error_code error, ignored;
  fs::remove(temporary, ignored);
  fs::create_directory_symlink(name, temporary, error);
  if (!error) {
    fs::rename(temporary, reference, error);
    fs::remove(temporary, ignored);
  }
  if (error) {
    if (fs::is_symlink(reference, ignored)) {
      fs::remove(reference, ignored);  // or its target would be overwritten
    }
    base::write_file(reference, name + "\n", /*force=*/true);
  }
  return error;
}

fs::path resolve_checkpoint_reference(const fs::path& path) {
  constexpr std::streamsize kMaxSize = 64;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    return path;
  }
  std::ifstream file(path, std::ios::binary);
  std::string name(kMaxSize, '\0');
  file.read(name.data(), kMaxSize);
  name.resize(static_cast<size_t>(file.gcount()));
  while (name.ends_with('\n') || name.ends_with('\r')) {
    name.pop_back();
  }
  return parse_checkpoint_name(name) ? path.parent_path() / name : path;
}

bool is_checkpoint_copy(const fs::path& path) {
  std::error_code ignored;
  return !fs::is_symlink(path, ignored) && has_manifest(path) &&
         fs::exists(path / kTrainingStateName, ignored);
}

std::error_code remove_checkpoint_reference(const fs::path& path) {
  std::error_code error;
  if (fs::is_symlink(path, error) ||
      resolve_checkpoint_reference(path) != path) {
    fs::remove(path, error);
  } else if (is_checkpoint_copy(path)) {
    fs::remove_all(path, error);
  } else {
    error.clear();  // of a path that does not exist
  }
  return error;
}

void write_manifest(const fs::path& directory) {
  nlohmann::json files = nlohmann::json::object();
  for (const auto& entry : fs::directory_iterator(directory)) {
    const fs::path name = entry.path().filename();
    if (entry.is_regular_file() && name != kManifestName) {
      files[name.string()] = describe_file(entry.path());
    }
  }
  nlohmann::json manifest = format_to_json(kManifestFormat);
  manifest["files"] = files;
  base::write_file(directory / kManifestName, manifest.dump(2) + "\n",
                   /*force=*/true);
}

bool has_manifest(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / kManifestName, ignored);
}

void require_manifest(const fs::path& directory) {
  if (!has_manifest(directory)) {
    throw base::input_error(
        "{}: the checkpoint was not finished: there is no {}; use another "
        "checkpoint",
        directory.string(), kManifestName);
  }
}

void verify_manifest(const fs::path& directory) {
  if (!has_manifest(directory)) {
    return;
  }
  const nlohmann::json manifest = read_manifest(directory / kManifestName);
  for (const auto& [name, entry] : manifest.at("files").items()) {
    // The name comes from a file: it must not lead out of the directory.
    const fs::path path = directory / fs::path(name).filename();
    if (!fs::is_regular_file(path)) {
      throw base::input_error(
          "{}: the file is missing, but it is listed in {}; use another "
          "checkpoint",
          path.string(), kManifestName);
    }
    verify_file(path, entry);
  }
}

}  // namespace gato::data
