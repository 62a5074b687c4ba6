// Files on file systems that cannot lock them: programs work, and those that
// lock what they write say once that they go on without a lock.
#include <hdf5.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/count_occurrences.h"
#include "catch.h"
#include "gato/base/string_util.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/data/hdf5/hdf5.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

// Runs programs where no file can be locked.
struct ProgramsWithoutLocks {
  ScratchDirectory folder;
  std::string error;  // ENOLCK ...

  RunResult run(std::vector<std::string> words) const {
    words.front() = GATO_BINARY_DIR "/bin/" + words.front();
    const std::string out = folder / "out.txt", err = folder / "err.txt";
    const int status = std::system(
        fmt::format("LD_PRELOAD={} GATO_TEST_FLOCK_ERROR={} {} >{} 2>{}",
                    base::shell_quote(GATO_LIMITED_FILE_SYSTEM_LIBRARY), error,
                    base::shell_join(words), base::shell_quote(out),
                    base::shell_quote(err))
            .c_str());
    REQUIRE(WIFEXITED(status));
    return {WEXITSTATUS(status), read_bytes(out), read_bytes(err)};
  }
};

// Writes a D4RL file whose rewards, 1 and 2, are those of another file.
void write_virtual_rewards(const std::string& path, const std::string& source) {
  const auto create = [](const std::string& name) {
    data::hdf5::Group root = data::hdf5::create_file(name, name);
    root.write_array("observations",
                     data::Array::zeros(data::DType::float32, {2, 2}));
    root.write_array("actions",
                     data::Array::zeros(data::DType::float32, {2, 1}));
    return root;
  };
  data::hdf5::Group other = create(source);
  other.write("rewards", std::vector<double>{1, 2});
  data::hdf5::close_file(std::move(other));

  data::hdf5::Group root = create(path);
  const hsize_t shape[] = {2};
  {
    const data::hdf5::Handle space(H5Screate_simple(1, shape, nullptr));
    const data::hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    REQUIRE(H5Pset_virtual(creation.id(), space.id(), source.c_str(), "rewards",
                           space.id()) >= 0);
    const data::hdf5::Handle rewards(
        H5Dcreate2(root.id(), "rewards", H5T_NATIVE_DOUBLE, space.id(),
                   H5P_DEFAULT, creation.id(), H5P_DEFAULT));
    REQUIRE(rewards.is_valid());
  }
  data::hdf5::close_file(std::move(root));
}

}  // namespace

TEST_CASE("Where files cannot be locked, runs are trained and resumed") {
  const TrainingFixture fixture;
  const ProgramsWithoutLocks programs{{}, GENERATE("ENOLCK", "EIO")};
  const std::string run = fixture.run_path("run");
  for (const char* steps : {"2", "4"}) {
    std::vector<std::string> words =
        fixture.arguments(run, {"--resume", "--steps", steps});
    words.insert(words.begin(), "gato-train");
    const RunResult ran = programs.run(words);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    CHECK(count_occurrences(ran.err, run + "/.lock: cannot lock it: ") == 1);
    CHECK(count_occurrences(ran.err, "cannot lock") == 1);
  }
  CHECK(data::list_checkpoint_steps(run) == std::vector<int64_t>{2, 4});
  // Where they can be locked again, nothing remains of it.
  CHECK(fixture.train(run, {"--resume", "--steps", "5"}).status == 0);
  CHECK_FALSE(fs::exists(run + "/.lock"));
}

TEST_CASE("Where files cannot be locked, rollouts are stopped and resumed") {
  const ProgramsWithoutLocks programs{{},
                                      GENERATE("ENOLCK", "EOPNOTSUPP", "EIO")};
  const std::string output = programs.folder / "played",
                    complete = programs.folder / "complete";
  const auto play = [&](const std::string& path) {
    const RunResult ran = programs.run(
        {"gato-rollout", "control", "--policy", "random", "--env-command",
         "exec python3 " GATO_SOURCE_DIR "/tests/env/children/child.py",
         "--episodes", "4", "--batch", "1", "--threads", "1", "--no-provenance",
         "--resume", "-o", path});
    INFO(ran.err);
    CHECK(count_occurrences(ran.err, path + ".partial: cannot lock it: ") == 1);
    CHECK(count_occurrences(ran.err, "cannot lock") == 1);
    return ran.status;
  };
  const std::string stop =
      programs.folder.write_file("stop", fmt::format("3 {}", SIGTERM));
  setenv("GATO_TEST_STOP", stop.c_str(), 1);
  CHECK(play(output) == 75);
  unsetenv("GATO_TEST_STOP");
  const RunResult unfinished = programs.run({"gato-info", output + ".partial"});
  CHECK(unfinished.status == 3);
  CHECK_THAT(unfinished.err, Contains("continue it with"));
  CHECK(play(output) == 0);
  CHECK(play(complete) == 0);
  CHECK(read_bytes(output + "/data/main_data.hdf5") ==
        read_bytes(complete + "/data/main_data.hdf5"));
}

TEST_CASE("Where files cannot be locked, HDF5 files are read completely") {
  const ProgramsWithoutLocks programs{{},
                                      GENERATE("ENOLCK", "EOPNOTSUPP", "EIO")};
  const std::string path = programs.folder / "table.h5";
  write_virtual_rewards(path, programs.folder / "rewards.h5");
  const RunResult ran =
      programs.run({"gato-info", "--json", "--max-episode-steps", "2", path});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK(nlohmann::json::parse(ran.out).at("mean_return") == 3);
  CHECK(count_occurrences(ran.err, "cannot lock") == 0);
}
