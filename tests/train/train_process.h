// gato-train as a child process.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gato::test {

class TrainProcess {
 public:
  struct Options {
    rlim_t max_file_bytes = 0;              // RLIMIT_FSIZE; 0: no limit
    std::string stderr_path = "/dev/null";  // stderr is appended to it
    std::map<std::string, std::string> environment = {};  // added to ours
    std::vector<std::string> launcher = {};               // such as mpirun
  };

  explicit TrainProcess(std::vector<std::string> arguments)
      : TrainProcess(std::move(arguments), Options{}) {}
  TrainProcess(std::vector<std::string> arguments, const Options& options);
  ~TrainProcess();  // kills it
  TrainProcess(const TrainProcess&) = delete;
  TrainProcess& operator=(const TrainProcess&) = delete;

  void kill(int signal) const;
  // Returns the exit status, or 128 + the signal that ended the process.
  int wait();
  // Returns the processes that it has forked, oldest first.
  std::vector<pid_t> child_pids() const;

 private:
  pid_t pid_;
};

// Block until the file exists or contains the text. Fail after a minute.
void wait_for_file(const std::string& path);
void wait_for_text_in_file(const std::string& path, const std::string& text);

}  // namespace gato::test
