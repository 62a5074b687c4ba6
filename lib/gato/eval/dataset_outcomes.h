// What episodes were worth, a dataset at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::eval {

// The episodes of one dataset.
struct DatasetOutcomes {
  std::filesystem::path path;       // as it was named
  std::filesystem::path hdf5_file;  // its HDF5 file
  std::string task, domain;
  std::string agent;            // the agent; may be empty
  nlohmann::json provenance;    // null where the dataset carries none
  std::vector<double> returns;  // of the episodes that did not fail
  int64_t failed = 0;
  // Over episodes that did not fail and say whether they succeeded.
  int64_t succeeded = 0, with_success_flag = 0;

  int64_t episodes() const {
    return static_cast<int64_t>(returns.size()) + failed;
  }
};

// The datasets of an operand: itself, or where it is a folder that is none, all
// that lie in it at any depth, as gato-rollout writes several tasks; in order
// of their paths. What begins with a dot is left out. A path that leads to none
// is returned, for the reader to complain about.
std::vector<std::filesystem::path> find_datasets(
    const std::filesystem::path& operand);

// Reads what open_episodes opens. Errors: io (missing), bad_input (no dataset,
// no episodes, no rewards, a reward that is no finite number).
// `max_episode_steps` as in EpisodeSourceOptions.
DatasetOutcomes read_dataset_outcomes(const std::filesystem::path& dataset,
                                      int64_t max_episode_steps = 0);

}  // namespace gato::eval
