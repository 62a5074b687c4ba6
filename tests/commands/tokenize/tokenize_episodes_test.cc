#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>

#include "cli/run_in_process.h"
#include "data/make_field.h"
#include "gato/base/file_io.h"
#include "gato/commands/info/inspect.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/data/token_file.h"
#include "gato/ingest/episodes/minari_writer.h"

using namespace gato;
using namespace gato::commands;
using Catch::Matchers::Contains;
using test::make_field;

namespace {

const std::string text_model = GATO_SOURCE_DIR "/tests/reference/text.model";

// Observations: an image, a number in [0, 2000) and a speed. Action: two
// buttons.
data::TaskSpec spec_of(const std::string& name) {
  data::TaskSpec spec;
  spec.name = name;
  spec.domain = "test";
  data::Field speed =
      make_field("speed", data::Role::continuous, data::DType::float32, {1});
  speed.low = {-INFINITY};
  speed.high = {INFINITY};
  data::Field image =
      make_field("picture", data::Role::image, data::DType::uint8, {16, 16, 3});
  image.low = {0};
  image.high = {255};
  image.low.resize(768, 0);
  image.high.resize(768, 255);
  data::Field number =
      make_field("number", data::Role::discrete, data::DType::int64, {});
  number.n = {2000};
  number.start = {0};
  spec.observation_fields = {image, number, speed};
  data::Field button =
      make_field("action", data::Role::discrete, data::DType::int64, {});
  button.n = {2};
  button.start = {0};
  spec.action_fields = {button};
  return spec;
}

// Two steps; the reward of each is `reward`.
data::Episode episode_of(int64_t id, double reward) {
  data::Episode episode;
  episode.id = id;
  data::Array image = data::Array::zeros(data::DType::uint8, {3, 16, 16, 3});
  data::Array number = data::Array::zeros(data::DType::int64, {3});
  data::Array speed = data::Array::zeros(data::DType::float32, {3, 1});
  for (int64_t t = 0; t < 3; ++t) {
    number.set_integer(t, 10 * t);
    speed.set(t, 0.25);
  }
  episode.observations = {image, number, speed};
  episode.actions = {data::Array::zeros(data::DType::int64, {2})};
  episode.rewards = {reward, reward};
  episode.terminations = {0, 1};
  episode.truncations = {0, 0};
  return episode;
}

data::Array& array_of(data::FieldColumn& column) {
  return std::get<data::Array>(column);
}

struct Fixture {
  test::ScratchDirectory folder;

  std::string dataset(const std::string& name, const data::TaskSpec& spec,
                      const std::vector<data::Episode>& episodes,
                      const std::string& source = "expert") {
    ingest::MinariDatasetInfo description;
    description.spec = spec;
    description.source = source;
    ingest::MinariWriter writer(folder / name, false, description);
    for (const data::Episode& episode : episodes) {
      writer.append(episode);
    }
    data::Provenance provenance;
    provenance.enabled = false;
    writer.commit(provenance);
    return folder / name;
  }

  test::RunResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"episodes", "--text-model", text_model, "--discrete",
                      "separate", "--no-provenance"});
    return test::run_in_process(tokenize_tool(), std::move(arguments));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Episodes of several datasets become one file") {
  const auto first =
      dataset("a", spec_of("test/one"), {episode_of(0, 1), episode_of(1, 2)});
  const auto second = dataset("b", spec_of("test/two"), {episode_of(0, 3)});
  const auto third = dataset("c", spec_of("test/one"), {episode_of(0, 5)});
  const auto ran = run({"-o", folder / "tokens.h5", first, second, third});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 4, written 4"));
  CHECK_THAT(ran.err, Contains("key 'number' (int64[]) is discrete"));

  const data::TokenFileReader reader(folder / "tokens.h5");
  REQUIRE(reader.document_count() == 4);
  REQUIRE(reader.tasks().tasks.size() == 2);
  const data::TaskEntry& one = reader.tasks().tasks[0];
  CHECK(one.spec.name == "test/one");
  CHECK(one.spec.domain == "test");
  CHECK(one.spec.observation_fields == spec_of("test/one").observation_fields);
  CHECK(one.episode_count == 3);
  CHECK(one.step_count == 6);
  CHECK(one.expert_return == 10);
  CHECK(reader.tasks().sources == std::vector<std::string>{"expert"});
  CHECK(reader.task_index(2) == 1);
  CHECK(reader.task_index(3) == 0);
  CHECK(reader.total_reward(1) == 4);
  CHECK(reader.distinct_patch_count() == 1);
  // V = 200: F(0.25) falls into bin 676.
  CHECK(reader.document(0).tokens == std::vector<int32_t>{-1, 1224, 876, 2248,
                                                          1224, -1, 1234, 876,
                                                          2248, 1224});
}

TEST_CASE_METHOD(Fixture,
                 "The output does not depend on the number of threads") {
  std::vector<data::Episode> episodes;
  for (int64_t i = 0; i < 12; ++i) {
    episodes.push_back(episode_of(i, 1));
  }
  const auto input = dataset("a", spec_of("test/one"), episodes);
  for (const char* threads : {"1", "3"}) {
    REQUIRE(run({"-o", folder / threads, "--threads", threads, input}).status ==
            0);
  }
  CHECK(base::read_file(folder / "1") == base::read_file(folder / "3"));
}

TEST_CASE_METHOD(Fixture, "The expert's action is the label") {
  data::Episode episode = episode_of(0, 1);
  episode.expert_actions = episode.actions;
  array_of(episode.expert_actions[0]).set_integer(1, 1);
  const auto input = dataset("a", spec_of("test/one"), {episode});
  REQUIRE(run({"-o", folder / "tokens.h5", input}).status == 0);
  const data::TokenFileReader reader(folder / "tokens.h5");
  REQUIRE(reader.has_labels());
  const data::TokenizedDocument document = reader.document(0);
  CHECK(document.tokens[9] == 1224);
  CHECK(document.labels[9] == 1225);
  CHECK(document.labels[4] == 1224);
}

TEST_CASE_METHOD(
    Fixture,
    "A bad value is reported with file, episode, step, key and value") {
  data::Episode nan = episode_of(0, 1), large = episode_of(1, 1);
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
                      "value 1024 is not between 0 and 1023") &&
                 Contains("read 3, written 1") && Contains("skipped 2"));
  const auto report = data::TokenFileReader(output).report();
  CHECK(report["read"] == 3);
  CHECK(report["written"] == 1);
  CHECK(report["skipped"] == 2);
}

TEST_CASE_METHOD(Fixture, "A reward that is not a number is bad input") {
  data::Episode nan = episode_of(1, 1);
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

TEST_CASE_METHOD(Fixture, "Keys and values outside the spaces cause warnings") {
  data::Episode beyond = episode_of(0, 1);
  array_of(beyond.actions[0]).set_integer(0, 7);
  const auto plain = dataset("plain", spec_of("test/one"), {beyond});
  data::TaskSpec wide = spec_of("test/one");
  data::Field depth = wide.observation_fields[2];
  depth.name = "depth";
  wide.observation_fields.insert(wide.observation_fields.begin() + 2, depth);
  beyond.observations.push_back(beyond.observations[2]);
  const auto input = dataset("a", wide, {beyond});
  base::write_file(input + "/data/metadata.json",
                   base::read_file(plain + "/data/metadata.json"), true);
  const auto ran = run({"-o", folder / "tokens.h5", input});
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("the key 'depth' is in no space and is ignored"));
  CHECK_THAT(ran.err, Contains("'action' has values outside its space") &&
                          Contains("episode "));
  CHECK(data::TokenFileReader(folder / "tokens.h5").document(0).tokens[4] ==
        1231);
}

TEST_CASE_METHOD(Fixture,
                 "A dataset of a newer Minari is read with a warning") {
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const std::string metadata = input + "/data/metadata.json";
  auto json = nlohmann::json::parse(base::read_file(metadata));
  for (const auto& [version, is_warned] :
       {std::pair{"0.5.9", false}, {"0.10.0", true}, {"9.0.0", true}}) {
    json["minari_version"] = version;
    base::write_file(metadata, json.dump(), true);
    const auto ran = run({"-o", folder / "tokens.h5", "--force", input});
    INFO(ran.err);
    CHECK(ran.status == 0);
    CHECK((ran.err.find("written by Minari") != std::string::npos) ==
          is_warned);
  }
}

TEST_CASE_METHOD(Fixture, "Failed episodes are skipped and counted") {
  data::Episode failed = episode_of(0, 1);
  failed.failed = true;
  const auto input =
      dataset("a", spec_of("test/one"), {failed, episode_of(1, 1)});
  const auto ran = run({"-o", folder / "tokens.h5", input});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("read 2, written 1, failed 1, empty 0, filtered 0"));
}

TEST_CASE_METHOD(
    Fixture, "A fraction of the expert's return keeps the better episodes") {
  const auto input =
      dataset("a", spec_of("test/one"),
              {episode_of(0, 5), episode_of(1, 3.9), episode_of(2, 4)});
  const auto ran =
      run({"-o", folder / "tokens.h5", "--keep-return", "0.8", input});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 3, written 2") && Contains("filtered 1"));
  const data::TokenFileReader reader(folder / "tokens.h5");
  CHECK(reader.tasks().tasks[0].filter["kept"] == 2);
  CHECK(reader.tasks().tasks[0].expert_return == 10);
}

TEST_CASE_METHOD(Fixture, "Shards keep the same episodes as an unsharded run") {
  const data::TaskSpec spec = spec_of("test/one");
  const auto first = dataset(
      "a", spec, {episode_of(0, 5), episode_of(1, 1), episode_of(2, 4)});
  const auto second = dataset("b", spec, {episode_of(0, 2), episode_of(1, 6)});
  const auto third = dataset("c", spec, {episode_of(0, 3), episode_of(1, 7)});
  const auto returns = [&](std::vector<std::string> more) {
    const std::string output = folder / "tokens.h5";
    more.insert(more.end(),
                {"-o", output, "--force", "--best", "4", first, second, third});
    const auto ran = run(more);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    const data::TokenFileReader reader(output);
    CHECK(reader.report()["read"].get<int64_t>() ==
          reader.report()["written"].get<int64_t>() +
              reader.report()["not_best"].get<int64_t>());
    std::vector<double> kept;
    for (int64_t i = 0; i < reader.document_count(); ++i) {
      kept.push_back(reader.total_reward(i));
    }
    return kept;
  };
  CHECK(returns({}) == std::vector<double>{10, 8, 12, 14});
  CHECK(returns({"--shard", "1/3"}) == std::vector<double>{10, 8});
  CHECK(returns({"--shard", "2/3"}) == std::vector<double>{12});
  CHECK(returns({"--shard", "3/3"}) == std::vector<double>{14});
}

TEST_CASE_METHOD(Fixture,
                 "Episodes played with different settings are distinguished") {
  data::TaskSpec slow = spec_of("test/one"), fast = spec_of("test/one");
  slow.settings = {{"command", "a"}, {"frame_skip", 4}};
  fast.settings = {{"command", "b"}, {"frame_skip", 5}};
  const std::string first = dataset("a", slow, {episode_of(0, 1)}),
                    second = dataset("b", fast, {episode_of(0, 1)});
  const auto ran = run({"-o", folder / "tokens.h5", first, second});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("b: the task 'test/one'") &&
                          Contains("frame_skip is 5, not 4"));
  CHECK(data::TokenFileReader(folder / "tokens.h5").tasks().tasks[0].settings ==
        nlohmann::json::array({slow.settings, fast.settings}));
  CHECK(inspect(first).facts.at("settings").at("frame_skip") == 4);
}

TEST_CASE_METHOD(Fixture, "A task has one spec") {
  data::TaskSpec other = spec_of("test/one");
  other.action_fields[0].n = {3};
  const auto first = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const auto second = dataset("b", other, {episode_of(0, 1)});
  const auto ran = run({"-o", folder / "tokens.h5", first, second});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains("test/one") && Contains(second));
}

TEST_CASE_METHOD(Fixture, "A name that contains a line break is rejected") {
  const auto ran =
      run({"-o", folder / "tokens.h5", "--task", "maze\n2d",
           GATO_SOURCE_DIR "/tests/samples/d4rl/hopper_medium-v2.hdf5"});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err,
             Contains("the task \"maze\\n2d\" contains control characters"));
}

TEST_CASE_METHOD(Fixture, "Roles can be overridden") {
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const auto ran =
      run({"-o", folder / "tokens.h5", "--role", "number=continuous", input});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const data::TokenFileReader reader(folder / "tokens.h5");
  CHECK(reader.document(0).modality[1] ==
        data::Modality::continuous_observation);

  CHECK(run({"-o", folder / "b.h5", "--role", "action=sound", input}).status ==
        2);
}

TEST_CASE_METHOD(Fixture, "An action that is an image is rejected") {
  data::TaskSpec spec = spec_of("test/one");
  spec.action_fields = {spec.observation_fields[0]};
  spec.action_fields[0].name = "action";
  data::Episode episode = episode_of(0, 1);
  episode.actions = {data::Array::zeros(data::DType::uint8, {2, 16, 16, 3})};
  const auto input = dataset("a", spec, {episode});
  const auto ran = run({"-o", folder / "tokens.h5", input});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains(input) && Contains("'action' is an image"));
  CHECK_FALSE(std::filesystem::exists(folder / "tokens.h5"));
}

TEST_CASE_METHOD(Fixture, "Every agent has its own index") {
  const data::TaskSpec spec = spec_of("test/one");
  const auto first = dataset("a", spec, {episode_of(0, 1)}, "novice");
  const auto second = dataset("b", spec, {episode_of(0, 2)}, "expert");
  const auto third = dataset("c", spec, {episode_of(0, 3)}, "novice");
  REQUIRE(run({"-o", folder / "tokens.h5", first, second, third}).status == 0);
  const data::TokenFileReader reader(folder / "tokens.h5");
  CHECK(reader.tasks().sources == std::vector<std::string>{"novice", "expert"});
  CHECK(reader.source_index(0) == 0);
  CHECK(reader.source_index(1) == 1);
  CHECK(reader.source_index(2) == 0);
  REQUIRE(run({"-o", folder / "named.h5", "--source", "all", first, second})
              .status == 0);
  CHECK(data::TokenFileReader(folder / "named.h5").tasks().sources ==
        std::vector<std::string>{"all"});
}

TEST_CASE_METHOD(Fixture, "Selections are counted, and the counts add up") {
  const data::TaskSpec spec = spec_of("test/one");
  std::vector<data::Episode> episodes;
  for (int64_t i = 0; i < 12; ++i) {
    episodes.push_back(episode_of(i, static_cast<double>(i)));
    episodes.back().success = i != 11;
  }
  data::Episode failed = episode_of(12, 1), bad = episode_of(13, 9);
  failed.failed = true;
  array_of(bad.observations[2]).set(1, std::nan(""));
  bad.success = true;
  episodes.push_back(failed);
  episodes.push_back(bad);
  const auto input = dataset("a", spec, episodes);
  const std::string output = folder / "tokens.h5";
  // The bad episode is not compared. Of the 12 good ones, 11 succeeded (returns
  // 0, 2 ... 20). Those of at least a quarter of 22, the best return, are 6, 8
  // ... 20; the six best of these are 10, 12 ... 20.
  const auto ran = run({"-o", output, "--successful", "--keep-return", "0.25",
                        "--best", "6", "--skip-bad", "1", input});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 14, written 6, failed 1, empty 0, "
                               "filtered 3, unsuccessful 1, not best 2, "
                               "unfinished 0, skipped 1"));
  const data::TokenFileReader reader(output);
  REQUIRE(reader.document_count() == 6);
  for (int64_t i = 0; i < 6; ++i) {
    CHECK(reader.total_reward(i) == 10 + 2 * i);
  }
  const auto& report = reader.report();
  int64_t sum = 0;
  for (const char* reason : {"written", "failed", "empty", "filtered",
                             "unsuccessful", "not_best", "skipped"}) {
    sum += report[reason].get<int64_t>();
  }
  CHECK(report["read"] == sum);
  const nlohmann::json& filter = reader.tasks().tasks[0].filter;
  CHECK(filter["episodes"] == 12);
  CHECK(filter["kept"] == 6);
  CHECK(filter["window"] == 1);
}

TEST_CASE_METHOD(Fixture, "Episodes are sampled for each task separately") {
  std::vector<data::Episode> episodes;
  for (int64_t i = 0; i < 20; ++i) {
    episodes.push_back(episode_of(i, static_cast<double>(i)));
  }
  const auto first = dataset("a", spec_of("test/one"), episodes);
  const auto second = dataset("b", spec_of("test/two"), episodes);
  std::set<double> larger;
  for (const char* count : {"10", "3", "1"}) {
    const std::string output = folder / count;
    REQUIRE(
        run({"-o", output, "--episodes", count, "--seed", "4", first, second})
            .status == 0);
    const data::TokenFileReader reader(output);
    REQUIRE(reader.document_count() == 2 * std::stoll(count));
    std::set<double> sampled;
    for (int64_t i = 0; i < reader.document_count(); ++i) {
      sampled.insert(reader.total_reward(i));
      if (!larger.empty()) {
        CHECK(larger.contains(reader.total_reward(i)));
      }
    }
    larger = sampled;
  }
  const auto all = run({"-o", folder / "all.h5", "--episodes", "100", first});
  CHECK(all.status == 0);
  CHECK_THAT(all.err, Contains("task 'test/one' has only 20 episodes"));
}

TEST_CASE_METHOD(Fixture, "Episodes without an end flag are counted") {
  data::Episode unfinished = episode_of(1, 1);
  unfinished.terminations = {0, 0};
  const auto input =
      dataset("a", spec_of("test/one"), {episode_of(0, 1), unfinished});
  const auto ran = run({"-o", folder / "tokens.h5", input});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 2, written 2") &&
                          Contains("unfinished 1, skipped 0"));
  CHECK(data::TokenFileReader(folder / "tokens.h5").report()["unfinished"] ==
        1);
}

TEST_CASE_METHOD(Fixture, "D4RL and robomimic files become tokens") {
  const std::string samples = GATO_SOURCE_DIR "/tests/samples/";
  const auto ran =
      run({"-o", folder / "tokens.h5", samples + "d4rl/hopper_medium-v2.hdf5",
           samples + "robomimic/image.hdf5"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 16, written 16") &&
                          Contains("unfinished 1") &&
                          Contains("from row 12 on"));
  const data::TokenFileReader reader(folder / "tokens.h5");
  REQUIRE(reader.document_count() == 16);
  CHECK(reader.total_reward(1) == 30);
  // V = 200. Row 4 of the table observes (4, -4, 2): F = 0.5913, -0.5913,
  // 0.5229 of mu = 100, m = 256; it acts (1, 0.25): bins 1023 and 640.
  std::vector<int32_t> first_step = reader.document(1).tokens;
  first_step.resize(6);
  CHECK(first_step == std::vector<int32_t>{200 + 814, 200 + 209, 200 + 779,
                                           2248, 200 + 1023, 200 + 640});
  // One patch, three positions, the separator, three actions.
  CHECK(reader.document(4).tokens.size() == 8);
  CHECK(reader.document(4).tokens[0] < 0);
}

TEST_CASE_METHOD(Fixture,
                 "Actions outside [-1, 1] are clipped with a warning") {
  const std::string old =
      GATO_SOURCE_DIR "/tests/samples/d4rl/maze2d-umaze-v0.hdf5";
  const auto ran =
      run({"-o", folder / "tokens.h5", "--max-episode-steps", "100", old});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("'action' has values outside its bounds"));
  // Row 7 is step 1 of the second episode.
  const data::TokenFileReader reader(folder / "tokens.h5");
  CHECK(reader.document_count() == 2);
  CHECK(reader.document(1).tokens[10] == 200 + 1023);
}

TEST_CASE_METHOD(Fixture,
                 "A mask excludes the other episodes and counts them") {
  const auto ran = run({"-o", folder / "tokens.h5", "--mask", "valid",
                        GATO_SOURCE_DIR "/tests/samples/robomimic/image.hdf5"});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 12, written 3") && Contains("masked 9"));
}

TEST_CASE_METHOD(Fixture, "Bad episodes are not ranked") {
  std::vector<data::Episode> episodes;
  for (int64_t i = 0; i < 4; ++i) {
    episodes.push_back(episode_of(i, static_cast<double>(i + 1)));
  }
  episodes.push_back(episode_of(4, 100));  // would be the best
  array_of(episodes[4].observations[2]).set(0, NAN);
  const auto input = dataset("a", spec_of("test/one"), episodes);

  auto ran =
      run({"-o", folder / "best.h5", "--best", "2", "--skip-bad", "1", input});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("episode 4: step 0: observation key 'speed' is "
                               "nan"));
  CHECK_THAT(ran.err, Contains("read 5, written 2") && Contains("not best 2") &&
                          Contains("skipped 1"));
  const data::TokenFileReader best(folder / "best.h5");
  CHECK(best.total_reward(0) == 6);
  CHECK(best.total_reward(1) == 8);

  // The expert's return is 8, of the good ones.
  ran = run({"-o", folder / "good.h5", "--keep-return", "0.7", "--skip-bad",
             "1", "--threads", "3", input});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 5, written 2") && Contains("filtered 2") &&
                          Contains("skipped 1"));
  CHECK(data::TokenFileReader(folder / "good.h5")
            .tasks()
            .tasks[0]
            .expert_return == 8);

  // The same holds without a selection.
  ran = run({"-o", folder / "all.h5", "--skip-bad", "1", input});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 5, written 4") && Contains("skipped 1"));
  CHECK(
      data::TokenFileReader(folder / "all.h5").tasks().tasks[0].expert_return ==
      8);
  ran =
      run({"-o", folder / "none.h5", "--successful", "--skip-bad", "1", input});
  REQUIRE(ran.status == 3);
  CHECK_THAT(ran.err, Contains("read 5, unsuccessful 4, skipped 1"));

  ran = run({"-o", folder / "none.h5", "--best", "2", input});
  REQUIRE(ran.status == 3);
  CHECK_THAT(ran.err, Contains("episode 4: step 0"));
}

TEST_CASE_METHOD(Fixture, "Episodes without text need no text model") {
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  const auto run_with = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"episodes", "--no-provenance"});
    return test::run_in_process(tokenize_tool(), std::move(arguments));
  };
  auto ran =
      run_with({"--text-model", "none", "-o", folder / "tokens.h5", input});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const data::TokenFileReader reader(folder / "tokens.h5");
  CHECK_FALSE(reader.vocabulary().has_text());
  CHECK(reader.vocabulary().discrete_layout == data::DiscreteLayout::separate);
  const data::TokenizedDocument document = reader.document(0);
  // A patch, a number, a speed, the separator and a button.
  REQUIRE(document.tokens.size() == 10);
  CHECK(document.tokens[1] == 1024);
  CHECK(document.tokens[3] == 2048);
  CHECK(document.tokens[4] == 1024);

  ran = run_with({"--text-model", "none", "--discrete", "overlap", "-o",
                  folder / "b.h5", input});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("--discrete overlap"));
  ran = test::run_in_process(tokenize_tool(), {"text", "--text-model", "none",
                                               "-o", folder / "b.h5", input});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("gato-tokenize vocab"));
  ran = test::run_in_process(tokenize_tool(), {"vocab", "--size", "100", "-o",
                                               folder / "words.model", input});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains("--text-model none"));
}

TEST_CASE_METHOD(Fixture, "A text key without a text model is refused") {
  data::TaskSpec spec = spec_of("test/one");
  spec.observation_fields = {
      make_field("mission", data::Role::text, data::DType::uint8, {})};
  data::Episode episode = episode_of(0, 1);
  episode.observations = {std::vector<std::string>{"go", "go", "go"}};
  const auto input = dataset("a", spec, {episode});
  const auto ran = test::run_in_process(
      tokenize_tool(),
      {"episodes", "--text-model", "none", "-o", folder / "tokens.h5", input});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains(input + ": key 'mission' is text") &&
                          Contains("gato-tokenize vocab"));
}

TEST_CASE_METHOD(Fixture, "A folder of datasets is an operand") {
  std::filesystem::create_directories(folder / "all/deep");
  dataset("all/a", spec_of("test/one"), {episode_of(0, 1)});
  dataset("all/deep/b", spec_of("test/two"), {episode_of(0, 2)});
  auto ran = run({"-o", folder / "tokens.h5", folder / "all"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK(data::TokenFileReader(folder / "tokens.h5").document_count() == 2);
  // --shard divides the datasets.
  ran = run({"-o", folder / "second.h5", "--shard", "2/2", folder / "all"});
  REQUIRE(ran.status == 0);
  const data::TokenFileReader second(folder / "second.h5");
  REQUIRE(second.document_count() == 1);
  CHECK(second.tasks().tasks[0].spec.name == "test/two");

  std::filesystem::create_directories(folder / "empty");
  ran = run({"-o", folder / "none.h5", folder / "empty"});
  CHECK(ran.status != 0);
  CHECK_THAT(ran.err, Contains(folder / "empty"));
}

TEST_CASE_METHOD(Fixture, "A dataset can be named only once, in any form") {
  std::filesystem::create_directories(folder / "all");
  const auto input = dataset("all/a", spec_of("test/one"), {episode_of(0, 1)});
  for (const std::string& other :
       {input, folder / "all", input + "/data", input + "/data/main_data.hdf5",
        folder / "all/../all/a"}) {
    INFO(other);
    const auto ran = run({"-o", folder / "tokens.h5", input, other});
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(": name every input only once"));
    CHECK_FALSE(std::filesystem::exists(folder / "tokens.h5"));
  }
}

TEST_CASE_METHOD(Fixture, "gato-info reports the sizes of a token file") {
  const auto input = dataset("a", spec_of("test/one"), {episode_of(0, 1)});
  REQUIRE(run({"-o", folder / "tokens.h5", input}).status == 0);
  const Inspection found = inspect(folder / "tokens.h5");
  CHECK(found.facts["sizes"][0]["tokens_per_step"]["max"] == 5);
  CHECK(found.facts["sizes"][0]["steps_per_episode"]["mean"] == 2.0);
  CHECK(found.facts["sizes"][0]["tokens_per_document"]["max"] == 10);
  CHECK(found.facts["steps_in_length"][0]["256"] == 51);
  CHECK(found.facts["tokens_in_window"][0]["8"] == 40);
}
