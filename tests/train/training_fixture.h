// A folder with data and a configuration that gato-train needs milliseconds
// a step for.
#pragma once

#include <string>
#include <vector>

#include "cli/run_in_process.h"

namespace gato::test {

struct TrainingFixture {
  TemporaryFolder folder;
  std::string data = folder / "data.h5";
  std::string config;

  TrainingFixture();
  std::string run(const std::string& name) const { return folder / name; }
  // --data, --config, -o RUN, --no-provenance, and then `more`.
  std::vector<std::string> arguments(const std::string& run,
                                     std::vector<std::string> more = {}) const;
  // gato-train with these.
  Ran train(const std::string& run, std::vector<std::string> more = {}) const;
};

// gato-train with these arguments, within the process.
Ran gato_train(std::vector<std::string> arguments);

std::string read_bytes(const std::string& path);

}  // namespace gato::test
