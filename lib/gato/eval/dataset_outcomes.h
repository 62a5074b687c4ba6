// Reads the returns and successes of the episodes in datasets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::eval {

// The outcomes of the episodes in one dataset.
struct DatasetOutcomes {
  std::filesystem::path path;       // as given by the user
  std::filesystem::path hdf5_file;  // the file that was read
  std::string task, domain;
  std::string agent;            // the policy that acted; may be empty
  nlohmann::json provenance;    // null if the dataset has none
  std::vector<double> returns;  // of the episodes that did not fail
  int64_t failed = 0;
  // Counts of the episodes that did not fail and have a success flag.
  int64_t succeeded = 0, with_success_flag = 0;

  int64_t episodes() const { return std::ssize(returns) + failed; }
};

// Reads a dataset of any format that ingest::open_episodes accepts.
// `max_episode_steps` is that of EpisodeSourceOptions. Throws Error(io) if the
// dataset does not exist and Error(bad_input) if it is not a dataset, contains
// no episodes, or has missing or non-finite rewards.
DatasetOutcomes read_dataset_outcomes(const std::filesystem::path& dataset,
                                      int64_t max_episode_steps = 0);

}  // namespace gato::eval
