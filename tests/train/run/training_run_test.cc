// Runs of gato-train in this process.
#include "gato/train/run/training_run.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "catch.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/model/model_directory.h"
#include "gato/train/evaluate_loss.h"
#include "gato/train/input/sequence_file_data.h"
#include "train/synthetic_data.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;
using Catch::Contains;

namespace {

std::vector<nlohmann::json> read_metrics(const std::string& run) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(run + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

// Returns the bytes of the files of a checkpoint that depend on training.
std::string checkpoint_bytes(const std::string& directory) {
  std::string bytes;
  for (const char* name :
       {"config.json", "model.safetensors", "state.json",
        "optimizer-00000-of-00001.safetensors", "MANIFEST.json"}) {
    const std::string file = read_bytes(directory + "/" + name);
    INFO(directory << "/" << name);
    REQUIRE_FALSE(file.empty());
    bytes += file;
  }
  return bytes;
}

void corrupt(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(2000);
  file.put('\x55').put('\xaa');
}

// Removes options from the state of a checkpoint, as if they did not exist when
// it was written.
void remove_options(const std::string& checkpoint,
                    const std::vector<std::string>& names) {
  const std::string path = checkpoint + "/state.json";
  auto state = nlohmann::json::parse(read_bytes(path));
  for (const std::string& name : names) {
    REQUIRE(state["configuration"].erase(name) == 1);
  }
  std::ofstream(path) << state;
  data::write_manifest(checkpoint);
}

}  // namespace

TEST_CASE(
    "A run learns and leaves a complete model directory and its metrics") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  const RunResult ran =
      fixture.train(run, {"--steps", "60", "--save-every", "25"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  for (const char* name : {"config.toml", "log.txt", "latest/config.json",
                           "latest/tokenizer.model", "latest/demonstrations.h5",
                           "step-25/MANIFEST.json", "step-60/state.json"}) {
    INFO(name);
    CHECK(std::filesystem::exists(run + "/" + name));
  }
  const auto metrics = read_metrics(run);
  REQUIRE(metrics.size() == 60);
  CHECK(metrics.back()["step"] == 60);
  CHECK(metrics.back()["loss"].get<double>() <
        0.7 * metrics.front()["loss"].get<double>());
  CHECK(metrics[1]["modality"]["continuous_action"]["targets"] > 0);
  CHECK(metrics[1]["domain"].contains("language"));
  const model::LoadedModel model = model::load_model(run);
  CHECK(model.network->config().window_steps == 1);
  CHECK(model.network->config().tasks.tasks.size() == 2);
  CHECK(model.demonstrations.size() == 1);
}

TEST_CASE("N steps equal k steps and N - k resumed steps, byte for byte") {
  const std::string optimizer = GENERATE("adamw", "muon");
  const TrainingFixture fixture;
  const auto train = [&](const std::string& run,
                         std::vector<std::string> more) {
    more.insert(more.end(), {"--optimizer", optimizer});
    return fixture.train(run, std::move(more));
  };
  const std::string uninterrupted = fixture.run_path("uninterrupted"),
                    resumed_run = fixture.run_path("resumed");
  REQUIRE(train(uninterrupted, {"--steps", "7"}).status == 0);
  REQUIRE(train(resumed_run, {"--resume", "--steps", "3"}).status == 0);
  const RunResult resumed = train(resumed_run, {"--resume", "--steps", "7"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(checkpoint_bytes(uninterrupted + "/step-7") ==
        checkpoint_bytes(resumed_run + "/step-7"));
  CHECK(read_metrics(resumed_run).size() == 7);
}

TEST_CASE("Background saves give the same checkpoints, byte for byte") {
  const TrainingFixture fixture;
  const std::string foreground = fixture.run_path("foreground"),
                    background = fixture.run_path("background");
  const std::vector<std::string> options = {"--steps", "7",      "--save-every",
                                            "2",       "--keep", "0"};
  REQUIRE(fixture.train(foreground, options).status == 0);
  std::vector<std::string> asynchronous = options;
  asynchronous.emplace_back("--asynchronous-save");
  REQUIRE(fixture.train(background, asynchronous).status == 0);
  for (const char* step : {"/step-2", "/step-4", "/step-6", "/step-7"}) {
    CHECK(checkpoint_bytes(foreground + step) ==
          checkpoint_bytes(background + step));
  }
  CHECK(std::filesystem::read_symlink(background + "/latest") == "step-7");
  asynchronous.insert(asynchronous.end(), {"--resume", "--shard-optimizer"});
  CHECK(fixture.train(background, asynchronous).status == 2);
}

TEST_CASE("One thread and two threads give the same bytes") {
  const std::string optimizer = GENERATE("adamw", "muon");
  const TrainingFixture fixture;
  const std::string one = fixture.run_path("one"),
                    two = fixture.run_path("two");
  for (const auto& [run, threads] : {std::pair{one, "1"}, {two, "2"}}) {
    REQUIRE(fixture
                .train(run, {"--steps", "4", "--threads", threads,
                             "--optimizer", optimizer})
                .status == 0);
  }
  CHECK(checkpoint_bytes(one + "/step-4") == checkpoint_bytes(two + "/step-4"));
}

TEST_CASE("A resumed run refuses changes to its options and data") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "2", "--layers", "1"}).status == 0);
  const RunResult changed =
      fixture.train(run, {"--resume", "--steps", "3", "--layers", "3"});
  CHECK(changed.status == 2);
  CHECK_THAT(changed.err, Contains("layers = 1, not 3"));
  CHECK_THAT(fixture
                 .train(run, {"--resume", "--steps", "3", "--layers", "1",
                              "--optimizer", "muon"})
                 .err,
             Contains("optimizer = \"adamw\", not \"muon\""));
  // The configuration file sets 2 layers.
  CHECK(fixture.train(run, {"--resume", "--steps", "3"}).status == 2);
  const RunResult same =
      fixture.train(run, {"--resume", "--steps", "3", "--layers", "1"});
  INFO(same.err);
  CHECK(same.status == 0);
  const std::pair<SyntheticData, const char*> changes[] = {
      {{.sequences = 25}, "data.h5 has 25 sequences, not 24: use the data"},
      {{.first_number = 2}, "the content of "},
      {{.first_number = 2}, "data.h5 has the digest \""},
      {{.text_size = 21}, "vocabulary.text_size is 21, not 20"}};
  for (const auto& [other, message] : changes) {
    write_synthetic_sequences(fixture.data_path, other);
    const RunResult other_data =
        fixture.train(run, {"--resume", "--steps", "4", "--layers", "1"});
    CHECK(other_data.status == 3);
    CHECK_THAT(other_data.err, Contains("was started with different data: ") &&
                                   Contains(message) && !Contains("{"));
  }
  write_synthetic_sequences(fixture.data_path);
  const RunResult twice =
      fixture.train(run, {"--resume", "--steps", "4", "--layers", "1", "--data",
                          fixture.data_path});
  CHECK(twice.status == 3);
  CHECK_THAT(twice.err, Contains("there are 2 files (") && Contains("not 1"));
}

TEST_CASE("A run has the defaults of options that its checkpoint lacks") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run"),
                    uninterrupted = fixture.run_path("uninterrupted");
  REQUIRE(fixture.train(uninterrupted, {"--steps", "4"}).status == 0);
  REQUIRE(fixture.train(run, {"--steps", "2"}).status == 0);
  remove_options(run + "/step-2", {"optimizer", "document-mask", "length"});
  const auto resume = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--resume", "--steps", "4"});
    return fixture.train(run, more);
  };
  const RunResult other_optimizer = resume({"--optimizer", "muon"});
  CHECK(other_optimizer.status == 2);
  CHECK_THAT(other_optimizer.err,
             Contains("was started with optimizer = \"adamw\", not \"muon\": "
                      "use --optimizer=adamw"));
  const RunResult other_mask = resume({"--document-mask"});
  CHECK(other_mask.status == 2);
  CHECK_THAT(other_mask.err, Contains("document-mask = false, not true"));
  const RunResult same = resume({"--optimizer", "adamw"});
  INFO(same.err);
  REQUIRE(same.status == 0);
  // The next checkpoint has the options again.
  CHECK(checkpoint_bytes(run + "/step-4") ==
        checkpoint_bytes(uninterrupted + "/step-4"));
}

TEST_CASE("A torn or invalid line of metrics.jsonl does not stop a resume") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "3"}).status == 0);
  const std::string written = read_bytes(run + "/metrics.jsonl");
  std::ofstream(run + "/metrics.jsonl")
      << R"({"step":"two"})"
      << "\n"
      << "null\n[3]\n{\"step\":[1]}\n{\"loss\":1}\n\xff\n"
      << written << R"({"step":4,"lo)";
  const RunResult resumed = fixture.train(run, {"--resume", "--steps", "4"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK_THAT(resumed.err,
             Contains("metrics.jsonl: line 1: not a JSON object") &&
                 Contains("and 6 more"));
  CHECK(read_metrics(run).size() == 4);
  CHECK_THAT(read_bytes(run + "/metrics.jsonl"),
             Catch::Matchers::StartsWith(written));
}

TEST_CASE("Every line of metrics.jsonl has the time of day") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "3"}).status == 0);
  std::string previous;
  for (const nlohmann::json& line : read_metrics(run)) {
    const auto time = line["time"].get<std::string>();
    CHECK_THAT(time, Catch::Matches("20[0-9]{2}-[01][0-9]-[0-3][0-9]T"
                                    "[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z"));
    CHECK(time >= previous);
    previous = time;
  }
}

TEST_CASE("A run that fails before its first step leaves nothing behind") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  write_synthetic_sequences(fixture.data_path, {.has_invalid_task = true});
  const RunResult ran = fixture.train(run, {"--steps", "2"});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains("sequence 23") && Contains("task 7"));
  CHECK_FALSE(std::filesystem::exists(run));
  std::filesystem::create_directory(run);
  CHECK(fixture.train(run, {"--steps", "2", "--resume"}).status == 3);
  CHECK(std::filesystem::is_empty(run));
}

TEST_CASE("A directory that does not contain a run is not mistaken for one") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("home");
  std::filesystem::create_directory(run);
  for (const char* name : {"config.toml", ".notes.tmp", ".a.tmp-here-1-0"}) {
    std::ofstream(run + "/" + name) << "[mine]\n";
  }
  for (const char* option : {"--resume", "--quiet"}) {
    const RunResult refused = fixture.train(run, {option, "--steps", "1"});
    CHECK(refused.status == 2);
    CHECK_THAT(refused.err, Contains("contains files but no run"));
    CHECK(read_bytes(run + "/config.toml") == "[mine]\n");
  }
  REQUIRE(fixture.train(run, {"--force", "--steps", "1"}).status == 0);
  CHECK(read_bytes(run + "/.notes.tmp") == "[mine]\n");
  CHECK(read_bytes(run + "/.a.tmp-here-1-0") == "[mine]\n");
  std::ofstream(run + "/.step-9.tmp-here-1-0") << "partial";
  REQUIRE(fixture.train(run, {"--resume", "--steps", "2"}).status == 0);
  CHECK_FALSE(std::filesystem::exists(run + "/.step-9.tmp-here-1-0"));
  CHECK(fixture.train("-", {"--steps", "1"}).status == 2);
  std::filesystem::create_symlink("nothing", run + "/dangling");
  const RunResult dangling = fixture.train(run + "/dangling", {"--steps", "1"});
  CHECK(dangling.status == 2);
  CHECK_THAT(dangling.err, Contains("dangling symbolic link"));
  CHECK(fixture.train(fixture.data_path, {"--force", "--steps", "1"}).status ==
        2);
}

TEST_CASE("A run does not overwrite the configuration file that it reads") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  std::filesystem::create_directory(run);
  const std::string mine = read_bytes(fixture.config_path) + "# mine\n";
  std::ofstream(run + "/config.toml") << mine;
  const std::vector<std::string> arguments = {
      "--data", fixture.data_path, "--config", run + "/config.toml", "-o",
      run,      "--steps",         "1"};
  const auto with = [&](const char* option) {
    std::vector<std::string> all = arguments;
    all.emplace_back(option);
    return run_gato_train(all);
  };
  CHECK(with("--force").status == 2);
  CHECK_THAT(with("--force").err, Contains("would overwrite it"));
  CHECK(read_bytes(run + "/config.toml") == mine);
  REQUIRE(fixture.train(run, {"--force", "--steps", "1"}).status == 0);
  CHECK(with("--resume").status == 0);
}

TEST_CASE("A run keeps the precision that it was started with") {
  const TrainingFixture fixture;
  for (const std::string name : {"fp32", "bf16"}) {
    const std::string run = fixture.run_path(name);
    REQUIRE(fixture.train(run, {"--steps", "1", "--precision", name}).status ==
            0);
    const RunResult resumed =
        fixture.train(run, {"--steps", "2", "--resume", "--precision", "auto"});
    CHECK(resumed.status == 0);
    CHECK_THAT(resumed.err, Contains("matmul precision: " + name));
  }
  const std::string run = fixture.run_path("auto");
  REQUIRE(fixture.train(run, {"--steps", "1", "--precision", "auto"}).status ==
          0);
  CHECK(read_training_state(run + "/step-1").configuration["precision"] !=
        "auto");
  CHECK(fixture.train(run, {"--steps", "2", "--resume", "--precision", "auto"})
            .status == 0);
  CHECK(fixture
            .train(fixture.run_path("fp32"),
                   {"--steps", "3", "--resume", "--precision", "bf16"})
            .status == 2);
}

TEST_CASE("A failed start does not prevent the next one") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  std::filesystem::create_directory(run);
  for (const char* name : {"metrics.jsonl", "config.toml", "log.txt"}) {
    std::ofstream(run + "/" + name);  // of a run that was killed
  }
  write_synthetic_sequences(fixture.folder / "bad.h5",
                            {.has_invalid_task = true});
  CHECK(fixture
            .train(run, {"--resume", "--steps", "9", "--data",
                         fixture.folder / "bad.h5"})
            .status == 3);
  CHECK(fixture.train(run, {"--resume", "--steps", "1"}).status == 0);
}

TEST_CASE("A corrupt checkpoint is skipped with a warning") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run"),
                    uninterrupted = fixture.run_path("uninterrupted");
  REQUIRE(fixture.train(run, {"--steps", "6", "--save-every", "2"}).status ==
          0);
  REQUIRE(fixture.train(uninterrupted, {"--steps", "8"}).status == 0);
  corrupt(run + "/step-6/model.safetensors");
  std::filesystem::remove(run + "/step-4/MANIFEST.json");
  const RunResult resumed = fixture.train(run, {"--resume", "--steps", "8"});
  INFO(resumed.err);
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.err,
             Contains("step-6") && Contains("step-4") &&
                 Contains("is incomplete or corrupt, trying an older one"));
  CHECK(checkpoint_bytes(run + "/step-8") ==
        checkpoint_bytes(uninterrupted + "/step-8"));
  CHECK(read_metrics(run).size() == 8);
}

TEST_CASE("A corrupt checkpoint does not displace the one just written") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "6", "--save-every", "2"}).status ==
          0);
  corrupt(run + "/step-6/model.safetensors");
  const RunResult resumed = fixture.train(
      run, {"--resume", "--steps", "5", "--save-every", "1", "--keep", "1"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(std::filesystem::read_symlink(run + "/latest") == "step-5");
  CHECK(model::load_model(run).network);
  CHECK_FALSE(std::filesystem::exists(run + "/step-4"));
}

TEST_CASE("A checkpoint of a newer version stops the run and is kept") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "4", "--save-every", "2"}).status ==
          0);
  for (const char* name : {"MANIFEST.json", "state.json"}) {
    const std::string path = run + "/step-4/" + name;
    const std::string written = read_bytes(path);
    auto json = nlohmann::json::parse(written);
    json["version"] = json["oldest_version"] = 2;
    std::ofstream(path) << json;
    if (name == std::string("state.json")) {
      data::write_manifest(run + "/step-4");  // as the newer program would
    }
    const RunResult resumed = fixture.train(run, {"--resume", "--steps", "6"});
    INFO(name);
    CHECK(resumed.status == 3);
    CHECK_THAT(resumed.err, Contains("newer than this program supports") &&
                                !Contains("--force"));
    std::ofstream(path) << written;
  }
  CHECK_FALSE(std::filesystem::exists(run + "/step-6"));
}

TEST_CASE("A time limit of one process is the reason of its end") {
  const TrainingFixture fixture;
  const RunResult ran = fixture.train(
      fixture.run_path("run"), {"--steps", "1000000", "--max-time", "0.01s"});
  CHECK(ran.status == 75);
  CHECK_THAT(ran.err, Contains("time limit reached: saved "));
}

TEST_CASE("If no checkpoint is complete, nothing is trained") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "2"}).status == 0);
  corrupt(run + "/step-2/model.safetensors");
  CHECK(fixture.train(run, {"--resume", "--steps", "4"}).status == 3);
  CHECK(fixture.train(run, {"--steps", "4"}).status == 2);
  CHECK(fixture.train(run, {"--force", "--steps", "4"}).status == 0);
}

TEST_CASE("Only the newest checkpoints are kept") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(
      fixture.train(run, {"--steps", "5", "--save-every", "1", "--keep", "2"})
          .status == 0);
  CHECK_FALSE(std::filesystem::exists(run + "/step-3"));
  CHECK(std::filesystem::exists(run + "/step-4"));
  CHECK(std::filesystem::read_symlink(run + "/latest") == "step-5");
  REQUIRE(fixture
              .train(run, {"--resume", "--steps", "8", "--save-every", "1",
                           "--keep", "1", "--keep-every", "3"})
              .status == 0);
  for (int step = 1; step <= 8; ++step) {
    INFO(step);
    CHECK(std::filesystem::exists(run + "/step-" + std::to_string(step)) ==
          (step == 6 || step == 8));
  }
}

TEST_CASE("Invalid options and data are refused before anything is written") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  CHECK(fixture.train(run, {"--context", "15"}).status == 2);
  CHECK(fixture.train(run, {"--preset", "gato-79n"}).status == 2);
  CHECK(fixture.train(run, {"--window-steps", "2"}).status == 2);
  CHECK(fixture.train(run, {"--max-time", "soon"}).status == 2);
  CHECK(fixture.train(run, {"--max-time", "0s"}).status == 2);
  CHECK(fixture.train(run, {"--data", fixture.folder / "none.h5"}).status == 4);
  CHECK(fixture.train(run, {"--data", fixture.config_path}).status == 3);
  CHECK_FALSE(std::filesystem::exists(run));
}

TEST_CASE("A dry run reports the cost of training and writes nothing") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  const RunResult ran = fixture.train(run, {"--dry-run"});
  REQUIRE(ran.status == 0);
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(json["parameters"] > 0);
  CHECK(json["micro_batches"] == 4);
  CHECK(json["memory"]["peak"] > json["memory"]["state"]);
  CHECK(json["seconds"]["step"] > 0);
  const RunResult two = fixture.train(
      run, {"--dry-run", "--processes", "2", "--shard-optimizer"});
  REQUIRE(two.status == 0);
  const int64_t state = json["memory"]["state"];
  CHECK(nlohmann::json::parse(two.out)["memory"]["state"] == state / 4 * 3);
  CHECK_FALSE(std::filesystem::exists(run));
}

TEST_CASE("Ten consecutive steps without a finite loss end the run") {
  const TrainingFixture fixture;
  const std::string path = fixture.run_path("run");
  REQUIRE(fixture.train(path, {"--steps", "1"}).status == 0);
  const SequenceFileData data({fixture.data_path});
  model::LoadedModel model = model::load_model(path);
  model.network->flat_parameters().detach().fill_(
      std::numeric_limits<float>::quiet_NaN());
  const auto optimizer = make_optimizer({}, *model.network);
  TrainingState state;
  ProcessGroup single_process;
  TrainingConfig config;
  config.loader = {.batch_size = 2, .micro_batch_size = 1};
  TrainingStepper stepper(data, config,
                          {*model.network, *optimizer, state, single_process});
  MetricsAccumulator metrics({.config = model.network->config()});
  BatchLoader loader(data, config.loader, 0);
  try {
    for (int step = 0; step < 20; ++step) {
      stepper.take_step(loader, metrics, /*should_stop=*/false);
    }
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::run_failed);
    CHECK_THAT(error.what(), Contains("data.h5: sequence "));
  }
  CHECK(state.skipped == 10);
  CHECK(optimizer->state().updates == 0);
}

TEST_CASE("Data without targets give neither a model nor a loss") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  const model::LoadedModel model = model::load_model(run);
  write_synthetic_sequences(fixture.data_path, {.has_targets = false});
  const std::string silent = fixture.run_path("silent");
  const RunResult result = fixture.train(silent, {"--steps", "3"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err,
             Contains("step 1: no token of its sequences is a target") &&
                 !Contains("step 2: no token") &&
                 Contains("data.h5: nothing was learned: no token of the "
                          "sequences of 3 steps is a target"));
  CHECK_FALSE(std::filesystem::exists(silent + "/step-3"));

  const SequenceFileData data({fixture.data_path});
  try {
    evaluate_loss(*model.network, data, {});
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    CHECK_THAT(error.what(), Contains("data.h5: no token of the sequences is "
                                      "a target, so there is no loss"));
  }
}

TEST_CASE("Only another precision than fp32 leads to the advice to use it") {
  using model::Precision;
  CHECK_THAT(non_finite_loss_error(Precision::bf16).what(),
             Contains("try --precision fp32"));
  const base::Error error = non_finite_loss_error(Precision::fp32);
  CHECK(error.status() == base::ExitStatus::run_failed);
  CHECK_THAT(error.what(),
             Contains("the loss is not finite") && !Contains("--precision"));
}

TEST_CASE(
    "The loss is reported by modality, task and domain, also with swapped "
    "observations") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "300"}).status == 0);
  const model::LoadedModel model = model::load_model(run);
  const SequenceFileData data({fixture.data_path});
  const auto plain = evaluate_loss(*model.network, data, {});
  CHECK(plain["targets"] == 12 * 4 + 12 * 15);
  CHECK(plain["modality"]["text"]["targets"] == 12 * 15);
  CHECK(plain["modality"]["discrete_action"]["targets"] == 24);
  CHECK(plain["task"]["control/push"]["targets"] == 48);
  CHECK(plain["domain"]["language"]["loss"] ==
        plain["modality"]["text"]["loss"]);
  CHECK(plain == evaluate_loss(*model.network, data, {.threads = 2}));
  const auto swapped =
      evaluate_loss(*model.network, data, {.swap_observations = true});
  CHECK(swapped["modality"]["discrete_action"]["loss"].get<double>() >
        plain["modality"]["discrete_action"]["loss"].get<double>() + 0.1);
  CHECK(swapped["modality"]["text"] == plain["modality"]["text"]);
}
