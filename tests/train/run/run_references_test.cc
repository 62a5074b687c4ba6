// Runs whose references to checkpoints are not symbolic links.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/count_occurrences.h"
#include "catch.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/model/model_directory.h"
#include "gato/train/run/checkpoint.h"
#include "train/train_process.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

// Copies a run as cp -rL does, which follows the links.
void copy_following_links(const std::string& from, const std::string& to) {
  fs::copy(from, to, fs::copy_options::recursive);
  for (const char* name : {"latest", "best"}) {
    if (fs::is_symlink(from + "/" + name)) {
      fs::remove_all(to + "/" + name);
      fs::copy(fs::canonical(from + "/" + name), to + "/" + name,
               fs::copy_options::recursive);
    }
  }
  REQUIRE(fs::is_directory(fs::symlink_status(to + "/latest")));
}

int64_t loaded_step(const std::string& path) {
  return train::read_training_state(model::load_model(path).directory).step;
}

}  // namespace

TEST_CASE("A copy of a run whose links have become directories is a run") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run"),
                    copy = fixture.run_path("copy");
  REQUIRE(fixture.train(run, {"--steps", "2"}).status == 0);
  copy_following_links(run, copy);
  CHECK(loaded_step(copy) == 2);
  CHECK(commands::inspect(copy).facts.at("latest").at("step") == 2);
  SECTION("and continues") {
    const RunResult resumed = fixture.train(copy, {"--resume", "--steps", "4"});
    INFO(resumed.err);
    CHECK(resumed.status == 0);
    CHECK(fs::read_symlink(copy + "/latest") == "step-4");
    CHECK(loaded_step(copy) == 4);
  }
  SECTION("and can be replaced") {
    CHECK(fixture.train(copy, {"--force", "--steps", "1"}).status == 0);
    CHECK(fs::read_symlink(copy + "/latest") == "step-1");
    CHECK_FALSE(fs::exists(copy + "/step-2"));
  }
  SECTION("even if the copied link is all that is left") {
    for (const char* name : {"step-2", "metrics.jsonl", "config.toml"}) {
      fs::remove_all(copy + "/" + name);
    }
    CHECK(loaded_step(copy) == 2);
    CHECK(commands::inspect(copy).facts.at("latest").at("step") == 2);
    const RunResult resumed = fixture.train(copy, {"--resume", "--steps", "3"});
    INFO(resumed.err);
    CHECK(resumed.status == 0);
    CHECK_THAT(resumed.err, Contains("resuming from " + copy + "/step-2"));
    CHECK(fs::read_symlink(copy + "/latest") == "step-3");
  }
}

TEST_CASE("Without the link, the newest complete checkpoint counts") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "11", "--save-every", "9"}).status ==
          0);
  fs::remove(run + "/latest");
  CHECK(loaded_step(run) == 11);
  CHECK(commands::inspect(run).facts.at("latest").at("step") == 11);
  fs::remove(run + "/step-11/MANIFEST.json");
  CHECK(loaded_step(run) == 9);
  CHECK(fixture.train(run, {"--resume", "--steps", "10"}).status == 0);
  // Neither does a dangling link prevent it, but a warning says so.
  const auto messages_of_export = [&](const std::string& output) {
    const RunResult ran =
        run_gato_train({"--export", run, "--output", fixture.run_path(output)});
    CHECK(ran.status == 0);
    return ran.err;
  };
  fs::remove(run + "/latest");
  CHECK_THAT(messages_of_export("without"), !Contains(run + "/latest"));
  fs::create_symlink("step-7", run + "/latest");
  CHECK_THAT(messages_of_export("dangling"),
             Contains(run + "/latest: it does not refer to a model") &&
                 Contains(run + "/step-10"));
  CHECK(loaded_step(run) == 10);
}

TEST_CASE("A directory of the user that is called latest is left alone") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  fs::create_directories(run + "/latest/mine");
  const RunResult ran = fixture.train(run, {"--force", "--steps", "1"});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err, Contains("/latest: cannot make a symbolic link"));
  CHECK(fs::exists(run + "/latest/mine"));
  CHECK(loaded_step(run) == 1);
  CHECK(fixture.train(run, {"--resume", "--steps", "2"}).status == 0);
}

TEST_CASE("Where links cannot be made, runs save, rotate, stop and resume") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run"),
                    messages = fixture.folder / "messages";
  const auto train = [&](const std::vector<std::string>& more) {
    TrainProcess process(
        fixture.arguments(run, more),
        {.stderr_path = messages,
         .environment = {{"LD_PRELOAD", GATO_LIMITED_FILE_SYSTEM_LIBRARY},
                         {"GATO_TEST_SYMLINK_ERROR", "EPERM"}}});
    return process.wait();
  };
  const char* background = GENERATE("--quiet", "--asynchronous-save");
  REQUIRE(train({"--steps", "6", "--save-every", "1", "--keep", "2",
                 "--validation", fixture.data_path, "--validate-every", "3",
                 "--keep-best", background}) == 0);
  CHECK(data::list_checkpoint_steps(run) == std::vector<int64_t>{5, 6});
  const std::string log = read_bytes(messages);
  INFO(log);
  CHECK(count_occurrences(
            log, "cannot make a symbolic link: Operation not permitted") == 1);
  CHECK(count_occurrences(log, "was not saved") == 0);
  for (const char* name : {"", "/latest", "/best"}) {
    INFO(name);
    CHECK(loaded_step(run + name) == 6);
    CHECK(model::load_model_config(run + name).context > 0);
  }
  CHECK(read_bytes(run + "/latest") == "step-6\n");
  CHECK(commands::inspect(run).facts.at("latest").at("step") == 6);
  CHECK(commands::inspect(run + "/best").facts.at("step") == 6);
  CHECK(train({"--resume", "--steps", "1000000", "--max-time", "1s"}) == 75);
  CHECK(train({"--force", "--steps", "1"}) == 0);
  CHECK(read_bytes(run + "/latest") == "step-1\n");
  CHECK_FALSE(fs::exists(run + "/best"));
  // On a file system with links again, the files become links.
  REQUIRE(fixture.train(run, {"--resume", "--steps", "2"}).status == 0);
  CHECK(fs::read_symlink(run + "/latest") == "step-2");
}
