#include "cli/run_in_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace gato::test {
namespace {

// Redirects a descriptor to a file as long as it is alive.
class ScopedRedirection {
 public:
  ScopedRedirection(int descriptor, const std::string& path)
      : descriptor_(descriptor), saved_(dup(descriptor)) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) {
      throw std::runtime_error("cannot open " + path);
    }
    dup2(file, descriptor);
    close(file);
  }
  ~ScopedRedirection() {
    dup2(saved_, descriptor_);
    close(saved_);
  }
  ScopedRedirection(const ScopedRedirection&) = delete;
  ScopedRedirection& operator=(const ScopedRedirection&) = delete;

 private:
  int descriptor_, saved_;
};

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

RunResult run_in_process(const cli::Tool& tool,
                         std::vector<std::string> arguments,
                         const std::string& stdout_path) {
  const ScratchDirectory folder;
  const std::string out = stdout_path.empty() ? folder / "out" : stdout_path;
  arguments.insert(arguments.begin(), tool.name);
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  std::cout.flush();
  std::fflush(stdout);
  RunResult result;
  {
    const ScopedRedirection to_out(STDOUT_FILENO, out);
    const ScopedRedirection to_err(STDERR_FILENO, folder / "err");
    result.status = cli::run(tool, static_cast<int>(argv.size()), argv.data());
    std::cout.clear();
    std::clearerr(stdout);
  }
  if (stdout_path.empty()) {
    result.out = read_text(out);
  }
  result.err = read_text(folder / "err");
  return result;
}

RunResult run_command(const std::string& program, cli::Command command,
                      std::vector<std::string> arguments) {
  if (!command.name.empty()) {
    arguments.insert(arguments.begin(), command.name);
  }
  return run_in_process({program, "", "", {std::move(command)}, {}},
                        std::move(arguments));
}

std::string ScratchDirectory::write_file(const std::string& name,
                                         const std::string& text) const {
  std::string path = *this / name;
  std::ofstream(path) << text;
  return path;
}

}  // namespace gato::test
