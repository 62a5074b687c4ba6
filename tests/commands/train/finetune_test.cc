#include "gato/commands/train/finetune.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catch.h"
#include "data/make_field.h"
#include "gato/commands/train/finetune_run.h"
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

RunResult run_finetune(std::vector<std::string> arguments) {
  return run_command("gato-finetune", finetune_command(), std::move(arguments));
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
  // Starts at `init` and takes 4 steps, unless `more` says otherwise.
  RunResult run(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {
        "-o",        output, "--no-provenance", "--batch-size", "4",
        "--threads", "1",    "--precision",     "fp32"};
    for (const auto& [option, value] :
         {std::pair<std::string, std::string>{"--init", init},
          {"--steps", "4"}}) {
      if (std::ranges::find(more, option) == more.end()) {
        arguments.insert(arguments.end(), {option, value});
      }
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_finetune(arguments);
  }
  // Adds the demonstrations of the fixture.
  RunResult run_curve(std::vector<std::string> more) const {
    more.insert(more.end(), {"--demonstrations", dataset});
    return run(std::move(more));
  }
  nlohmann::json demonstrations(const std::string& run) const {
    return nlohmann::json::parse(
        read_bytes(output + "/" + run + "/demonstrations.json"));
  }
};

// Returns the files of a run whose contents do not depend on time.
std::map<std::string, std::string> comparable_files(const std::string& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) {
    const std::string name = entry.path().lexically_relative(run);
    if (entry.is_regular_file() && name != "metrics.jsonl" &&
        name != "log.txt" && !name.starts_with(".")) {
      files[name] = read_bytes(entry.path());
    }
  }
  return files;
}

// Returns the evaluations in metrics.jsonl by step.
std::map<int64_t, nlohmann::json> evaluations(const std::string& run) {
  std::map<int64_t, nlohmann::json> result;
  std::ifstream file(run + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    if (json.contains("evaluation")) {
      CHECK_FALSE(result.contains(json["step"]));
      result[json["step"]] = json["evaluation"];
    }
  }
  return result;
}

const std::vector<std::string> kEvaluate = {
    "--env", "arcade/catch", "--eval-every", "2", "--eval-episodes", "2"};

std::vector<std::string> operator+(std::vector<std::string> a,
                                   const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("A dataset is tokenized, packed and trained on") {
  const Fixture fixture;
  const RunResult ran = fixture.run(
      {"--demonstrations", fixture.dataset, "--env", "control/cartpole-swingup",
       "--eval-episodes", "1", "--eval-every", "2"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("does not know the task 'control/cartpole-swingup' (it "
                      "knows 'toy/follow')"));
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
  CHECK_THAT(metrics, Contains(R"("task":"control/cartpole-swingup")"));
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

TEST_CASE("--only trains a run exactly as the complete curve does") {
  const Fixture fixture;
  const std::vector<std::string> curve =
      std::vector<std::string>{"--episodes", "1,3", "--repeats", "2"} +
      kEvaluate;
  REQUIRE(fixture.run_curve(curve).status == 0);
  const std::string run = fixture.output + "/episodes-3-repeat-2";
  const auto files = comparable_files(run);
  const auto evaluated = evaluations(run);
  CHECK(files.contains("step-4/model.safetensors"));
  CHECK(files.contains("config.toml"));
  CHECK(evaluated.size() == 2);
  std::filesystem::remove_all(fixture.output);

  const RunResult ran =
      fixture.run_curve(curve + std::vector<std::string>{"--only", "3:2"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK(comparable_files(run) == files);
  CHECK(evaluations(run) == evaluated);
  CHECK_FALSE(std::filesystem::exists(fixture.output + "/episodes-1-repeat-1"));

  // The list of the other runs has no influence on what is learned.
  std::filesystem::remove_all(fixture.output);
  REQUIRE(fixture.run_curve({"--only", "3:2"}).status == 0);
  CHECK(comparable_files(run).at("step-4/model.safetensors") ==
        files.at("step-4/model.safetensors"));
  CHECK(comparable_files(run).at("demonstrations.json") ==
        files.at("demonstrations.json"));
}

TEST_CASE("--force with --only leaves the other runs alone") {
  const Fixture fixture;
  const std::vector<std::string> curve = {"--episodes", "1,3", "--force"};
  REQUIRE(fixture.run_curve(curve).status == 0);
  REQUIRE(fixture.run_curve(curve + std::vector<std::string>{"--only", "1:1"})
              .status == 0);
  CHECK(
      std::filesystem::exists(fixture.output + "/episodes-3-repeat-1/latest"));
}

TEST_CASE("Demonstrations are nested samples of the best ones") {
  const Fixture fixture;
  // The return of an episode grows with its number, and number 5 fails.
  write_dataset(fixture.dataset, 6, {.failed = 5});
  REQUIRE(
      fixture
          .run_curve({"--episodes", "3,1,2", "--repeats", "2", "--best", "3"})
          .status == 0);
  for (const char* repeat : {"1", "2"}) {
    std::vector<std::vector<int64_t>> samples;
    for (const char* count : {"1", "2", "3"}) {
      const nlohmann::json json = fixture.demonstrations(
          std::string("episodes-") + count + "-repeat-" + repeat);
      CHECK(json["dataset"] == fixture.dataset);
      samples.push_back(json["episodes"]);
    }
    CHECK(samples[0].size() == 1);
    CHECK(std::equal(samples[0].begin(), samples[0].end(), samples[1].begin()));
    CHECK(std::equal(samples[1].begin(), samples[1].end(), samples[2].begin()));
    std::sort(samples[2].begin(), samples[2].end());
    CHECK(samples[2] == std::vector<int64_t>{2, 3, 4});
  }
  CHECK(fixture.run_curve({"--episodes", "4", "--best", "3"}).status == 2);
}

TEST_CASE("A run on all demonstrations lists all of them") {
  const Fixture fixture;
  REQUIRE(fixture.run_curve({"--best", "4"}).status == 0);
  nlohmann::json json = fixture.demonstrations(".");
  std::vector<int64_t> episodes = json["episodes"];
  std::sort(episodes.begin(), episodes.end());
  CHECK(episodes == std::vector<int64_t>{2, 3, 4, 5});
}

TEST_CASE("A run that is resumed has the weights and evaluations of another") {
  const Fixture fixture;
  const std::vector<std::string> curve =
      std::vector<std::string>{"--episodes", "3"} + kEvaluate;
  const std::string run = fixture.output + "/episodes-3-repeat-1";
  const std::string weights = "step-8/model.safetensors";
  REQUIRE(fixture.run_curve(curve + std::vector<std::string>{"--steps", "8"})
              .status == 0);
  const auto uninterrupted = comparable_files(run).at(weights);
  const auto evaluated = evaluations(run);
  CHECK(evaluated.size() == 4);
  CHECK(evaluated.at(2) != evaluated.at(4));  // other episodes
  std::filesystem::remove_all(fixture.output);

  for (const char* steps : {"3", "4", "8"}) {
    REQUIRE(fixture
                .run_curve(curve + std::vector<std::string>{"--steps", steps,
                                                            "--resume"})
                .status == 0);
  }
  CHECK(comparable_files(run).at(weights) == uninterrupted);
  auto resumed = evaluations(run);
  CHECK(resumed.erase(3) == 1);  // the last step of the first part
  CHECK(resumed == evaluated);
}

TEST_CASE("An evaluation that was lost with a killed process is made up for") {
  const Fixture fixture;
  const std::vector<std::string> options =
      std::vector<std::string>{"--episodes", "3", "--resume", "--save-every",
                               "2"} +
      kEvaluate;
  const std::string run = fixture.output + "/episodes-3-repeat-1";
  REQUIRE(fixture.run_curve(options).status == 0);
  const auto evaluated = evaluations(run);
  // As if the process had been killed after the checkpoint of step 2.
  std::filesystem::remove_all(run + "/step-4");
  std::filesystem::remove(run + "/latest");
  std::ofstream(run + "/metrics.jsonl") << R"({"step":2,"loss":1.0})"
                                        << "\n";
  REQUIRE(fixture.run_curve(options).status == 0);
  CHECK(evaluations(run) == evaluated);
}

TEST_CASE("A curve can be extended") {
  const Fixture fixture;
  const auto run = [&](const std::string& episodes,
                       const std::string& repeats) {
    return fixture.run_curve(
        {"--episodes", episodes, "--repeats", repeats, "--resume"});
  };
  REQUIRE(run("1", "1").status == 0);
  const auto first = comparable_files(fixture.output + "/episodes-1-repeat-1");
  REQUIRE(run("1,3", "2").status == 0);
  CHECK(
      std::filesystem::exists(fixture.output + "/episodes-3-repeat-2/latest"));
  CHECK(comparable_files(fixture.output + "/episodes-1-repeat-1")
            .at("step-4/model.safetensors") ==
        first.at("step-4/model.safetensors"));
}

TEST_CASE("--from-scratch starts with new weights of the same network") {
  const Fixture fixture;
  const auto weights = [&](const std::vector<std::string>& more,
                           const std::string& run) {
    const RunResult ran = fixture.run_curve(
        std::vector<std::string>{"--episodes", "3", "--repeats", "2", "--steps",
                                 "0", "--force"} +
        more);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, !Contains("how its weights were initialized"));
    return read_bytes(fixture.output + "/" + run + "/step-0/model.safetensors");
  };
  const std::string tuned = weights({}, "episodes-3-repeat-1");
  const std::string first = weights({"--from-scratch"}, "episodes-3-repeat-1");
  CHECK(first.size() == tuned.size());
  CHECK(first != tuned);
  CHECK(weights({"--from-scratch"}, "episodes-3-repeat-1") == first);
  CHECK(weights({"--from-scratch"}, "episodes-3-repeat-2") != first);
  CHECK(weights({"--from-scratch", "--seed", "1"}, "episodes-3-repeat-1") !=
        first);
  CHECK(weights({"--from-scratch", "--embedding-scale", "0.5"},
                "episodes-3-repeat-1") != first);
  CHECK(fixture.run_curve({"--embedding-scale", "0.5"}).status == 2);
}

TEST_CASE("The first weights have the scale that the model was trained with") {
  const Fixture fixture;
  const std::string init = fixture.training.run_path("wide");
  REQUIRE(
      fixture.training.train(init, {"--steps", "1", "--embedding-scale", "3"})
          .status == 0);
  REQUIRE(fixture.run_curve({"--init", init, "--from-scratch"}).status == 0);
  for (const model::Parameter& parameter :
       model::load_model(fixture.output).network->parameters()) {
    if (parameter.name == "embedding.tokens") {
      CHECK(parameter.value.std().item<float>() == Approx(3).epsilon(0.1));
    }
  }
}

TEST_CASE("A dry run prints estimates and writes nothing") {
  const Fixture fixture;
  const RunResult ran = fixture.run_curve(
      std::vector<std::string>{"--episodes", "1,3", "--repeats", "2",
                               "--dry-run"} +
      kEvaluate);
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const nlohmann::json json = nlohmann::json::parse(ran.out);
  CHECK(json["runs"] == 4);
  CHECK(json["jobs"] == 1);  // one thread
  CHECK(json["preset"] == "finetuning-small");
  CHECK(json["parameters"] > 0);
  CHECK(json["seconds"]["evaluation"] > 0);
  CHECK(json["seconds"]["curve"] >= json["seconds"]["run"]);
  CHECK_FALSE(std::filesystem::exists(fixture.output));
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

TEST_CASE("The default settings are those of the paper or of small networks") {
  const Fixture fixture;
  // Only the configuration is read.
  const std::string config =
      read_bytes(model::resolve_model_directory(fixture.init) / "config.json");
  nlohmann::json wide = nlohmann::json::parse(config);
  wide["width"] = 1024;
  wide["layers"] = 8;
  wide["feedforward"] = 8192;
  const std::string large = fixture.training.run_path("large");
  std::filesystem::create_directories(large);
  std::ofstream(large + "/config.json") << wide.dump();
  const auto dump = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--dump-config", "--data", "x.h5"});
    const RunResult ran = run_finetune(std::move(more));
    INFO(ran.err);
    CHECK(ran.status == 0);
    return ran.out;
  };
  const std::string paper = dump({"--init", large});
  CHECK_THAT(paper, Contains("preset = \"finetuning\"\n") &&
                        Contains("learning-rate = 1e-05\n") &&
                        Contains("steps = 10000\n"));
  const std::string small = dump({"--init", fixture.init});
  CHECK_THAT(small, Contains("preset = \"finetuning-small\"\n") &&
                        Contains("learning-rate = 0.001\n"));
  CHECK_THAT(dump({"--init", fixture.init, "--learning-rate", "0.5"}),
             Contains("learning-rate = 0.5\n"));
  CHECK_THAT(dump({"--init", fixture.init, "--preset", "finetuning"}),
             Contains("learning-rate = 1e-05\n"));
  CHECK(run_finetune({"--init", fixture.init, "--preset", "gato-79m",
                      "--dump-config", "--data", "x.h5"})
            .status == 2);
}

TEST_CASE("The preset of the paper contains the settings of its appendix E") {
  TrainingOptions options = paper_finetuning_options();
  const Fixture fixture;
  REQUIRE(
      fixture
          .run({"--data", fixture.training.data_path, "--preset", "finetuning"})
          .status == 0);
  const toml::table config = toml::parse_file(fixture.output + "/config.toml");
  const train::TrainingConfig& paper = options.config;
  CHECK(config["learning-rate"].value<double>() == paper.schedule.peak_rate);
  CHECK(config["warmup-steps"].value<int64_t>() == paper.schedule.warmup_steps);
  CHECK(config["decay-steps"].value<int64_t>() == paper.schedule.decay_steps);
  CHECK(config["weight-decay"].value<double>() == paper.optimizer.weight_decay);
  CHECK(config["dropout"].value<double>() == paper.gradient.dropout);
  CHECK(config["stochastic-depth"].value<double>() ==
        paper.gradient.stochastic_depth);
  CHECK(paper.steps == 10000);
  CHECK(paper.loader.batch_size == 64);
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
  for (const char* only :
       {"3", "3:", ":1", "0:1", "3:0", "3:1:1", "a:1", "2:1", "3:2"}) {
    INFO(only);
    CHECK(fixture
              .run({"--demonstrations", dataset, "--episodes", "1,3", "--only",
                    only})
              .status == 2);
  }
  CHECK(fixture.run({"--data", fixture.training.data_path, "--only", "3:1"})
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
