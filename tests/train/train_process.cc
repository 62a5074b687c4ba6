#include "train/train_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

#include "catch.h"
#include "train/training_fixture.h"

namespace gato::test {
namespace {

template <class Condition>
void wait_until(Condition condition) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 1200 && !condition(); ++i) {
    std::this_thread::sleep_for(50ms);
  }
  REQUIRE(condition());
}

[[noreturn]] void exec_gato_train(std::vector<char*>& argv,
                                  const TrainProcess::Options& options) {
  const int messages =
      open(options.stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(messages, STDERR_FILENO);
  if (options.max_file_bytes > 0) {
    signal(SIGXFSZ, SIG_IGN);  // writes fail instead, as on a full disk
    const rlimit limit{options.max_file_bytes, options.max_file_bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  for (const auto& [name, value] : options.environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

TrainProcess::TrainProcess(std::vector<std::string> arguments,
                           const Options& options) {
  std::vector<std::string> words = options.launcher;
  words.push_back(GATO_BINARY_DIR "/bin/gato-train");
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    exec_gato_train(argv, options);
  }
}

TrainProcess::~TrainProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void TrainProcess::kill(int signal) const { ::kill(pid_, signal); }

int TrainProcess::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<pid_t> TrainProcess::child_pids() const {
  const std::string id = std::to_string(pid_);
  std::ifstream file("/proc/" + id + "/task/" + id + "/children");
  std::vector<pid_t> ids;
  for (pid_t child; file >> child;) {
    ids.push_back(child);
  }
  return ids;
}

void wait_for_file(const std::string& path) {
  wait_until([&] { return std::filesystem::exists(path); });
}

void wait_for_text_in_file(const std::string& path, const std::string& text) {
  wait_until([&] { return read_bytes(path).find(text) != std::string::npos; });
}

}  // namespace gato::test
