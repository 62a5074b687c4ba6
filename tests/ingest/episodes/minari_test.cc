#include "gato/ingest/episodes/minari.h"

#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "cli/run_in_process.h"
#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/ingest/episodes/minari_writer.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;

namespace {

namespace fs = std::filesystem;

const fs::path samples = fs::path(GATO_SOURCE_DIR) / "tests/samples/minari";

std::vector<std::string> names(const std::vector<data::Field>& fields) {
  std::vector<std::string> names;
  for (const data::Field& field : fields) {
    names.push_back(field.name);
  }
  return names;
}

const data::Array& numbers(const data::FieldColumn& column) {
  return std::get<data::Array>(column);
}

}  // namespace

TEST_CASE("A dataset of Minari's collector is read") {
  for (const char* subpath : {"", "data", "data/main_data.hdf5"}) {
    const auto source = open_episodes(samples / "cartpole" / subpath, {});
    REQUIRE(source->episode_count() == 2);
    REQUIRE(source->spec().name == "CartPole-v1");
    REQUIRE(source->spec().domain == "CartPole-v1");
    REQUIRE(source->agent() == "random");
    REQUIRE(names(source->spec().observation_fields) ==
            std::vector<std::string>{"observation"});
    REQUIRE(source->spec().observation_fields[0].role ==
            data::Role::continuous);
    REQUIRE(source->spec().action_fields[0].role == data::Role::discrete);
    REQUIRE(source->spec().action_fields[0].n == std::vector<int64_t>{2});
    const data::Episode episode = source->read_episode(0);
    REQUIRE(episode.step_count() == 12);
    REQUIRE(numbers(episode.observations[0]).shape ==
            std::vector<int64_t>{13, 4});
    REQUIRE(episode.total_reward() == 12);
    REQUIRE(episode.seed == 3);
    REQUIRE(episode.truncations.back() == 1);
  }
}

TEST_CASE(
    "All spaces, nested ones too, and JPEG frames of variable length are "
    "read") {
  const auto source = open_episodes(samples / "spaces", {});
  const data::TaskSpec& spec = source->spec();
  REQUIRE(names(spec.observation_fields) ==
          std::vector<std::string>{"mission", "camera", "dials", "grid", "keys",
                                   "level", "state/_index_0",
                                   "state/_index_1"});
  REQUIRE(names(spec.action_fields) ==
          std::vector<std::string>{"move", "force"});
  REQUIRE(spec.observation_fields[2].start == std::vector<int64_t>{0, 10});
  REQUIRE(spec.observation_fields[3].shape == std::vector<int64_t>{2, 3});
  REQUIRE(spec.observation_fields[5].start == std::vector<int64_t>{-2});
  REQUIRE(std::isinf(spec.observation_fields[6].low[0]));
  REQUIRE(spec.observation_fields[7].low == std::vector<double>{-1, -2});
  REQUIRE(spec.action_fields[1].high == std::vector<double>{2, 2});
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    const data::Episode episode = source->read_episode(i);
    REQUIRE(episode.step_count() == 3);
    const auto& texts =
        std::get<std::vector<std::string>>(episode.observations[0]);
    REQUIRE(texts.size() == 4);
    REQUIRE(texts[1] == "go to the größte wall");
    const data::Array& camera = numbers(episode.observations[1]);
    REQUIRE(camera.shape == std::vector<int64_t>{4, 32, 48, 3});
    // Row 10, column 20 of the last frame was (40, 80, 120).
    const int64_t pixel = ((3 * 32 + 10) * 48 + 20) * 3;
    REQUIRE(std::abs(camera.as_integer(pixel) - 40) < 12);
    REQUIRE(std::abs(camera.as_integer(pixel + 1) - 80) < 12);
    REQUIRE(std::abs(camera.as_integer(pixel + 2) - 120) < 12);
    REQUIRE(episode.infos.at("success") == std::vector<double>{0, 0, 0, 1});
    REQUIRE(episode.success == true);
    REQUIRE(episode.rewards == std::vector<double>{0.5, 1, 1.5});
  }
}

TEST_CASE("JPEG frames of the same length, stored as rows of bytes, are read") {
  const auto source = open_episodes(samples / "frames", {});
  const data::Episode episode = source->read_episode(0);
  const data::Array& frames = numbers(episode.observations[0]);
  REQUIRE(frames.shape == std::vector<int64_t>{3, 32, 32, 3});
  REQUIRE(std::abs(frames.as_integer(0) - 200) < 6);
  REQUIRE(std::abs(frames.as_integer(2) - 50) < 6);
}

TEST_CASE(
    "Nested Dict and Tuple spaces, raw frames and missing end flags are read") {
  const auto source = open_episodes(samples / "nested", {});
  const data::TaskSpec& spec = source->spec();
  REQUIRE(names(spec.observation_fields) ==
          std::vector<std::string>{"_index_0/arm/camera", "_index_0/view",
                                   "_index_1", "_index_0/arm/joints"});
  REQUIRE(spec.observation_fields[0].role == data::Role::image);
  REQUIRE(spec.observation_fields[1].role ==
          data::Role::discrete);  // 7x7 is too small for an image
  REQUIRE(names(spec.action_fields) ==
          std::vector<std::string>{"gripper/_index_0", "gripper/_index_1",
                                   "reach"});
  const data::Episode episode = source->read_episode(0);
  REQUIRE(episode.step_count() == 2);
  // The first and last bytes of numpy's generators 0 and 2, exact.
  const data::Array& camera = numbers(episode.observations[0]);
  REQUIRE(camera.shape == std::vector<int64_t>{3, 32, 32, 3});
  REQUIRE(camera.as_integer(0) == 95);
  REQUIRE(camera.as_integer(camera.size() - 1) == 49);
  const data::Array& view = numbers(episode.observations[1]);
  REQUIRE(view.as_integer(view.size() - 1) == 2);
  REQUIRE(numbers(episode.observations[2]).as_integer(1) == 1);
  REQUIRE(numbers(episode.observations[3]).as_double(5) == -0.5);
  REQUIRE(numbers(episode.actions[0]).as_integer(1) == 1);
  REQUIRE(numbers(episode.actions[1]).as_integer(1) == 2);
  REQUIRE(numbers(episode.actions[2]).as_double(1) == 0.5);
  REQUIRE(episode.terminations == std::vector<uint8_t>{0, 0});
  REQUIRE(episode.truncations == std::vector<uint8_t>{0, 0});
  REQUIRE(episode.total_reward() == 0.75);
}

TEST_CASE(
    "Metadata on the root, as in 0.4, is read, and episodes are in numeric "
    "order") {
  const auto source = open_episodes(samples / "old", {});
  REQUIRE(source->episode_count() == 11);
  REQUIRE(source->read_episode(2).step_count() == 3);
  REQUIRE(source->read_episode(10).id == 10);
  REQUIRE(source->read_episode(1).seed ==
          std::numeric_limits<uint64_t>::max() - 1);
  REQUIRE(std::isinf(source->spec().observation_fields[0].high[0]));
  REQUIRE(source->spec().observation_fields[0].high[1] == 1);
  REQUIRE(source->spec().environment == "CartPole-v1");
}

TEST_CASE("Roles and names can be overridden") {
  EpisodeSourceOptions options;
  options.task = "mine";
  options.domain = "here";
  options.roles = {{"dials", data::Role::continuous}};
  const auto source = open_episodes(samples / "spaces", options);
  REQUIRE(source->spec().name == "mine");
  REQUIRE(source->spec().domain == "here");
  REQUIRE(names(source->spec().observation_fields)[5] == "dials");
  for (const auto& [key, role] :
       {std::pair{"nothing", data::Role::discrete},
        std::pair{"dials", data::Role::text},
        std::pair{"state/_index_0", data::Role::image}}) {
    options.roles = {{key, role}};
    REQUIRE(thrown_error([&] {
              open_episodes(samples / "spaces", options);
            }).status() == base::ExitStatus::usage);
  }
}

TEST_CASE("Totals in the metadata that contradict the file cause warnings") {
  const ScratchDirectory folder;
  const auto notices_of = [&](const char* from, const char* to) {
    const fs::path copy = folder / "copy";
    fs::remove_all(copy);
    fs::copy(samples / "cartpole", copy, fs::copy_options::recursive);
    const fs::path metadata = copy / "data/metadata.json";
    std::string text = base::read_file(metadata);
    text.replace(text.find(from), std::string(from).size(), to);
    base::write_file(metadata, text, true);
    const auto source = open_episodes(copy, {});
    source->read_episode(0);
    // Steps are compared once all episodes have been read.
    CHECK_THAT(fmt::format("{}", fmt::join(source->warnings(), "")),
               !Catch::Contains("total_steps"));
    source->read_episode(1);
    return source->warnings();
  };
  CHECK(notices_of("\"total_steps\": 24", "\"total_steps\": 24").empty());
  CHECK(notices_of("\"total_episodes\": 2", "\"total_episodes\": 1") ==
        std::vector<std::string>{"total_episodes in the metadata is 1, but "
                                 "the file has 2 episodes"});
  CHECK(notices_of("\"total_steps\": 24", "\"total_steps\": 25") ==
        std::vector<std::string>{"total_steps in the metadata is 25, but "
                                 "the episodes have 24 steps"});
}
