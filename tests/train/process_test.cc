// gato-train as a process: stopped, killed, submitted again.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "train/training_fixture.h"

using namespace gato::test;

namespace {

class Process {
 public:
  // A file may grow to `largest_file` bytes; 0: to any size.
  explicit Process(std::vector<std::string> arguments,
                   rlim_t largest_file = 0) {
    arguments.insert(arguments.begin(), GATO_BINARY_DIR "/bin/gato-train");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      const int null = open("/dev/null", O_WRONLY);
      dup2(null, STDERR_FILENO);
      if (largest_file > 0) {
        signal(SIGXFSZ, SIG_IGN);  // writes fail instead, as on a full disk
        const rlimit limit{largest_file, largest_file};
        setrlimit(RLIMIT_FSIZE, &limit);
      }
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~Process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  void kill(int signal) const { ::kill(pid_, signal); }
  // The exit status, or 128 + the signal that ended it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

void wait_for(const std::string& path) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 1200 && !std::filesystem::exists(path); ++i) {
    std::this_thread::sleep_for(50ms);
  }
  REQUIRE(std::filesystem::exists(path));
}

}  // namespace

TEST_CASE("asked to stop, it saves, exits 75, and goes on with --resume") {
  const TrainingFixture fixture;
  const std::string run = fixture.run("run");
  for (int signal : {SIGTERM, SIGUSR1, SIGINT}) {
    std::filesystem::remove(run + "/metrics.jsonl");
    Process process(
        fixture.arguments(run, {"--resume", "--save-every", "1000000"}));
    wait_for(run + "/metrics.jsonl");
    process.kill(signal);
    CHECK(process.wait() == 75);
    CHECK(std::filesystem::exists(run + "/latest/MANIFEST.json"));
  }
  Process process(fixture.arguments(run, {"--resume", "--max-time", "1s"}));
  CHECK(process.wait() == 75);
}

TEST_CASE("killed at any moment, it goes on from the last checkpoint") {
  const TrainingFixture fixture;
  const std::string run = fixture.run("run"), whole = fixture.run("whole");
  for (int i = 0; i < 3; ++i) {
    Process process(fixture.arguments(
        run, {"--resume", "--steps", "100000", "--save-every", "3"}));
    wait_for(run + "/latest");
    std::this_thread::sleep_for(std::chrono::milliseconds(37 * i));
    process.kill(SIGKILL);
    CHECK(process.wait() == 128 + SIGKILL);
  }
  const std::string last = std::filesystem::read_symlink(run + "/latest");
  const std::string steps = std::to_string(std::stoll(last.substr(5)) + 5);
  REQUIRE(fixture.train(run, {"--resume", "--steps", steps}).status == 0);
  REQUIRE(fixture.train(whole, {"--steps", steps}).status == 0);
  CHECK(read_bytes(run + "/latest/model.safetensors") ==
        read_bytes(whole + "/latest/model.safetensors"));
}

TEST_CASE("two processes do not train in one directory") {
  const TrainingFixture fixture;
  const std::string run = fixture.run("run");
  Process first(fixture.arguments(run));
  wait_for(run + "/metrics.jsonl");
  Process second(fixture.arguments(run, {"--resume"}));
  CHECK(second.wait() == 2);
  first.kill(SIGTERM);
  CHECK(first.wait() == 75);
}

TEST_CASE("a checkpoint that cannot be written does not end the training") {
  const TrainingFixture fixture;
  const std::string run = fixture.run("run");
  constexpr rlim_t too_small = 64 << 10;  // the weights alone are 130 KiB
  Process process(fixture.arguments(run, {"--steps", "6", "--save-every", "2"}),
                  too_small);
  CHECK(process.wait() == 4);  // as the last one is due, and fails too
  CHECK_THAT(read_bytes(run + "/log.txt"),
             Catch::Contains("step 2 was not saved") &&
                 Catch::Contains("step 4 was not saved"));
  CHECK_THAT(read_bytes(run + "/metrics.jsonl"), Catch::Contains("\"step\":6"));
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    CHECK_THAT(entry.path().filename().string(), !Catch::Contains("step"));
  }
}
