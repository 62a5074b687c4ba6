#include "gato/ingest/episodes/minari_writer.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "data/make_field.h"
#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/ingest/episodes/episode_source.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;

namespace {

data::Array counting(data::DType dtype, std::vector<int64_t> shape) {
  data::Array array = data::Array::zeros(dtype, std::move(shape));
  for (int64_t i = 0; i < array.size(); ++i) {
    array.set_integer(i, i % 3);
  }
  return array;
}

data::TaskSpec nested_spec() {
  data::TaskSpec spec;
  spec.name = "grid/goto";
  spec.domain = "grid";
  const data::Field mission =
      make_field("mission", data::Role::text, data::DType::float64, {});
  data::Field choice =
      make_field("pair/_index_1", data::Role::discrete, data::DType::int64, {});
  choice.n = {4};
  choice.start = {-1};
  data::Field state = make_field("pair/_index_0", data::Role::continuous,
                                 data::DType::float32, {2});
  state.low = {-1, -std::numeric_limits<double>::infinity()};
  state.high = {1, std::numeric_limits<double>::infinity()};
  data::Field view =
      make_field("view", data::Role::image, data::DType::uint8, {16, 16, 3});
  view.low.assign(768, 0);
  view.high.assign(768, 255);
  spec.observation_fields = {mission, view, choice, state};
  data::Field action =
      make_field("action", data::Role::discrete, data::DType::int64, {});
  action.n = {3};
  action.start = {0};
  spec.action_fields = {action};
  return spec;
}

data::Episode nested_episode(int64_t steps) {
  data::Episode episode;
  episode.seed = 0xFFFFFFFFFFFFFFFEu;
  episode.observations = {
      std::vector<std::string>(static_cast<size_t>(steps + 1), "go — ünd"),
      counting(data::DType::uint8, {steps + 1, 16, 16, 3}),
      counting(data::DType::int64, {steps + 1}),
      counting(data::DType::float32, {steps + 1, 2})};
  episode.actions = {counting(data::DType::int64, {steps})};
  episode.expert_actions = {data::Array::zeros(data::DType::int64, {steps})};
  episode.rewards.assign(static_cast<size_t>(steps), 0.25);
  episode.terminations.assign(static_cast<size_t>(steps), 0);
  episode.truncations.assign(static_cast<size_t>(steps), 0);
  if (steps > 0) {
    episode.terminations.back() = 1;
  }
  episode.infos["success"].assign(static_cast<size_t>(steps) + 1, 1);
  episode.success = false;  // takes precedence over the info of this name
  return episode;
}

void require_same(const std::vector<data::FieldColumn>& a,
                  const std::vector<data::FieldColumn>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].index() == b[i].index());
    if (a[i].index() == 1) {
      REQUIRE(std::get<1>(a[i]) == std::get<1>(b[i]));
    } else {
      REQUIRE(std::get<0>(a[i]).dtype == std::get<0>(b[i]).dtype);
      REQUIRE(std::get<0>(a[i]).shape == std::get<0>(b[i]).shape);
      REQUIRE(std::get<0>(a[i]).bytes == std::get<0>(b[i]).bytes);
    }
  }
}

void write(const std::filesystem::path& directory, bool force = false) {
  MinariWriter writer(directory, force, {nested_spec(), "expert"});
  writer.append(nested_episode(3));
  data::Episode failed = nested_episode(0);
  failed.failed = true;
  writer.append(failed);
  data::Provenance provenance = small_provenance();
  writer.commit(provenance);
}

}  // namespace

TEST_CASE("A written dataset is read back") {
  TestDirectory folder;
  write(folder / "set");
  const auto source = open_episodes(folder / "set", {});
  REQUIRE(source->spec().observation_fields ==
          nested_spec().observation_fields);
  REQUIRE(source->spec().action_fields == nested_spec().action_fields);
  REQUIRE(source->spec().name == "grid/goto");
  REQUIRE(source->spec().domain == "grid");
  REQUIRE(source->agent() == "expert");
  REQUIRE(source->provenance().at("program") == "gato-tokenize");
  REQUIRE(source->episode_count() == 2);
  const data::Episode episode = source->read_episode(0),
                      expected = nested_episode(3);
  require_same(episode.observations, expected.observations);
  require_same(episode.actions, expected.actions);
  require_same(episode.expert_actions, expected.expert_actions);
  REQUIRE(episode.rewards == expected.rewards);
  REQUIRE(episode.terminations == expected.terminations);
  REQUIRE(episode.truncations == expected.truncations);
  REQUIRE(episode.infos == expected.infos);
  REQUIRE(episode.success == false);
  REQUIRE(episode.seed == expected.seed);
  REQUIRE_FALSE(episode.failed);
  REQUIRE(source->read_episode(1).failed);
  REQUIRE(source->read_episode(1).step_count() == 0);
}

TEST_CASE("Booleans become Box spaces, which Gymnasium supports") {
  TestDirectory folder;
  MinariDatasetInfo description{nested_spec(), "expert"};
  data::Field flags =
      make_field("flags", data::Role::discrete, data::DType::boolean, {2});
  flags.n = {2, 2};
  flags.start = {0, 0};
  description.spec.observation_fields = {flags};
  MinariWriter writer(folder / "set", false, description);
  data::Episode episode = nested_episode(2);
  episode.observations = {counting(data::DType::boolean, {3, 2})};
  writer.append(episode);
  writer.commit({});
  const auto metadata =
      nlohmann::json::parse(base::read_file(folder / "set/data/metadata.json"));
  const auto space = nlohmann::json::parse(
      metadata.at("observation_space").get<std::string>());
  REQUIRE(space.at("subspaces").at("flags").at("type") == "Box");
  const auto source = open_episodes(folder / "set", {});
  const data::Field& found = source->spec().observation_fields.at(0);
  REQUIRE(found.role == data::Role::discrete);
  REQUIRE(found.dtype == data::DType::boolean);
  require_same(source->read_episode(0).observations, episode.observations);
}

TEST_CASE("Infos whose names are not valid dataset names are not written") {
  TestDirectory folder;
  MinariWriter writer(folder / "set", false, {nested_spec(), "expert"});
  data::Episode episode = nested_episode(2);
  const std::vector<double> values(3, 1);
  for (const char* name :
       {"a", "a/b", "expert_action", "expert_action/x", "", ".", "c/..", "d"}) {
    episode.infos[name] = values;
  }
  writer.append(episode);
  writer.commit({});
  const data::Episode found =
      open_episodes(folder / "set", {})->read_episode(0);
  std::vector<std::string> names;
  for (const auto& [name, column] : found.infos) {
    names.push_back(name);
  }
  REQUIRE(names == std::vector<std::string>{"a/b", "d", "success"});
}

TEST_CASE("An existing dataset is replaced only with force, and completely") {
  TestDirectory folder;
  write(folder / "set");
  REQUIRE(thrown_error([&] { write(folder / "set"); }).status() ==
          base::ExitStatus::usage);
  write(folder / "set", true);
  REQUIRE(open_episodes(folder / "set", {})->episode_count() == 2);
  REQUIRE(folder.entry_names() == std::vector<std::string>{"set"});
}

TEST_CASE("A dataset that was not committed leaves nothing behind") {
  TestDirectory folder;
  {
    MinariWriter writer(folder / "set", false, {nested_spec(), "expert"});
    writer.append(nested_episode(2));
  }
  REQUIRE(folder.entry_names().empty());
}
