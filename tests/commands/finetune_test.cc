#include "gato/commands/finetune.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "catch.h"
#include "data/make_field.h"
#include "gato/ingest/episodes/minari_writer.h"
#include "gato/model/model_directory.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using Catch::Contains;

namespace {

constexpr int64_t kSteps = 5;

// The indices of episodes with an error.
struct BadEpisodes {
  std::optional<int64_t> failed = {}, nan_reward = {}, nan_observation = {};
};

// Writes `count` episodes of a task that observes two numbers and has three
// actions.
void write_dataset(const std::string& path, int64_t count,
                   const BadEpisodes& bad = {}) {
  ingest::MinariDatasetInfo description;
  description.spec.name = "toy/follow";
  description.spec.domain = "toy";
  data::Field observation = make_field("observation", data::Role::continuous,
                                       data::DType::float32, {2});
  observation.low.assign(2, -1);
  observation.high.assign(2, 1);
  data::Field action =
      make_field("action", data::Role::discrete, data::DType::int64, {});
  action.n = {3};
  action.start = {0};
  description.spec.observation_fields = {observation};
  description.spec.action_fields = {action};
  description.source = "expert";
  ingest::MinariWriter writer(path, /*force=*/true, description);
  for (int64_t i = 0; i < count; ++i) {
    data::Episode episode;
    episode.id = i;
    data::Array observations =
        data::Array::zeros(data::DType::float32, {kSteps + 1, 2});
    data::Array actions = data::Array::zeros(data::DType::int64, {kSteps});
    for (int64_t t = 0; t < kSteps; ++t) {
      observations.set(2 * t, static_cast<double>(i) / 10);
      observations.set(2 * t + 1, static_cast<double>(t) / 10);
      actions.set_integer(t, (i + t) % 3);
    }
    episode.observations = {observations};
    episode.actions = {actions};
    episode.rewards.assign(kSteps, static_cast<double>(i));
    episode.terminations.assign(kSteps, 0);
    episode.truncations.assign(kSteps, 0);
    episode.truncations.back() = 1;
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    episode.failed = bad.failed == i;
    if (bad.nan_reward == i) {
      episode.rewards[2] = kNan;
    }
    if (bad.nan_observation == i) {
      std::get<data::Array>(episode.observations[0]).set(1, kNan);
    }
    writer.append(episode);
  }
  writer.commit({});
}

struct Fixture {
  TrainingFixture training;
  std::string init = training.run_path("init");
  std::string dataset = training.folder / "demonstrations";
  std::string output = training.run_path("tuned");

  Fixture() {
    REQUIRE(training.train(init, {"--steps", "1"}).status == 0);
    write_dataset(dataset, 6);
  }
  RunResult run(std::vector<std::string> more) const {
    const cli::Tool tool{.name = "gato-finetune",
                         .summary = "",
                         .description = "",
                         .commands = {finetune_command()},
                         .see_also = {}};
    std::vector<std::string> arguments = {
        "-o",           output, "--no-provenance", "--steps", "4",
        "--batch-size", "4",    "--threads",       "1",       "--precision",
        "fp32"};
    if (std::ranges::find(more, "--init") == more.end()) {
      arguments.insert(arguments.end(), {"--init", init});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_in_process(tool, arguments);
  }
};

}  // namespace

TEST_CASE("A dataset is tokenized, packed and trained on") {
  const Fixture fixture;
  const RunResult ran = fixture.run(
      {"--demonstrations", fixture.dataset, "--env", "control/cartpole-swingup",
       "--eval-episodes", "1", "--eval-every", "2"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const model::LoadedModel model = model::load_model(fixture.output);
  const model::ModelConfig& config = model.network->config();
  REQUIRE(config.tasks.tasks.size() == 1);
  CHECK(config.tasks.tasks[0].spec.name == "toy/follow");
  CHECK(config.tasks.tasks[0].episode_count == 6);
  CHECK(config.layers == 2);
  REQUIRE(model.demonstrations.size() == 1);
  CHECK(model.demonstrations[0].total_reward == 25);  // the best one
  const std::string metrics = read_bytes(fixture.output + "/metrics.jsonl");
  CHECK(std::count(metrics.begin(), metrics.end(), '\n') == 2 + 1);
  CHECK_THAT(
      metrics,
      Contains(R"("environment":"control/cartpole-swingup","episodes":1,)"
               R"("failed":0,"mean":)"));
  // The learning rate is constant from the first step.
  CHECK_THAT(metrics, Contains(R"("learning_rate":1e-05)"));
}

TEST_CASE(
    "Each number of episodes and repeat gives a run that can be resumed") {
  const Fixture fixture;
  const std::vector<std::string> options = {"--demonstrations", fixture.dataset,
                                            "--episodes",       "1,3",
                                            "--repeats",        "2",
                                            "--resume"};
  const RunResult ran = fixture.run(options);
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  std::string bytes;
  for (const char* name : {"episodes-1-repeat-1", "episodes-3-repeat-1",
                           "episodes-1-repeat-2", "episodes-3-repeat-2"}) {
    INFO(name);
    const std::string weights =
        read_bytes(fixture.output + "/" + name + "/latest/model.safetensors");
    CHECK_FALSE(weights.empty());
    CHECK(weights != bytes);
    bytes = weights;
  }
  CHECK(fixture.run(options).status == 0);  // all runs are complete
}

TEST_CASE("Failed demonstrations are not used, and are counted") {
  const Fixture fixture;
  write_dataset(fixture.dataset, 6, {.failed = 5});
  const RunResult ran = fixture.run({"--demonstrations", fixture.dataset});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("1 episodes are not used: 1 failed"));
  CHECK(model::load_model(fixture.output)
            .network->config()
            .tasks.tasks[0]
            .episode_count == 5);
}

TEST_CASE("Bad demonstrations are refused before training starts") {
  const Fixture fixture;
  write_dataset(fixture.dataset, 6, {.nan_reward = 4});
  const std::vector<std::string> one = {"--demonstrations", fixture.dataset,
                                        "--episodes", "1"};
  CHECK(fixture.run(one).status == 3);
  CHECK_THAT(fixture.run(one).err, Contains("episode 4: rewards: step 2"));
  write_dataset(fixture.dataset, 6, {.nan_observation = 3});
  CHECK(fixture.run(one).status == 3);
  CHECK_THAT(fixture.run(one).err, Contains("episode 3") && Contains("nan"));
  CHECK_FALSE(std::filesystem::exists(fixture.output));
}

TEST_CASE("--force removes the runs of an earlier invocation") {
  const Fixture fixture;
  const auto run = [&](const std::string& episodes) {
    return fixture.run({"--demonstrations", fixture.dataset, "--episodes",
                        episodes, "--force"});
  };
  REQUIRE(run("1,3").status == 0);
  std::filesystem::create_directories(fixture.output + "/episodes-notes");
  // The dataset has 6 episodes.
  REQUIRE(run("1,7").status == 2);
  CHECK(std::filesystem::exists(fixture.output + "/episodes-3-repeat-1"));
  REQUIRE(run("1").status == 0);
  CHECK(std::filesystem::exists(fixture.output + "/episodes-1-repeat-1"));
  CHECK_FALSE(std::filesystem::exists(fixture.output + "/episodes-3-repeat-1"));
  CHECK(std::filesystem::exists(fixture.output + "/episodes-notes"));
}

TEST_CASE("An existing output of a later run is found before the first run") {
  const Fixture fixture;
  std::filesystem::create_directories(fixture.output + "/episodes-3-repeat-1");
  std::ofstream(fixture.output + "/episodes-3-repeat-1/notes") << "mine";
  CHECK(fixture.run({"--demonstrations", fixture.dataset, "--episodes", "1,3"})
            .status == 2);
  CHECK_FALSE(std::filesystem::exists(fixture.output + "/episodes-1-repeat-1"));
}

TEST_CASE("Sequence files with the vocabulary of the model can be used") {
  const Fixture fixture;
  CHECK(fixture.run({"--data", fixture.training.data_path}).status == 0);
  CHECK(
      model::load_model(fixture.output).network->config().tasks.tasks.size() ==
      2);
}

TEST_CASE("The preset of the paper contains the default settings") {
  const Fixture fixture;
  const std::vector<std::string> data = {"--data", fixture.training.data_path,
                                         "--force"};
  REQUIRE(fixture.run(data).status == 0);
  const std::string plain = read_bytes(fixture.output + "/config.toml");
  std::vector<std::string> named = data;
  named.insert(named.end(), {"--preset", "finetuning"});
  REQUIRE(fixture.run(named).status == 0);
  std::string with_preset = read_bytes(fixture.output + "/config.toml");
  const std::string line = "preset = \"finetuning\"\n";
  const size_t at = with_preset.find(line);
  REQUIRE(at != std::string::npos);
  with_preset.erase(at, line.size());
  CHECK(with_preset == plain);
  named.back() = "gato-79m";
  CHECK(fixture.run(named).status == 2);
}

TEST_CASE("Invalid inputs are refused before anything is written") {
  const Fixture fixture;
  const std::string& dataset = fixture.dataset;
  CHECK(fixture.run({}).status == 2);
  CHECK(fixture.run({"--demonstrations", dataset, "--data", dataset}).status ==
        2);
  CHECK(
      fixture.run({"--demonstrations", dataset, "--episodes", "1,7"}).status ==
      2);
  CHECK(fixture.run({"--demonstrations", dataset, "--episodes", "0"}).status ==
        2);
  CHECK(fixture.run({"--demonstrations", dataset, "--episodes", "3,1,3"})
            .status == 2);
  CHECK(
      fixture.run({"--demonstrations", dataset, "--env", "toy/flee"}).status ==
      2);
  CHECK(fixture.run({"--data", fixture.training.data_path, "--env", "toy/flee"})
            .status == 2);
  CHECK(fixture.run({"--demonstrations", dataset + "-none"}).status == 4);
  CHECK(fixture.run({"--init", fixture.output, "--demonstrations", dataset})
            .status == 4);
  CHECK_FALSE(std::filesystem::exists(fixture.output));
}
