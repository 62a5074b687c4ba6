// gato-train as a process of its own.
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
    rlim_t max_file_bytes = 0;  // bytes that a file may grow to; 0: any number
    std::string stderr_path = "/dev/null";  // the file that takes stderr
    std::map<std::string, std::string> environment = {};  // added to that of us
    std::vector<std::string> launcher = {};  // words before the program
  };

  explicit TrainProcess(std::vector<std::string> arguments)
      : TrainProcess(std::move(arguments), Options{}) {}
  TrainProcess(std::vector<std::string> arguments, const Options& options);
  ~TrainProcess();  // kills it
  TrainProcess(const TrainProcess&) = delete;
  TrainProcess& operator=(const TrainProcess&) = delete;

  void kill(int signal) const;
  // The exit status, or 128 + the signal that ended it.
  int wait();
  // Those that it has started, in that order.
  std::vector<pid_t> child_pids() const;

 private:
  pid_t pid_;
};

// Within a minute.
void wait_for_file(const std::string& path);
void wait_for_text_in_file(const std::string& path, const std::string& text);

}  // namespace gato::test
