#include "gato/rollout/recording.h"

#include <filesystem>

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/rollout/episode_serializer.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;
using Catch::Contains;
using gato::test::ScratchDirectory;

namespace {

namespace fs = std::filesystem;

// A task with an array and a text among its observations.
data::TaskSpec task_spec() {
  data::TaskSpec task = ToyEnvironment(1).spec().task;
  task.observation_fields.push_back(
      make_field("goal", data::Role::text, data::DType::uint8, {}));
  return task;
}

data::Episode sample_episode(int64_t id, int64_t steps) {
  data::Episode episode;
  episode.id = id;
  episode.seed = 1000 + id;
  data::Array states = data::Array::zeros(data::DType::float64, {steps + 1, 3});
  states.set(0, static_cast<double>(id));
  episode.observations = {
      states, std::vector<std::string>(static_cast<size_t>(steps + 1), "go")};
  episode.actions = {data::Array::zeros(data::DType::int64, {steps})};
  episode.rewards.assign(static_cast<size_t>(steps), 0.5);
  episode.terminations.assign(static_cast<size_t>(steps), 0);
  episode.truncations = episode.terminations;
  episode.infos["success"].assign(static_cast<size_t>(steps + 1), 1);
  episode.success = true;
  episode.failed = id == 1;
  episode.failure = episode.failed ? "no reply" : "";
  return episode;
}

}  // namespace

TEST_CASE("An episode is read from a recording as it was") {
  const data::Episode episode = sample_episode(7, 3);
  const std::string bytes = serialize_episode(episode);
  const data::Episode read = parse_episode(bytes, task_spec(), "x");
  REQUIRE(serialize_episode(read) == bytes);
  REQUIRE(read.id == 7);
  REQUIRE(read.seed == 1007);
  REQUIRE(read.success == true);
  REQUIRE(std::get<std::vector<std::string>>(read.observations[1])[3] == "go");
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_THROWS_AS(parse_episode(bytes.substr(0, size), task_spec(), "x"),
                      base::Error);
  }
  REQUIRE_THROWS_AS(parse_episode(bytes, ToyEnvironment(1).spec().task, "x"),
                    base::Error);
}

TEST_CASE("A recording contains the complete episodes after any truncation") {
  const ScratchDirectory folder;
  const std::string path = folder / "out.partial";
  size_t begin = 0, first_end = 0;
  {
    Recording recording(path);
    REQUIRE(recording.start().is_null());
    recording.begin({{"seed", 1}});
    begin = fs::file_size(path);
    recording.append("toy/counter", sample_episode(0, 2), false);
    first_end = fs::file_size(path);
    recording.append("toy/counter", sample_episode(1, 0), true);
  }
  const std::string bytes = base::read_file(path);
  for (size_t size = begin; size <= bytes.size(); ++size) {
    base::write_file(path, bytes.substr(0, size), true);
    const int64_t expected =
        (size >= first_end) + static_cast<int64_t>(size == bytes.size());
    Recording recording(path);
    REQUIRE(recording.episode_count() == expected);
    REQUIRE(recording.start().at("seed") == 1);
    if (expected == 2) {
      REQUIRE(recording.was_retried("toy/counter", 1));
      REQUIRE(recording.read(task_spec(), 1).failed);
      REQUIRE(recording.read(task_spec(), 1).failure == "no reply");
      continue;
    }
    // What follows replaces the incomplete record.
    recording.append("toy/counter", sample_episode(5, 1), false);
    REQUIRE(recording.read(task_spec(), 5).step_count() == 1);
    REQUIRE(recording.episode_count() == expected + 1);
  }
}

TEST_CASE("A recording without episodes is removed") {
  const ScratchDirectory folder;
  const std::string path = folder / "out.partial";
  {
    Recording recording(path);
    recording.begin({});
    recording.set_video("video");
    REQUIRE(fs::exists(path));
  }
  REQUIRE_FALSE(fs::exists(path));
}

TEST_CASE("A corrupt record ends a recording") {
  const ScratchDirectory folder;
  const std::string path = folder / "out.partial";
  size_t begin = 0;
  {
    Recording recording(path);
    recording.begin({});
    begin = fs::file_size(path);
    recording.append("a", sample_episode(0, 2), false);
  }
  const std::string bytes = base::read_file(path);
  for (size_t i = begin; i < bytes.size(); ++i) {
    std::string corrupt = bytes;
    corrupt[i] ^= 0x10;
    base::write_file(path, corrupt, true);
    REQUIRE(Recording(path).episode_count() == 0);
  }
}

TEST_CASE("Only a recording is opened, and by one process at a time") {
  const ScratchDirectory folder;
  for (const std::string content :
       {"mine\n", "{\n", "{}\n", "[1]\n", "{\"kind\": \"gato-tokens\"}\n"}) {
    const std::string path = folder.write_file("mine.partial", content);
    REQUIRE_THROWS_AS(Recording(path), base::Error);
    REQUIRE(base::read_file(path) == content);
  }
  const std::string path = folder / "out.partial";
  Recording recording(path);
  recording.begin({});
  REQUIRE_THROWS_WITH(Recording(path),
                      Contains("another process is recording"));
}
