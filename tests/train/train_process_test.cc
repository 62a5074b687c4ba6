// gato-train as a process that is stopped, killed and resumed.
#include "train/train_process.h"

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "gato/base/random.h"
#include "gato/data/checkpoint_directory.h"
#include "train/training_fixture.h"

using namespace gato::test;

namespace {

// Returns the newest step with a checkpoint. `latest` may lag behind if the
// process was killed.
int64_t newest_checkpoint(const std::string& run) {
  const auto steps = gato::data::list_checkpoint_steps(run);
  return steps.empty() ? 0 : steps.back();
}

}  // namespace

TEST_CASE(
    "A stop signal saves a checkpoint and exits with 75, and --resume "
    "continues") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  for (int signal : {SIGTERM, SIGUSR1, SIGINT}) {
    std::filesystem::remove(run + "/metrics.jsonl");
    TrainProcess process(
        fixture.arguments(run, {"--resume", "--save-every", "1000000"}));
    wait_for_file(run + "/metrics.jsonl");
    process.kill(signal);
    CHECK(process.wait() == 75);
    CHECK(std::filesystem::exists(run + "/latest/MANIFEST.json"));
  }
  TrainProcess process(
      fixture.arguments(run, {"--resume", "--max-time", "1s"}));
  CHECK(process.wait() == 75);
}

TEST_CASE(
    "A run killed at fifty random moments ends as if it had never been "
    "killed") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run"),
                    uninterrupted = fixture.run_path("uninterrupted");
  gato::base::RandomStream random(1);
  int64_t reached = 0;  // step of the newest checkpoint
  int resumed = 0;      // processes that resumed and saved a checkpoint
  // Grows on a busy machine until processes live long enough to save.
  uint64_t window_ms = 500;
  for (int i = 0; i < 50; ++i) {
    // About half the time is spent writing checkpoints, so that many processes
    // are killed while writing. Every other process writes in the background.
    std::vector<std::string> options = {"--resume", "--steps", "100000",
                                        "--save-every", "1"};
    if (i % 2 == 1) {
      options.emplace_back("--asynchronous-save");
    }
    TrainProcess process(fixture.arguments(run, options));
    if (i == 0) {
      wait_for_file(run + "/latest");
    }
    std::this_thread::sleep_for(
        std::chrono::milliseconds(100 + random.uniform_int(window_ms)));
    process.kill(SIGKILL);
    CHECK(process.wait() == 128 + SIGKILL);
    const int64_t newest = newest_checkpoint(run);
    const std::string log = read_bytes(run + "/log.txt");
    CHECK(newest >= reached);
    if (reached > 0 && newest > reached) {
      ++resumed;
      CHECK_THAT(log, Catch::Contains("resuming from " + run + "/step-" +
                                      std::to_string(reached)));
    }
    CHECK_THAT(log, !Catch::Contains("is incomplete or corrupt"));
    window_ms += newest == reached ? 100 : 0;
    reached = newest;
  }
  CHECK(resumed > 0);
  const std::string steps = std::to_string(reached + 5);
  REQUIRE(fixture.train(run, {"--resume", "--steps", steps}).status == 0);
  REQUIRE(fixture.train(uninterrupted, {"--steps", steps}).status == 0);
  CHECK(read_bytes(run + "/latest/model.safetensors") ==
        read_bytes(uninterrupted + "/latest/model.safetensors"));
}

TEST_CASE(
    "Leftovers of a run that was killed at its start do not prevent a new "
    "run") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  std::filesystem::create_directory(run);
  for (const char* name : {".lock", ".metrics.jsonl.tmp-other-1-0"}) {
    std::ofstream(run + "/" + name).put('x');
  }
  REQUIRE(fixture.train(run, {"--resume", "--steps", "1"}).status == 0);
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    CHECK(entry.path().filename().string()[0] != '.');
  }
}

TEST_CASE("Two processes cannot train in the same directory") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  TrainProcess first(fixture.arguments(run));
  wait_for_file(run + "/metrics.jsonl");
  TrainProcess second(fixture.arguments(run, {"--resume"}));
  CHECK(second.wait() == 2);
  first.kill(SIGTERM);
  CHECK(first.wait() == 75);
}

TEST_CASE("A checkpoint that cannot be written does not end the training") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  constexpr rlim_t kMaxFileBytes = 64 << 10;  // the weights alone are 130 KiB
  std::vector<std::string> options = {"--steps", "6", "--save-every", "2"};
  if (GENERATE(false, true)) {
    options.emplace_back("--asynchronous-save");
  }
  TrainProcess process(fixture.arguments(run, options),
                       {.max_file_bytes = kMaxFileBytes});
  CHECK(process.wait() == 4);  // the final checkpoint fails too
  CHECK_THAT(read_bytes(run + "/log.txt"),
             Catch::Contains("step 2 was not saved") &&
                 Catch::Contains("step 4 was not saved"));
  CHECK_THAT(read_bytes(run + "/metrics.jsonl"), Catch::Contains("\"step\":6"));
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    CHECK_THAT(entry.path().filename().string(), !Catch::Contains("step"));
  }
}
