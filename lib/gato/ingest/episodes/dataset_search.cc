#include "gato/ingest/episodes/dataset_search.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "gato/base/error.h"
#include "gato/data/recording_file.h"
#include "gato/ingest/episodes/minari_files.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

bool is_minari_dataset(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_regular_file(directory / "data" / kMinariDataFile, ignored) ||
         fs::is_regular_file(directory / kMinariDataFile, ignored);
}

// Appends the datasets at or below `directory` to `found`. `visited` contains
// the directories that were searched before: links may form cycles.
void find_datasets_recursively(const fs::path& directory,
                               std::set<fs::path>& visited,
                               std::vector<fs::path>& found) {
  if (!visited.insert(fs::canonical(directory)).second) {
    return;
  }
  if (is_minari_dataset(directory)) {
    found.push_back(directory);
    return;
  }
  std::vector<fs::path> entries(fs::directory_iterator(directory), {});
  std::ranges::sort(entries);
  for (const fs::path& entry : entries) {
    if (entry.filename().string().starts_with('.')) {
      continue;
    }
    std::error_code ignored;
    if (fs::is_directory(entry, ignored)) {
      find_datasets_recursively(entry, visited, found);
    } else if (entry.extension() == ".hdf5") {
      found.push_back(entry);
    } else if (entry.extension() == ".partial" && data::is_recording(entry)) {
      spdlog::warn(
          "{}: left out: a run of gato-rollout control that was interrupted; "
          "--resume continues it",
          entry.string());
    }
  }
}

}  // namespace

std::vector<fs::path> find_datasets(const fs::path& operand) {
  std::error_code ignored;
  std::vector<fs::path> found;
  if (fs::is_directory(operand, ignored)) {
    std::set<fs::path> visited;
    try {
      find_datasets_recursively(operand, visited, found);
    } catch (const fs::filesystem_error& error) {
      throw base::io_error("{}: cannot search this directory: {}",
                           error.path1().string(), error.code().message());
    }
  }
  if (found.empty()) {
    return {operand};
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> find_all_datasets(
    const std::vector<std::string>& operands) {
  std::vector<std::string> datasets;
  for (const std::string& operand : operands) {
    for (const fs::path& path : find_datasets(operand)) {
      datasets.push_back(path.string());
    }
  }
  return datasets;
}

}  // namespace gato::ingest
