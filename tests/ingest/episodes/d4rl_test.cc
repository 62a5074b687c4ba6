#include "gato/ingest/episodes/d4rl.h"

#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "cli/run_in_process.h"
#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

namespace fs = std::filesystem;

// Row i has the observation (i, -i, i/2), the action ((i % 5 - 2) / 2, i / 16)
// and the reward i (make_d4rl_samples.py).
const fs::path samples = fs::path(GATO_SOURCE_DIR) / "tests/samples/d4rl";
const fs::path current = samples / "hopper_medium-v2.hdf5";
const fs::path old = samples / "maze2d-umaze-v0.hdf5";

const data::Array& numbers(const data::FieldColumn& column) {
  return std::get<data::Array>(column);
}

std::vector<double> row(const data::FieldColumn& column, int64_t i) {
  const data::Array row = numbers(column).row(i);
  std::vector<double> values;
  for (int64_t j = 0; j < row.size(); ++j) {
    values.push_back(row.as_double(j));
  }
  return values;
}

std::vector<int64_t> lengths(EpisodeSource& source) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    lengths.push_back(source.read_episode(i).step_count());
  }
  return lengths;
}

// Writes a table of `rows` rows with these additional datasets.
struct Table {
  Table(const std::string& path, int64_t rows)
      : root(data::hdf5::create_file(path, path)) {
    data::Array observations =
        data::Array::zeros(data::DType::float32, {rows, 2});
    data::Array actions = data::Array::zeros(data::DType::float32, {rows, 1});
    root.write_array("observations", observations);
    root.write_array("actions", actions);
  }
  ~Table() { data::hdf5::close_file(std::move(root)); }
  data::hdf5::Group root;
};

}  // namespace

TEST_CASE("A D4RL table is split after terminals and timeouts") {
  const auto source = open_episodes(current, {});
  REQUIRE(source->spec().name == "hopper_medium-v2");
  REQUIRE(source->spec().domain == "d4rl");
  REQUIRE(source->agent() == "hopper_medium-v2");
  REQUIRE(lengths(*source) == std::vector<int64_t>{4, 5, 3, 1});

  const data::Episode first = source->read_episode(0);
  CHECK(first.terminations == std::vector<uint8_t>{0, 0, 0, 1});
  CHECK(first.truncations == std::vector<uint8_t>{0, 0, 0, 0});
  CHECK(first.rewards == std::vector<double>{0, 1, 2, 3});
  CHECK(first.success == true);
  const data::Episode second = source->read_episode(1);
  CHECK(second.id == 1);
  CHECK(second.truncations.back() == 1);
  CHECK(second.terminations.back() == 0);
  CHECK(second.total_reward() == 4 + 5 + 6 + 7 + 8);
  CHECK(second.success == false);
  CHECK(row(second.observations[0], 0) == std::vector<double>{4, -4, 2});
  CHECK(row(second.actions[0], 4) == std::vector<double>{0.5, 0.5});
  // The observation after the last action is the last one in next_observations.
  CHECK(numbers(second.observations[0]).shape == std::vector<int64_t>{6, 3});
  CHECK(row(second.observations[0], 5) == std::vector<double>{108, -8, 4});
}

TEST_CASE("Steps after the last end form an unfinished episode") {
  const auto source = open_episodes(current, {});
  const data::Episode last = source->read_episode(3);
  CHECK(last.rewards == std::vector<double>{12});
  CHECK(last.terminations.back() == 0);
  CHECK(last.truncations.back() == 0);
  REQUIRE(source->warnings().size() == 1);
  CHECK_THAT(source->warnings()[0], Contains("from row 12 on"));
}

TEST_CASE("Without spaces, actions are in [-1, 1]") {
  const auto source = open_episodes(current, {});
  const data::Field& observation = source->spec().observation_fields.at(0);
  CHECK(observation.name == "observation");
  CHECK(observation.role == data::Role::continuous);
  CHECK(observation.shape == std::vector<int64_t>{3});
  CHECK(std::isinf(observation.high.at(2)));
  const data::Field& action = source->spec().action_fields.at(0);
  CHECK(action.name == "action");
  CHECK(action.low == std::vector<double>{-1, -1});
  CHECK(action.high == std::vector<double>{1, 1});
}

TEST_CASE("Without timeouts the maximum number of steps is required") {
  const base::Error refusal = thrown_error([] { open_episodes(old, {}); });
  CHECK(refusal.status() == base::ExitStatus::bad_input);
  CHECK_THAT(refusal.what(),
             Contains(old.string()) && Contains("--max-episode-steps"));

  EpisodeSourceOptions options;
  options.max_episode_steps = 4;
  const auto source = open_episodes(old, options);
  // 0-3 are full, 4-5 terminate, 6-9 are full, 10-12 are left over.
  REQUIRE(lengths(*source) == std::vector<int64_t>{4, 2, 4, 3});
  CHECK(source->read_episode(0).truncations.back() == 1);
  CHECK(source->read_episode(1).terminations.back() == 1);
  CHECK(source->read_episode(1).truncations.back() == 0);
  CHECK(source->read_episode(3).truncations.back() == 0);
  CHECK(source->read_episode(1).rewards == std::vector<double>{4, 5});
  CHECK(numbers(source->read_episode(1).observations[0]).shape ==
        std::vector<int64_t>{2, 3});
  CHECK_FALSE(source->read_episode(0).success);
}

TEST_CASE("Integer actions are choices, and unknown datasets cause warnings") {
  const ScratchDirectory folder;
  const std::string path = folder / "grid.hdf5";
  {
    data::hdf5::Group root = data::hdf5::create_file(path, path);
    data::Array actions = data::Array::zeros(data::DType::int64, {2});
    actions.set_integer(1, 3);
    root.write_array("actions", actions);
    root.write_array("observations",
                     data::Array::zeros(data::DType::uint8, {2, 7, 7, 3}));
    root.write_array("timeouts", data::Array::zeros(data::DType::boolean, {2}));
    root.write_array("goals", data::Array::zeros(data::DType::float32, {2}));
    data::hdf5::close_file(std::move(root));
  }
  const auto source = open_episodes(path, {});
  CHECK(source->spec().action_fields.at(0).role == data::Role::discrete);
  CHECK(source->spec().observation_fields.at(0).role == data::Role::discrete);
  const data::Episode episode = source->read_episode(0);
  CHECK(numbers(episode.actions[0]).as_integer(1) == 3);
  CHECK(episode.rewards.empty());
  CHECK_THAT(source->warnings().at(1), Contains("'goals' is ignored"));
}

TEST_CASE("D4RL datasets with different numbers of rows are rejected") {
  const ScratchDirectory folder;
  const std::string path = folder / "a.hdf5";
  const auto message = [&] {
    const base::Error error = thrown_error([&] { open_episodes(path, {}); });
    CHECK(error.status() == base::ExitStatus::bad_input);
    return std::string(error.what());
  };
  {
    Table table(path, 3);
    table.root.write_array("timeouts",
                           data::Array::zeros(data::DType::boolean, {2}));
  }
  CHECK_THAT(message(), Contains("timeouts: 2 rows, but observations has 3"));
  {
    fs::remove(path);
    Table table(path, 3);
    table.root.write_array("timeouts",
                           data::Array::zeros(data::DType::boolean, {3, 2}));
  }
  CHECK_THAT(message(), Contains("timeouts: not one number per step"));
  {
    fs::remove(path);
    Table table(path, 3);
    table.root.write_texts("timeouts", {"a", "b", "c"});
  }
  CHECK_THAT(message(), Contains("timeouts"));
}

TEST_CASE("A file in another than the requested format is rejected") {
  EpisodeSourceOptions options;
  options.format = "d4rl";
  CHECK(open_episodes(current, options)->episode_count() == 4);
  options.format = "robomimic";
  CHECK_THAT(thrown_error([&] { open_episodes(current, options); }).what(),
             Contains("this is a D4RL file, not a robomimic file"));
  options.format = "minari";
  CHECK_THAT(thrown_error([&] { open_episodes(current, options); }).what(),
             Contains("this is a D4RL file, not a Minari dataset"));
  options.format = "auto";
  options.mask = "train";
  CHECK(thrown_error([&] { open_episodes(current, options); }).status() ==
        base::ExitStatus::usage);
}

TEST_CASE("Names and roles of a D4RL file can be overridden") {
  EpisodeSourceOptions options;
  options.task = "hopper";
  options.domain = "mujoco";
  options.source = "sac";
  const auto source = open_episodes(current, options);
  CHECK(source->spec().name == "hopper");
  CHECK(source->spec().domain == "mujoco");
  CHECK(source->agent() == "sac");
  options.roles = {{"observation", data::Role::image}};
  CHECK(thrown_error([&] { open_episodes(current, options); }).status() ==
        base::ExitStatus::usage);
}

TEST_CASE("D4RL observations may be texts") {
  const ScratchDirectory folder;
  const std::string path = folder / "a.hdf5";
  {
    data::hdf5::Group root = data::hdf5::create_file(path, path);
    root.write("actions", std::vector<double>{0, 0, 0});
    root.write("timeouts", std::vector<double>{0, 1, 1});
    root.write_texts("observations", {"a", "b", "c"});
    root.write_texts("next_observations", {"b", "d", "e"});
    data::hdf5::close_file(std::move(root));
  }
  const auto source = open_episodes(path, {});
  CHECK(source->spec().observation_fields.at(0).role == data::Role::text);
  CHECK(std::get<std::vector<std::string>>(
            source->read_episode(0).observations.at(0)) ==
        std::vector<std::string>{"a", "b", "d"});
}

TEST_CASE("Chunks that were never written cause one warning per file") {
  const ScratchDirectory folder;
  const std::string path = folder / "gaps.hdf5";
  const auto add_dataset = [](const data::hdf5::Group& root, const char* name,
                              hsize_t rows_per_chunk, hsize_t written_rows) {
    using data::hdf5::Handle;
    const hsize_t shape[] = {6}, start[] = {0};
    const Handle space(H5Screate_simple(1, shape, nullptr));
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    if (rows_per_chunk > 0) {
      H5Pset_chunk(creation.id(), 1, &rows_per_chunk);
    }
    const Handle dataset(H5Dcreate2(root.id(), name, H5T_NATIVE_DOUBLE,
                                    space.id(), H5P_DEFAULT, creation.id(),
                                    H5P_DEFAULT));
    if (written_rows == 0) {
      return;
    }
    const std::vector<double> values(written_rows, 1);
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr,
                        &written_rows, nullptr);
    const Handle memory(H5Screate_simple(1, &written_rows, nullptr));
    H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, memory.id(), space.id(),
             H5P_DEFAULT, values.data());
  };
  {
    const Table table(path, 6);
    add_dataset(table.root, "rewards", 2, 4);
    add_dataset(table.root, "terminals", 4, 6);
    add_dataset(table.root, "timeouts", 0, 0);
  }
  const auto source = open_d4rl(path, {});
  source->read_episode(0);
  const std::vector<std::string> warnings = source->warnings();
  REQUIRE(!warnings.empty());
  CHECK_THAT(warnings[0], StartsWith("rewards: 1 of 3 chunks were never "
                                     "written") &&
                              Contains("parts of 1 more datasets"));
  CHECK_THAT(fmt::format("{}", fmt::join(source->warnings(), "")),
             !Contains("never written"));
  const auto again = open_d4rl(path, {});
  CHECK_THAT(fmt::format("{}", fmt::join(again->warnings(), "")),
             !Contains("never written"));
}
