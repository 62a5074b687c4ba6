// A folder with data and a configuration so small that a training step takes
// milliseconds.
#pragma once

#include <string>
#include <vector>

#include "cli/run_in_process.h"

namespace gato::test {

struct TrainingFixture {
  ScratchDirectory folder;
  std::string data_path = folder / "data.h5";
  std::string config_path;

  TrainingFixture();
  std::string run_path(const std::string& name) const { return folder / name; }
  // Returns --data, --config, --no-provenance and -o `run`, followed by `more`.
  std::vector<std::string> arguments(const std::string& run,
                                     std::vector<std::string> more = {}) const;
  // Runs gato-train with arguments(run, more).
  RunResult train(const std::string& run,
                  std::vector<std::string> more = {}) const;
};

// Runs gato-train in this process.
RunResult run_gato_train(std::vector<std::string> arguments);

std::string read_bytes(const std::string& path);

}  // namespace gato::test
