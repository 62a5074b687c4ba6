// gato-train --validation and --keep-best.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.h"
#include "gato/model/model_directory.h"
#include "gato/train/evaluate_loss.h"
#include "gato/train/run/checkpoint.h"
#include "train/synthetic_data.h"
#include "train/train_process.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;
using Catch::Contains;

namespace {

using Words = std::vector<std::string>;

Words join(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// A rate at which the loss of the held-out sequences soon rises again, so that
// the best checkpoint is not among the newest.
struct ValidationFixture : TrainingFixture {
  std::string held_out = folder / "held-out.h5";

  ValidationFixture() {
    write_synthetic_sequences(held_out,
                              {.sequences = 10, .first_number = 1000});
  }
  Words validation(const Words& more = {}) const {
    return join({"--validation", held_out, "--validate-every", "2"}, more);
  }
  Words keep_best(const Words& more = {}, const char* keep = "1") const {
    return validation(
        join({"--keep-best", "--learning-rate", "0.05", "--keep", keep}, more));
  }
};

// Returns the lines of metrics.jsonl with or without "validation".
std::vector<nlohmann::json> read_lines(const std::string& run,
                                       bool is_validation) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(run + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    auto json = nlohmann::json::parse(line);
    if (json.contains("validation") == is_validation) {
      lines.push_back(std::move(json));
    }
  }
  return lines;
}

// Returns the validation losses by step.
std::vector<std::pair<int64_t, double>> read_losses(const std::string& run) {
  std::vector<std::pair<int64_t, double>> losses;
  for (const nlohmann::json& line : read_lines(run, true)) {
    losses.emplace_back(line["step"], line["validation"]["loss"]);
  }
  return losses;
}

// Returns the first step of the lowest validation loss.
int64_t lowest_step(const std::string& run) {
  const auto losses = read_losses(run);
  REQUIRE_FALSE(losses.empty());
  return std::ranges::min_element(losses, {},
                                  [](const auto& loss) { return loss.second; })
      ->first;
}

std::string step_directory(const std::string& run, int64_t step) {
  return run + "/step-" + std::to_string(step);
}

}  // namespace

TEST_CASE("Validation reports losses and changes nothing that is learned") {
  const ValidationFixture fixture;
  const std::string plain = fixture.run_path("plain"),
                    validated = fixture.run_path("validated");
  REQUIRE(fixture.train(plain, {"--steps", "6"}).status == 0);
  const RunResult ran = fixture.train(
      validated, fixture.validation({"--steps", "6", "--tensorboard"}));
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  for (const char* name : {"model.safetensors", "config.json", "state.json",
                           "optimizer-00000-of-00001.safetensors"}) {
    INFO(name);
    CHECK(read_bytes(plain + "/step-6/" + name) ==
          read_bytes(validated + "/step-6/" + name));
  }
  const auto lines = read_lines(validated, true);
  REQUIRE(lines.size() == 3);
  CHECK(lines.back()["step"] == 6);
  const nlohmann::json& losses = lines.back()["validation"];
  CHECK(losses["targets"] == 5 * 4 + 5 * 15);
  CHECK(losses["modality"]["text"]["targets"] == 5 * 15);
  CHECK(losses["domain"]["control"]["loss"] > 0);
  CHECK(losses["task"]["control/push"]["targets"] == 20);
  // The losses are those of gato-eval.
  const nlohmann::json evaluated =
      evaluate_loss(*model::load_model(validated).network,
                    SequenceFileData({fixture.held_out}), {});
  CHECK(losses["loss"] == evaluated["loss"]);
  // The losses of the training steps, by task.
  const auto steps = read_lines(validated, false);
  REQUIRE(steps.size() == 6);
  for (const nlohmann::json& line : steps) {
    CHECK(line["task"]["control/push"]["targets"] > 0);
    CHECK(line["task"]["language/count"] == line["domain"]["language"]);
  }
  std::string events;
  for (const auto& entry : std::filesystem::directory_iterator(validated)) {
    if (entry.path().filename().string().starts_with("events.")) {
      events += read_bytes(entry.path());
    }
  }
  CHECK_THAT(events, Contains("task/control/push/loss") &&
                         Contains("validation/loss") &&
                         Contains("validation/task/language/count/loss") &&
                         Contains("validation/modality/text/loss"));
}

TEST_CASE("The checkpoint of the lowest validation loss is kept") {
  const ValidationFixture fixture;
  const std::string run = fixture.run_path("run");
  const RunResult ran = fixture.train(
      run, fixture.keep_best({"--steps", "40", "--save-every", "4"}));
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const int64_t best = lowest_step(run);
  CHECK(best < 36);
  CHECK(std::filesystem::read_symlink(run + "/best") ==
        "step-" + std::to_string(best));
  CHECK(read_training_state(run + "/best").step == best);
  CHECK(read_training_state(run + "/step-40").best->step == best);
  // No other checkpoint but the newest.
  int checkpoints = 0;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    checkpoints += entry.path().filename().string().starts_with("step-");
  }
  CHECK(checkpoints == 2);
  const auto losses = read_losses(run);
  const double lowest = std::ranges::find(losses, best, [](const auto& loss) {
                          return loss.first;
                        })->second;
  CHECK(evaluate_loss(*model::load_model(run + "/best").network,
                      SequenceFileData({fixture.held_out}),
                      {})["loss"] == lowest);
}

TEST_CASE("Interrupted runs keep the best checkpoint of uninterrupted ones") {
  const ValidationFixture fixture;
  const std::string whole = fixture.run_path("whole"),
                    parts = fixture.run_path("parts");
  const bool is_asynchronous = GENERATE(false, true);
  const auto options = [&](const char* steps) {
    Words words = fixture.keep_best(
        {"--steps", steps, "--resume", "--save-every", "3"}, "2");
    if (is_asynchronous) {
      words.emplace_back("--asynchronous-save");
    }
    return words;
  };
  REQUIRE(fixture.train(whole, options("18")).status == 0);
  const int64_t best = lowest_step(whole);
  for (const char* steps : {"1", "5", "12", "18"}) {
    const RunResult ran = fixture.train(parts, options(steps));
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    // As after a kill -9, whose newest checkpoint is torn.
    std::filesystem::remove(
        step_directory(parts, std::stoll(steps)) +
        (steps == std::string("12") ? "/MANIFEST.json" : "/none"));
  }
  CHECK(read_losses(parts) == read_losses(whole));
  for (const char* name : {"/best/model.safetensors", "/best/state.json",
                           "/latest/model.safetensors", "/latest/state.json"}) {
    INFO(name);
    CHECK(read_bytes(parts + name) == read_bytes(whole + name));
  }
  CHECK(std::filesystem::read_symlink(parts + "/best") ==
        "step-" + std::to_string(best));
}

TEST_CASE("The best checkpoint is chosen again when validation data changes") {
  const ValidationFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, fixture.keep_best({"--steps", "10"})).status == 0);
  write_synthetic_sequences(fixture.held_out, {.sequences = 12});
  const RunResult ran =
      fixture.train(run, fixture.keep_best({"--steps", "12", "--resume"}));
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("held-out.h5: the validation data has changed"));
  CHECK(read_training_state(run + "/best").step == 12);
}

TEST_CASE("Validation data that the network cannot read is refused") {
  const ValidationFixture fixture;
  const std::string run = fixture.run_path("run");
  CHECK(fixture.train(run, {"--keep-best"}).status == 2);
  const RunResult no_data = fixture.train(run, {"--validate-every", "2"});
  CHECK(no_data.status == 2);
  CHECK_THAT(no_data.err, Contains("--validate-every 2 requires --validation"));
  CHECK(
      fixture.train(run, {"--validation", fixture.folder / "none.h5"}).status ==
      4);
  write_synthetic_sequences(fixture.held_out, {.text_size = 21});
  for (const char* option : {"--quiet", "--dry-run"}) {
    const RunResult ran = fixture.train(run, fixture.validation({option}));
    CHECK(ran.status == 3);
    CHECK_THAT(ran.err, Contains("held-out.h5"));
  }
  CHECK_FALSE(std::filesystem::exists(run));
}

TEST_CASE("Processes share the validation") {
  const ValidationFixture fixture;
  const std::string one = fixture.run_path("one"),
                    two = fixture.run_path("two");
  // More than one batch of validation for each of the processes.
  write_synthetic_sequences(fixture.held_out,
                            {.sequences = 400, .first_number = 1000});
  const Words options = fixture.keep_best({"--steps", "8"});
  REQUIRE(fixture.train(one, options).status == 0);
  for (const char* extra : {"--quiet", "--shard-optimizer"}) {
    TrainProcess process(fixture.arguments(
        two, join(options, {"--processes", "2", "--force", extra})));
    REQUIRE(process.wait() == 0);
    const auto expected = read_losses(one), found = read_losses(two);
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].first == expected[i].first);
      CHECK(found[i].second == Approx(expected[i].second).epsilon(1e-4));
    }
    CHECK(read_lines(two, true).back()["validation"]["targets"] ==
          200 * 4 + 200 * 15);
    CHECK(std::filesystem::read_symlink(two + "/best") ==
          "step-" + std::to_string(lowest_step(two)));
  }
}
