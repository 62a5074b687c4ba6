#include "gato/data/manifest.h"

#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/format.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "MANIFEST.json";

nlohmann::json read_manifest(const fs::path& path) {
  nlohmann::json manifest;
  try {
    manifest = nlohmann::json::parse(read_file(path));
    check_format(manifest, manifest_format, path.string());
    if (!manifest.at("files").is_object())
      throw input_error("{}: \"files\" is not an object", path.string());
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: damaged: {}", path.string(), error.what());
  }
  return manifest;
}

}  // namespace

void write_manifest(const fs::path& directory) {
  nlohmann::json files = nlohmann::json::object();
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_regular_file() && entry.path().filename() != file_name)
      files[entry.path().filename().string()] = {
          {"size", entry.file_size()}, {"digest", digest_file(entry.path())}};
  nlohmann::json manifest = format_fields(manifest_format);
  manifest["files"] = files;
  write_file(directory / file_name, manifest.dump(2) + "\n", /*force=*/true);
}

bool has_manifest(const fs::path& directory) {
  return fs::exists(directory / file_name);
}

void require_manifest(const fs::path& directory) {
  if (!has_manifest(directory))
    throw input_error("{}: it has no {}, so it is not whole",
                      directory.string(), file_name);
}

void verify_manifest(const fs::path& directory) {
  if (!has_manifest(directory)) return;
  const nlohmann::json manifest = read_manifest(directory / file_name);
  for (const auto& [name, expected] : manifest.at("files").items()) {
    const fs::path path = directory / fs::path(name).filename();
    if (!fs::is_regular_file(path))
      throw input_error("{}: missing, though MANIFEST.json names it",
                        path.string());
    const nlohmann::json found = {{"size", fs::file_size(path)},
                                  {"digest", digest_file(path)}};
    if (found != expected)
      throw input_error(
          "{}: damaged: {}, but MANIFEST.json says {}; use another checkpoint",
          path.string(), found.dump(), expected.dump());
  }
}

}  // namespace gato
