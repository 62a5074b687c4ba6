// Runs a cli::Tool within the process of the test and captures its output.
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

// Runs the tool and returns its exit status and output. `arguments` do not
// include the program's name. stdout and stderr of the process are redirected
// to files meanwhile. If `stdout_path` is not empty, stdout is redirected to
// that file, for example /dev/full, and is not returned.
RunResult run_in_process(const cli::Tool& tool,
                         std::vector<std::string> arguments,
                         const std::string& stdout_path = "");

// Runs a program that consists of one command, with the command's name, if it
// has one, before `arguments`.
RunResult run_command(const std::string& program, cli::Command command,
                      std::vector<std::string> arguments);

// A temporary directory that is removed together with its content.
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
