// gato-train as a process of its own.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gato::test {

class Process {
 public:
  struct Options {
    rlim_t largest_file = 0;  // bytes that a file may grow to; 0: any number
    std::string messages = "/dev/null";  // the file that takes stderr
    std::map<std::string, std::string> environment = {};  // added to that of us
    std::vector<std::string> launcher = {};  // words before the program
  };

  explicit Process(std::vector<std::string> arguments)
      : Process(std::move(arguments), Options{}) {}
  Process(std::vector<std::string> arguments, const Options& options);
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void kill(int signal) const;
  // The exit status, or 128 + the signal that ended it.
  int wait();
  // Those that it has started, in that order.
  std::vector<pid_t> children() const;

 private:
  pid_t pid_;
};

// Within a minute.
void wait_for(const std::string& path);
void wait_for_text(const std::string& path, const std::string& text);

}  // namespace gato::test
