// What episodes were worth, a dataset at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato {

// The episodes of one dataset.
struct TaskOutcomes {
  std::filesystem::path path;
  std::string task, domain;
  std::string source;           // the agent; may be empty
  nlohmann::json provenance;    // null where the dataset carries none
  std::vector<double> returns;  // of the episodes that did not fail
  int64_t failed = 0;
  // Over episodes that did not fail and say whether they succeeded.
  int64_t succeeded = 0, judged = 0;

  int64_t episodes() const {
    return static_cast<int64_t>(returns.size()) + failed;
  }
};

// Reads a Minari dataset. Errors: io (missing), bad_input (no dataset, no
// episodes, no rewards, a reward that is no finite number).
TaskOutcomes read_outcomes(const std::filesystem::path& dataset);

}  // namespace gato
