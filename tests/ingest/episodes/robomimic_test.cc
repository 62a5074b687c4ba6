#include "gato/ingest/episodes/robomimic.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "cli/run_in_process.h"
#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/ingest/episodes/usable_episodes.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

// Demo i has 1 + i % 3 steps. Step t has the position (i, t, 0.5), an image of
// the color (10 i, t, 200), and the action (t / 4, -1, i / 16)
// (make_robomimic_samples.py).
const fs::path samples = fs::path(GATO_SOURCE_DIR) / "tests/samples/robomimic";
const fs::path image = samples / "image.hdf5";

const data::Array& numbers(const data::FieldColumn& column) {
  return std::get<data::Array>(column);
}

std::vector<int64_t> ids(EpisodeSource& source) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    ids.push_back(source.read_episode(i).id);
  }
  return ids;
}

// Writes a file with the group /data/demo_0 of two steps, to which `change`
// adds.
template <class Change>
std::string file_of(const ScratchDirectory& folder, Change change) {
  const std::string path = folder / "a.hdf5";
  fs::remove(path);
  data::hdf5::Group root = data::hdf5::create_file(path, path);
  data::hdf5::Group demo = root.create_group("data").create_group("demo_0");
  demo.write_array("actions", data::Array::zeros(data::DType::float64, {2, 3}));
  change(root, demo);
  data::hdf5::close_file(std::move(root));
  return path;
}

}  // namespace

TEST_CASE("A robomimic file is read, demonstrations in numeric order") {
  const auto source = open_episodes(image, {});
  const data::TaskSpec& spec = source->spec();
  CHECK(spec.name == "Lift");
  CHECK(spec.environment == "Lift");
  CHECK(spec.domain == "robosuite");
  CHECK(source->agent() == "image");
  REQUIRE(spec.observation_fields.size() == 2);
  CHECK(spec.observation_fields[0].name == "agentview_image");
  CHECK(spec.observation_fields[0].role == data::Role::image);
  CHECK(spec.observation_fields[1].name == "robot0_eef_pos");
  CHECK(spec.observation_fields[1].role == data::Role::continuous);
  CHECK(spec.action_fields.at(0).low == std::vector<double>{-1, -1, -1});
  CHECK(ids(*source) ==
        std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(source->warnings().empty());

  const data::Episode episode = source->read_episode(11);
  REQUIRE(episode.step_count() == 3);
  const data::Array& position = numbers(episode.observations[1]);
  // The last row comes from next_obs.
  CHECK(position.shape == std::vector<int64_t>{4, 3});
  CHECK(position.as_double(3 * 3) == 11);
  CHECK(position.as_double(3 * 3 + 1) == 3);
  const data::Array& image = numbers(episode.observations[0]);
  CHECK(image.shape == std::vector<int64_t>{4, 16, 16, 3});
  CHECK(image.as_integer(0) == 110);
  CHECK(image.as_integer(image.size() - 2) == 3);
  CHECK(image.as_integer(image.size() - 1) == 200);
  CHECK(numbers(episode.actions[0]).as_double(2 * 3) == 0.5);
  CHECK(episode.rewards == std::vector<double>{0, 0, 1});
  CHECK(episode.terminations == std::vector<uint8_t>{0, 0, 1});
  CHECK(episode.truncations == std::vector<uint8_t>{0, 0, 0});
}

TEST_CASE("A sparse reward says whether an episode succeeded") {
  const auto source = open_episodes(image, {});
  CHECK(source->read_episode(0).success == true);
  const data::Episode failure = source->read_episode(3);
  CHECK(failure.success == false);
  CHECK(failure.terminations == std::vector<uint8_t>{0});
  CHECK(failure.truncations == std::vector<uint8_t>{1});
}

TEST_CASE("Rewards, dones, next_obs and env_args may be missing") {
  const auto source = open_episodes(samples / "real.hdf5", {});
  CHECK(source->spec().name == "real");
  CHECK(source->spec().domain == "robomimic");
  REQUIRE(source->episode_count() == 2);
  const data::Episode episode = source->read_episode(1);
  CHECK(episode.rewards.empty());
  CHECK(std::isnan(episode.total_reward()));
  CHECK(numbers(episode.observations[0]).shape == std::vector<int64_t>{2, 3});
  CHECK(episode.truncations == std::vector<uint8_t>{0, 1});
  CHECK_FALSE(episode.success);
}

TEST_CASE("A mask selects demonstrations") {
  EpisodeSourceOptions options;
  options.mask = "valid";
  const auto source = open_episodes(image, options);
  CHECK(ids(*source) == std::vector<int64_t>{1, 2, 10});
  CHECK(source->masked_episode_count() == 9);
  options.mask = "test";
  const base::Error error =
      thrown_error([&] { open_episodes(image, options); });
  CHECK(error.status() == base::ExitStatus::usage);
  CHECK_THAT(error.what(), Contains("train, valid"));
}

TEST_CASE("An empty mask excludes all demonstrations") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto& root, auto& demo) {
    demo.create_group("obs").write("x", std::vector<double>{0, 1});
    root.create_group("mask").write_texts("valid", {});
  });
  EpisodeSourceOptions options;
  options.mask = "valid";
  const auto source = open_episodes(path, options);
  CHECK(source->episode_count() == 0);
  CHECK(source->masked_episode_count() == 1);
  CHECK(source->spec().observation_fields.at(0).name == "x");
}

TEST_CASE("Groups without a number cause warnings") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto& root, auto& demo) {
    demo.create_group("obs").write("x", std::vector<double>{0, 1});
    root.group("data").create_group("demo_x");
    root.group("data").set_attribute("total", int64_t{9});
  });
  const auto source = open_episodes(path, {});
  CHECK(source->episode_count() == 1);
  REQUIRE(source->warnings().size() == 2);
  CHECK(source->warnings()[0] ==
        "data: 'demo_x' is not a demo_<i> and is ignored");
  CHECK_THAT(source->warnings()[1], Contains("total is 9"));
}

TEST_CASE("The numbers of demonstrations may have leading zeros") {
  const ScratchDirectory folder;
  const std::string path = folder / "a.hdf5";
  const auto write = [&path](const std::vector<std::string>& names) {
    fs::remove(path);
    data::hdf5::Group root = data::hdf5::create_file(path, path);
    data::hdf5::Group data = root.create_group("data");
    for (const std::string& name : names) {
      data::hdf5::Group demo = data.create_group(name);
      demo.write_array("actions",
                       data::Array::zeros(data::DType::float64, {2, 3}));
      demo.create_group("obs").write("x", std::vector<double>{0, 1});
    }
    root.create_group("mask").write_texts("valid", {"demo_02", "demo_10"});
    data::hdf5::close_file(std::move(root));
  };
  write({"demo_10", "demo_02", "demo_00"});
  CHECK(ids(*open_episodes(path, {})) == std::vector<int64_t>{0, 2, 10});
  EpisodeSourceOptions options;
  options.mask = "valid";
  CHECK(ids(*open_episodes(path, options)) == std::vector<int64_t>{2, 10});

  write({"demo_02", "demo_2"});
  CHECK_THAT(thrown_error([&] { open_episodes(path, {}); }).what(),
             Contains(path) &&
                 Contains("'demo_02' and 'demo_2' have the same number: rename "
                          "or remove one of them"));
  write({"demo_x", "other"});
  CHECK_THAT(
      thrown_error([&] { open_episodes(path, {}); }).what(),
      Contains(path) &&
          Contains("found 'demo_x', 'other' but no group named demo_<i>"));
}

TEST_CASE("Texts are read as observations") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto&, data::hdf5::Group& demo) {
    demo.create_group("obs").write_texts("language", {"lift", "lift it"});
    demo.create_group("next_obs").write_texts("language", {"lift it", "stop"});
  });
  const auto source = open_episodes(path, {});
  CHECK(source->spec().observation_fields.at(0).role == data::Role::text);
  CHECK(std::get<std::vector<std::string>>(
            source->read_episode(0).observations[0]) ==
        std::vector<std::string>{"lift", "lift it", "stop"});
}

TEST_CASE("Without next_obs of every key the final observation is unknown") {
  const ScratchDirectory folder;
  const auto write = [](data::hdf5::Group group, double first,
                        std::vector<const char*> keys) {
    for (const char* key : keys) {
      data::Array values = data::Array::zeros(data::DType::float64, {2, 1});
      values.set(0, first);
      group.write_array(key, values);
    }
  };
  const std::string path = file_of(folder, [&](auto&, auto& demo) {
    write(demo.create_group("obs"), 3, {"x", "y"});
    write(demo.create_group("next_obs"), 4, {"y"});
  });
  const auto source = open_episodes(path, {});
  UsableEpisodes episodes(*source);
  const auto usable = episodes.next();
  REQUIRE(usable.value);
  usable.value->deferred_reads->run(*usable.value->episode);
  for (const data::FieldColumn& column : usable.value->episode->observations) {
    CHECK(numbers(column).shape == std::vector<int64_t>{2, 1});
    CHECK(numbers(column).as_double(0) == 3);
  }
  CHECK(episodes.counts().without_final_observation == 1);
}

TEST_CASE("Incomplete robomimic files are rejected") {
  const ScratchDirectory folder;
  const auto message = [&](auto change) {
    const std::string path = file_of(folder, change);
    const base::Error error =
        thrown_error([&] { open_episodes(path, {})->read_episode(0); });
    CHECK(error.status() == base::ExitStatus::bad_input);
    CHECK_THAT(error.what(), Contains(path));
    return std::string(error.what());
  };
  const auto with_obs = [](data::hdf5::Group& demo, int64_t rows) {
    demo.create_group("obs").write_array(
        "x", data::Array::zeros(data::DType::float64, {rows}));
  };
  CHECK_THAT(message([](auto&, auto&) {}),
             Contains("dataset_states_to_obs.py"));
  CHECK_THAT(message([&](auto&, auto& demo) { with_obs(demo, 5); }),
             Contains("x has 5 rows for 2 steps"));
  CHECK_THAT(message([&](auto&, auto& demo) {
               with_obs(demo, 2);
               demo.set_attribute("num_samples", int64_t{3});
             }),
             Contains("2 actions, but num_samples is 3"));
  CHECK_THAT(message([&](auto&, auto& demo) {
               with_obs(demo, 2);
               demo.write("rewards", std::vector<double>{1});
             }),
             Contains("rewards has 1 values for 2 steps"));
  CHECK_THAT(message([&](auto& root, auto& demo) {
               with_obs(demo, 2);
               root.group("data").set_attribute("env_args", "{");
             }),
             Contains("env_args"));
}

TEST_CASE("Demonstrations must have the keys of the first one") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto& root, auto& demo) {
    demo.create_group("obs").write("x", std::vector<double>{0, 1});
    data::hdf5::Group other = root.group("data").create_group("demo_1");
    other.write_array("actions",
                      data::Array::zeros(data::DType::float64, {2, 3}));
    data::hdf5::Group obs = other.create_group("obs");
    obs.write("x", std::vector<double>{0, 1});
    obs.write("y", std::vector<double>{0, 1});
    root.group("data").set_attribute("total", int64_t{9});
  });
  const auto source = open_episodes(path, {});
  CHECK(source->read_episode(0).step_count() == 2);
  CHECK_THAT(thrown_error([&] { source->read_episode(1); }).what(),
             Contains("the key 'y' is not in demo_0"));
  CHECK_THAT(source->warnings().at(0), Contains("total is 9 steps"));
}

TEST_CASE("Impossible step counts cause warnings and are not added up") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto& root, auto& demo) {
    root.group("data").set_attribute("total", int64_t{2});
    demo.create_group("obs").write("x", std::vector<double>{0, 1});
    demo.set_attribute("num_samples", int64_t{2});
    data::hdf5::Group other = root.group("data").create_group("demo_1");
    other.set_attribute("num_samples", std::numeric_limits<int64_t>::max());
  });
  CHECK_THAT(
      open_episodes(path, {})->warnings().at(0),
      Contains("demo_1: the attribute num_samples is 9223372036854775807"));
}

TEST_CASE("The first demonstration with a step determines the keys") {
  const ScratchDirectory folder;
  const std::string path = folder / "a.hdf5";
  data::hdf5::Group root = data::hdf5::create_file(path, path);
  data::hdf5::Group data = root.create_group("data");
  for (int64_t i = 0; i < 2; ++i) {
    data::hdf5::Group demo = data.create_group("demo_" + std::to_string(i));
    demo.write_array("actions",
                     data::Array::zeros(data::DType::float64, {i, 3}));
    data::hdf5::Group obs = demo.create_group("obs");
    if (i > 0) {
      obs.write("x", std::vector<double>{0});
    }
  }
  data::hdf5::close_file(std::move(root));
  const auto source = open_episodes(path, {});
  CHECK(source->spec().observation_fields.at(0).name == "x");
  CHECK(source->read_episode(1).step_count() == 1);
}

TEST_CASE("Arrays of the same size but another shape are rejected") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto& root, auto& demo) {
    demo.create_group("obs").write_array(
        "x", data::Array::zeros(data::DType::float64, {2, 2, 3}));
    for (int64_t i = 1; i < 3; ++i) {
      data::hdf5::Group other =
          root.group("data").create_group("demo_" + std::to_string(i));
      other.write_array("actions",
                        data::Array::zeros(data::DType::float64, {2, 3}));
      other.create_group("obs").write_array(
          "x", i == 1 ? data::Array::zeros(data::DType::float64, {2, 3, 2})
                      : data::Array::zeros(data::DType::float64, {2, 6}));
    }
  });
  const auto source = open_episodes(path, {});
  CHECK_THAT(thrown_error([&] { source->read_episode(1); }).what(),
             Contains("the shape is [2, 3, 2], but the space is [2, 3]"));
  CHECK(numbers(source->read_episode(2).observations[0]).shape ==
        std::vector<int64_t>{2, 2, 3});
}

TEST_CASE("Flags that are NaN and counts that do not match are rejected") {
  const ScratchDirectory folder;
  const auto message = [&](auto change) {
    const std::string path = file_of(folder, [&](auto&, auto& demo) {
      demo.create_group("obs").write("x", std::vector<double>{0, 1});
      change(demo);
    });
    return std::string(
        thrown_error([&] { open_episodes(path, {})->read_episode(0); }).what());
  };
  CHECK_THAT(message([](auto& demo) {
               demo.write("dones",
                          std::vector<double>{
                              0, std::numeric_limits<double>::quiet_NaN()});
             }),
             Contains("dones: step 1 is NaN"));
  CHECK_THAT(
      message([](auto& demo) { demo.set_attribute("num_samples", 3.0); }),
      Contains("2 actions, but num_samples is 3"));
}

TEST_CASE("Keys that are not UTF-8 are rejected") {
  const ScratchDirectory folder;
  const std::string path = file_of(folder, [](auto&, auto& demo) {
    demo.create_group("obs").write("gr\xF6\xDF", std::vector<double>{0, 1});
  });
  const base::Error error = thrown_error([&] { open_episodes(path, {}); });
  CHECK(error.status() == base::ExitStatus::bad_input);
  CHECK_THAT(error.what(), Contains(path) && Contains("gr\\xf6\\xdf"));
}
