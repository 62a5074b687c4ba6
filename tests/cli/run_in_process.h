// Runs a cli::Tool within the test's process and catches what it says.
#pragma once

#include <string>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/cli/tool.h"

namespace gato::test {

struct RunResult {
  int status;
  std::string out, err;
};

// `arguments` without the program's name. stdout and stderr of the process are
// files meanwhile; `stdout_path` names another file for stdout, /dev/full say.
RunResult run_in_process(const cli::Tool& tool,
                         std::vector<std::string> arguments,
                         const std::string& stdout_path = "");

// A folder that is removed with what is in it.
class ScratchDirectory {
 public:
  std::string operator/(const std::string& name) const {
    return directory_.path().string() + "/" + name;
  }
  // Writes a file and returns its path.
  std::string write_file(const std::string& name,
                         const std::string& text) const;

 private:
  base::TemporaryDirectory directory_{"gato-test"};
};

}  // namespace gato::test
