// gato-info on runs that gato-train wrote.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "commands/run_info.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/checkpoint_directory.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using Catch::Contains;

namespace {

void set_version(const std::string& path, int version) {
  auto json = nlohmann::json::parse(read_bytes(path));
  json["version"] = version;
  std::ofstream(path) << json;
}

// Returns the message of the error that inspect() throws, or "" if it throws
// none.
std::string error_message(const std::string& run) {
  try {
    inspect(run);
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("A run is complete if all its checkpoints are") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "10", "--save-every", "4"}).status ==
          0);
  const Inspection inspection = inspect(run);
  CHECK(inspection.kind == FileKind::run);
  CHECK(inspection.facts.at("checkpoints") ==
        nlohmann::json({"step-4", "step-8", "step-10"}));
  CHECK(inspection.facts.at("latest").at("step") == 10);
  // The reference decides which checkpoint is the latest, not its step.
  REQUIRE(!data::write_checkpoint_reference(run + "/latest", "step-8"));
  CHECK(inspect(run).facts.at("latest").at("step") == 8);
  std::filesystem::remove(run + "/latest");
  std::ofstream(run + "/latest") << "step-4\n";
  CHECK(inspect(run).facts.at("latest").at("step") == 4);
  std::filesystem::remove(run + "/latest");
  CHECK(inspect(run).facts.at("latest").at("step") == 10);
  REQUIRE(!data::write_checkpoint_reference(run + "/latest", "step-10"));

  const std::string weights = run + "/step-10/model.safetensors";
  const std::string written = read_bytes(weights);
  std::ofstream(weights) << written.substr(0, written.size() - 1);
  CHECK_THAT(error_message(run), Contains("step-10/model.safetensors"));
  std::ofstream(weights) << written;
  CHECK(error_message(run).empty());

  std::filesystem::remove(run + "/step-8/MANIFEST.json");
  CHECK_THAT(error_message(run),
             Contains("step-8") && Contains("MANIFEST.json"));
  data::write_manifest(run + "/step-8");

  std::filesystem::copy(run + "/latest", fixture.run_path("copy"));
  CHECK(inspect(fixture.run_path("copy")).facts.at("step") == 10);
  std::filesystem::remove_all(run + "/step-10");
  CHECK_THAT(error_message(run), Contains("latest") && Contains("step-10"));
}

TEST_CASE("A run that has not taken all its steps says how many it has") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "4", "--save-every", "2"}).status ==
          0);
  CHECK_THAT(run_info({run}).out, Contains("training run, complete\n"));
  CHECK(inspect(run).facts.at("steps_done") == 4);
  CHECK(inspect(run).facts.at("steps") == 4);
  std::filesystem::remove(run + "/latest");
  std::filesystem::remove_all(run + "/step-4");
  const RunResult ran = run_info({run});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out,
             Contains("training run, complete checkpoints of 2 of 4 steps\n"));
  CHECK_THAT(run_info({"--help"}).out,
             Contains("the run failed, or --check found something"));
}

TEST_CASE("A model without a manifest is not known to be complete") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  const std::string model = run + "/step-1";
  std::filesystem::remove(model + "/MANIFEST.json");
  const RunResult ran = run_info({model});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("not known to be complete"));
  CHECK_THAT(run_info({"--json", model}).out, Contains(R"("whole":null)"));
  // Weights are validated as in the programs that load them.
  const std::string weights = read_bytes(model + "/model.safetensors");
  std::string other = weights;
  other.replace(other.find("\"F32\""), 5, "\"F64\"");
  std::ofstream(model + "/model.safetensors") << other;
  CHECK_THAT(error_message(model), Contains("has the dtype \"F64\""));
  std::ofstream(model + "/model.safetensors") << weights;
  CHECK(error_message(model).empty());
  const std::string text_model = read_bytes(model + "/tokenizer.model");
  std::ofstream(model + "/tokenizer.model") << "another text model";
  CHECK_THAT(error_message(model), Contains("model of another network"));
  std::ofstream(model + "/tokenizer.model") << text_model;
  auto config = nlohmann::json::parse(read_bytes(model + "/config.json"));
  config["tasks"] = "x";
  std::ofstream(model + "/config.json") << config;
  CHECK_THAT(error_message(model), Contains("config.json: corrupt"));
}

TEST_CASE("A training state of a newer version is refused") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  set_version(run + "/step-1/state.json", 2);
  std::filesystem::remove(run + "/step-1/MANIFEST.json");
  for (const char* path : {"/step-1", "/step-1/state.json"}) {
    INFO(path);
    CHECK_THAT(error_message(run + path), Contains("newer than this program"));
  }
}

TEST_CASE("A run without a checkpoint is not complete") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  std::filesystem::remove_all(run + "/step-1");
  std::filesystem::remove(run + "/latest");
  CHECK_THAT(error_message(run), Contains("has no checkpoint yet"));
  const RunResult ran = run_info({"--json", run});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.out, Contains(R"("whole":false)"));
  CHECK_THAT(run_info({run}).out, !Contains(", complete"));
}
