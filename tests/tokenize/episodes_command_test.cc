#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "cli/run_in_process.h"
#include "gato/base/output.h"
#include "gato/data/minari.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/commands.h"

using namespace gato;
using Catch::Matchers::Contains;

namespace {

const std::string text_model = GATO_SOURCE_DIR "/tests/reference/text.model";

Field field_of(const std::string& name, Role role, DType dtype,
               std::vector<int64_t> shape) {
  Field field;
  field.name = name;
  field.role = role;
  field.dtype = dtype;
  field.shape = std::move(shape);
  return field;
}

// A picture, a number of [0, 2000) and a speed; two buttons.
TaskSpec spec_of(const std::string& name) {
  TaskSpec spec;
  spec.name = name;
  spec.domain = "test";
  Field speed = field_of("speed", Role::continuous, DType::float32, {1});
  speed.low = {-INFINITY};
  speed.high = {INFINITY};
  Field picture = field_of("picture", Role::image, DType::uint8, {16, 16, 3});
  picture.low = {0};
  picture.high = {255};
  picture.low.resize(768, 0);
  picture.high.resize(768, 255);
  Field number = field_of("number", Role::discrete, DType::int64, {});
  number.n = {2000};
  number.start = {0};
  spec.observation = {picture, number, speed};
  Field button = field_of("action", Role::discrete, DType::int64, {});
  button.n = {2};
  button.start = {0};
  spec.action = {button};
  return spec;
}

// Two steps; the reward of each is `reward`.
Episode episode_of(int64_t id, double reward) {
  Episode episode;
  episode.id = id;
  Array picture = Array::zeros(DType::uint8, {3, 16, 16, 3});
  Array number = Array::zeros(DType::int64, {3});
  Array speed = Array::zeros(DType::float32, {3, 1});
  for (int64_t t = 0; t < 3; ++t) {
    number.set_integer(t, 10 * t);
    speed.set(t, 0.25);
  }
  episode.observations = {picture, number, speed};
  episode.actions = {Array::zeros(DType::int64, {2})};
  episode.rewards = {reward, reward};
  episode.terminations = {0, 1};
  episode.truncations = {0, 0};
  return episode;
}

Array& array_of(Column& column) { return std::get<Array>(column); }

struct Fixture {
  test::TemporaryFolder folder;

  std::string dataset(const std::string& name, const TaskSpec& spec,
                      const std::vector<Episode>& episodes) {
    MinariDescription description;
    description.spec = spec;
    description.source = "expert";
    MinariWriter writer(folder / name, false, description);
    for (const Episode& episode : episodes) writer.append(episode);
    Provenance provenance;
    provenance.enabled = false;
    writer.commit(provenance);
    return folder / name;
  }

  test::Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"episodes", "--text-model", text_model, "--discrete",
                      "separate", "--no-provenance"});
    return test::run_in_process(tokenize_tool(), std::move(arguments));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "episodes of several datasets become one file") {
  const auto first =
      dataset("a", spec_of("test/one"), {episode_of(0, 1), episode_of(1, 2)});
  const auto second = dataset("b", spec_of("test/two"), {episode_of(0, 3)});
  const auto third = dataset("c", spec_of("test/one"), {episode_of(0, 5)});
  const auto ran = run({"-o", folder / "tokens.h5", first, second, third});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 4, written 4"));
  CHECK_THAT(ran.err, Contains("key 'number' (int64[]) is discrete"));

  const TokenFileReader reader(folder / "tokens.h5");
  REQUIRE(reader.documents() == 4);
  REQUIRE(reader.tasks().tasks.size() == 2);
  const TaskEntry& one = reader.tasks().tasks[0];
  CHECK(one.spec.name == "test/one");
  CHECK(one.spec.domain == "test");
  CHECK(one.spec.observation == spec_of("test/one").observation);
  CHECK(one.episodes == 3);
  CHECK(one.steps == 6);
  CHECK(one.expert_return == 10);
  CHECK(reader.tasks().sources == std::vector<std::string>{"expert"});
  CHECK(reader.task(2) == 1);
  CHECK(reader.task(3) == 0);
  CHECK(reader.total_reward(1) == 4);
  CHECK(reader.distinct_patches() == 1);
  // V = 200: F(0.25) falls into bin 676.
  CHECK(reader.document(0).tokens == std::vector<int32_t>{-1, 1224, 876, 2248,
                                                          1224, -1, 1234, 876,
                                                          2248, 1224});
}

TEST_CASE_METHOD(Fixture, "the bytes do not depend on the threads") {
  std::vector<Episode> episodes;
  for (int64_t i = 0; i < 12; ++i) episodes.push_back(episode_of(i, 1));
  const auto input = dataset("a", spec_of("test/one"), episodes);
  for (const char* threads : {"1", "3"}) {
    REQUIRE(run({"-o", folder / threads, "--threads", threads, input}).status ==
            0);
  }
  CHECK(read_file(folder / "1") == read_file(folder / "3"));
}

TEST_CASE_METHOD(Fixture, "the expert's action is the label") {
  Episode episode = episode_of(0, 1);
  episode.expert_actions = episode.actions;
  array_of(episode.expert_actions[0]).set_integer(1, 1);
  const auto input = dataset("a", spec_of("test/one"), {episode});
  REQUIRE(run({"-o", folder / "tokens.h5", input}).status == 0);
  const TokenFileReader reader(folder / "tokens.h5");
  REQUIRE(reader.has_labels());
  const TokenizedDocument document = reader.document(0);
  CHECK(document.tokens[9] == 1224);
  CHECK(document.labels[9] == 1225);
  CHECK(document.labels[4] == 1224);
}

TEST_CASE_METHOD(Fixture, "bad values name file, episode, step, key, value") {
  Episode nan = episode_of(0, 1), large = episode_of(1, 1);
  array_of(nan.observations[2]).set(1, std::nan(""));
  array_of(large.observations[1]).set_integer(0, 1024);
  const auto input =
      dataset("a", spec_of("test/one"), {nan, large, episode_of(2, 1)});
  const std::string output = folder / "tokens.h5";

  const auto strict = run({"-o", output, input});
  CHECK(strict.status == 3);
  CHECK_THAT(strict.err, Contains(input) && Contains("episode 0") &&
                             Contains("step 1") && Contains("'speed'") &&
                             Contains("nan"));
  CHECK_FALSE(std::filesystem::exists(output));

  const auto tolerant = run({"-o", output, "--skip-bad", "2", input});
  CHECK(tolerant.status == 0);
  CHECK_THAT(tolerant.err,
             Contains("episode 1: step 0: observation key 'number': discrete "
                      "value 1024 is outside 0 to 1023") &&
                 Contains("read 3, written 1") && Contains("skipped 2"));
  const auto report = TokenFileReader(output).report();
  CHECK(report["read"] == 3);
  CHECK(report["written"] == 1);
  CHECK(report["skipped"] == 2);
}

TEST_CASE_METHOD(Fixture, "a reward that is no number is bad input") {
  Episode nan = episode_of(1, 1);
  nan.rewards[1] = std::nan("");
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1), nan});
  const auto strict = run({"-o", folder / "tokens.h5", input});
  CHECK(strict.status == 3);
  CHECK_THAT(strict.err, Contains(input) && Contains("episode 1") &&
                             Contains("rewards: step 1 is nan"));
  CHECK(run({"-o", folder / "tokens.h5", "--keep-return", "0.8", "--skip-bad",
             "1", input})
            .status == 0);
}

TEST_CASE_METHOD(Fixture, "what the spaces do not have is told") {
  Episode beyond = episode_of(0, 1);
  array_of(beyond.actions[0]).set_integer(0, 7);
  const auto plain = dataset("plain", spec_of("test/one"), {beyond});
  TaskSpec wide = spec_of("test/one");
  Field depth = wide.observation[2];
  depth.name = "depth";
  wide.observation.insert(wide.observation.begin() + 2, depth);
  beyond.observations.push_back(beyond.observations[2]);
  const auto input = dataset("a", wide, {beyond});
  write_file(input + "/data/metadata.json",
             read_file(plain + "/data/metadata.json"), true);
  const auto ran = run({"-o", folder / "tokens.h5", input});
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("the key 'depth' is in no space and is left out"));
  CHECK_THAT(ran.err, Contains("'action' holds values that its space does not "
                               "have"));
  CHECK(TokenFileReader(folder / "tokens.h5").document(0).tokens[4] == 1231);
}

TEST_CASE_METHOD(Fixture, "a newer Minari's dataset is read with a warning") {
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const std::string metadata = input + "/data/metadata.json";
  auto json = nlohmann::json::parse(read_file(metadata));
  for (const auto& [version, is_told] :
       {std::pair{"0.5.9", false}, {"0.10.0", true}, {"9.0.0", true}}) {
    json["minari_version"] = version;
    write_file(metadata, json.dump(), true);
    const auto ran = run({"-o", folder / "tokens.h5", "--force", input});
    INFO(ran.err);
    CHECK(ran.status == 0);
    CHECK((ran.err.find("written by Minari") != std::string::npos) == is_told);
  }
}

TEST_CASE_METHOD(Fixture, "failed episodes are left out and counted") {
  Episode failed = episode_of(0, 1);
  failed.failed = true;
  const auto input =
      dataset("a", spec_of("test/one"), {failed, episode_of(1, 1)});
  const auto ran = run({"-o", folder / "tokens.h5", input});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("read 2, written 1, failed 1, empty 0, filtered 0"));
}

TEST_CASE_METHOD(Fixture, "a share of the expert's return keeps the better") {
  const auto input =
      dataset("a", spec_of("test/one"),
              {episode_of(0, 5), episode_of(1, 3.9), episode_of(2, 4)});
  const auto ran =
      run({"-o", folder / "tokens.h5", "--keep-return", "0.8", input});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 3, written 2") && Contains("filtered 1"));
  const TokenFileReader reader(folder / "tokens.h5");
  CHECK(reader.tasks().tasks[0].filter["kept"] == 2);
  CHECK(reader.tasks().tasks[0].expert_return == 10);
}

TEST_CASE_METHOD(Fixture, "one task has one spec") {
  TaskSpec other = spec_of("test/one");
  other.action[0].n = {3};
  const auto first = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const auto second = dataset("b", other, {episode_of(0, 1)});
  const auto ran = run({"-o", folder / "tokens.h5", first, second});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains("test/one") && Contains(second));
}

TEST_CASE_METHOD(Fixture, "roles can be overridden") {
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const auto ran =
      run({"-o", folder / "tokens.h5", "--role", "number=continuous", input});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const TokenFileReader reader(folder / "tokens.h5");
  CHECK(reader.document(0).modality[1] == Modality::continuous_observation);

  CHECK(run({"-o", folder / "b.h5", "--role", "action=sound", input}).status ==
        2);
}

TEST_CASE_METHOD(Fixture, "an action that is an image is refused") {
  TaskSpec spec = spec_of("test/one");
  spec.action = {spec.observation[0]};
  spec.action[0].name = "action";
  Episode episode = episode_of(0, 1);
  episode.actions = {Array::zeros(DType::uint8, {2, 16, 16, 3})};
  const auto input = dataset("a", spec, {episode});
  const auto ran = run({"-o", folder / "tokens.h5", input});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains(input) && Contains("'action' is an image"));
  CHECK_FALSE(std::filesystem::exists(folder / "tokens.h5"));
}
