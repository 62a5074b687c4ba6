// A folder with data and a configuration that gato-train needs milliseconds
// a step for.
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
  // --data, --config, -o RUN, --no-provenance, and then `more`.
  std::vector<std::string> arguments(const std::string& run,
                                     std::vector<std::string> more = {}) const;
  // gato-train with these.
  RunResult train(const std::string& run,
                  std::vector<std::string> more = {}) const;
};

// gato-train with these arguments, within the process.
RunResult run_gato_train(std::vector<std::string> arguments);

std::string read_bytes(const std::string& path);

}  // namespace gato::test
