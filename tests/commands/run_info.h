// Runs gato-info in the process of the test.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/run_in_process.h"
#include "gato/commands/info/info.h"

namespace gato::test {

inline RunResult run_info(std::vector<std::string> arguments) {
  return run_command("gato-info", commands::info_command(),
                     std::move(arguments));
}

}  // namespace gato::test
