#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "data/documents.h"
#include "gato/base/output.h"
#include "gato/data/minari.h"
#include "gato/ingest/episode_source.h"

using namespace gato;
using namespace gato::test;

namespace {

Field field(std::string name, Role role, DType dtype,
            std::vector<int64_t> shape) {
  Field field;
  field.name = std::move(name);
  field.role = role;
  field.dtype = dtype;
  field.shape = std::move(shape);
  return field;
}

Array counting(DType dtype, std::vector<int64_t> shape) {
  Array array = Array::zeros(dtype, std::move(shape));
  for (int64_t i = 0; i < array.size(); ++i) array.set_integer(i, i % 3);
  return array;
}

TaskSpec nested_spec() {
  TaskSpec spec;
  spec.name = "grid/goto";
  spec.domain = "grid";
  Field mission;
  mission.name = "mission";
  mission.role = Role::text;
  Field choice = field("pair/_index_1", Role::discrete, DType::int64, {});
  choice.n = {4};
  choice.start = {-1};
  Field state = field("pair/_index_0", Role::continuous, DType::float32, {2});
  state.low = {-1, -std::numeric_limits<double>::infinity()};
  state.high = {1, std::numeric_limits<double>::infinity()};
  Field view = field("view", Role::image, DType::uint8, {16, 16, 3});
  view.low.assign(768, 0);
  view.high.assign(768, 255);
  spec.observation = {mission, view, choice, state};
  Field action = field("action", Role::discrete, DType::int64, {});
  action.n = {3};
  action.start = {0};
  spec.action = {action};
  return spec;
}

Episode nested_episode(int64_t steps) {
  Episode episode;
  episode.seed = 0xFFFFFFFFFFFFFFFEu;
  episode.observations = {
      std::vector<std::string>(static_cast<size_t>(steps + 1), "go — ünd"),
      counting(DType::uint8, {steps + 1, 16, 16, 3}),
      counting(DType::int64, {steps + 1}),
      counting(DType::float32, {steps + 1, 2})};
  episode.actions = {counting(DType::int64, {steps})};
  episode.expert_actions = {Array::zeros(DType::int64, {steps})};
  episode.rewards.assign(static_cast<size_t>(steps), 0.25);
  episode.terminations.assign(static_cast<size_t>(steps), 0);
  episode.truncations.assign(static_cast<size_t>(steps), 0);
  if (steps > 0) episode.terminations.back() = 1;
  episode.infos["success"].assign(static_cast<size_t>(steps) + 1, 1);
  episode.success = false;  // stands above the info of that name
  return episode;
}

void require_same(const std::vector<Column>& a, const std::vector<Column>& b) {
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
  Episode failed = nested_episode(0);
  failed.failed = true;
  writer.append(failed);
  Provenance provenance = small_provenance();
  writer.commit(provenance);
}

}  // namespace

TEST_CASE("a written dataset is read back") {
  Folder folder;
  write(folder / "set");
  const auto source = open_episodes(folder / "set", {});
  REQUIRE(source->spec().observation == nested_spec().observation);
  REQUIRE(source->spec().action == nested_spec().action);
  REQUIRE(source->spec().name == "grid/goto");
  REQUIRE(source->spec().domain == "grid");
  REQUIRE(source->source() == "expert");
  REQUIRE(source->provenance().at("program") == "gato-tokenize");
  REQUIRE(source->episodes() == 2);
  const Episode episode = source->episode(0), expected = nested_episode(3);
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
  REQUIRE(source->episode(1).failed);
  REQUIRE(source->episode(1).steps() == 0);
}

TEST_CASE("booleans are boxes, which gymnasium has of them") {
  Folder folder;
  MinariDescription description{nested_spec(), "expert"};
  Field flags = field("flags", Role::discrete, DType::boolean, {2});
  flags.n = {2, 2};
  flags.start = {0, 0};
  description.spec.observation = {flags};
  MinariWriter writer(folder / "set", false, description);
  Episode episode = nested_episode(2);
  episode.observations = {counting(DType::boolean, {3, 2})};
  writer.append(episode);
  writer.commit({});
  const auto metadata =
      nlohmann::json::parse(read_file(folder / "set/data/metadata.json"));
  const auto space = nlohmann::json::parse(
      metadata.at("observation_space").get<std::string>());
  REQUIRE(space.at("subspaces").at("flags").at("type") == "Box");
  const auto source = open_episodes(folder / "set", {});
  const Field& found = source->spec().observation.at(0);
  REQUIRE(found.role == Role::discrete);
  REQUIRE(found.dtype == DType::boolean);
  require_same(source->episode(0).observations, episode.observations);
}

TEST_CASE("infos whose names no dataset can have are left out") {
  Folder folder;
  MinariWriter writer(folder / "set", false, {nested_spec(), "expert"});
  Episode episode = nested_episode(2);
  const std::vector<double> values(3, 1);
  for (const char* name :
       {"a", "a/b", "expert_action", "expert_action/x", "", ".", "c/..", "d"}) {
    episode.infos[name] = values;
  }
  writer.append(episode);
  writer.commit({});
  const Episode found = open_episodes(folder / "set", {})->episode(0);
  std::vector<std::string> names;
  for (const auto& [name, column] : found.infos) names.push_back(name);
  REQUIRE(names == std::vector<std::string>{"a/b", "d", "success"});
}

TEST_CASE("a dataset that exists is replaced with force alone, whole") {
  Folder folder;
  write(folder / "set");
  REQUIRE(error_of([&] { write(folder / "set"); }).status() ==
          ExitStatus::usage);
  write(folder / "set", true);
  REQUIRE(open_episodes(folder / "set", {})->episodes() == 2);
  REQUIRE(folder.names() == std::vector<std::string>{"set"});
}

TEST_CASE("a dataset that was not committed leaves nothing") {
  Folder folder;
  {
    MinariWriter writer(folder / "set", false, {nested_spec(), "expert"});
    writer.append(nested_episode(2));
  }
  REQUIRE(folder.names().empty());
}
