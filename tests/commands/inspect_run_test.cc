// What gato-info says of a run that gato-train wrote.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "gato/commands/info.h"
#include "gato/commands/inspect.h"
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

// What inspect() throws of the run.
std::string complaint(const std::string& run) {
  try {
    inspect(run);
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a run is whole where all of its checkpoints are") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "10", "--save-every", "4"}).status ==
          0);
  const Inspection whole = inspect(run);
  CHECK(whole.kind == FileKind::run);
  CHECK(whole.facts.at("checkpoints") ==
        nlohmann::json({"step-4", "step-8", "step-10"}));
  CHECK(whole.facts.at("latest").at("step") == 10);

  const std::string weights = run + "/step-10/model.safetensors";
  const std::string written = read_bytes(weights);
  std::ofstream(weights) << written.substr(0, written.size() - 1);
  CHECK_THAT(complaint(run), Contains("step-10/model.safetensors"));
  std::ofstream(weights) << written;
  CHECK(complaint(run).empty());

  std::filesystem::remove(run + "/step-8/MANIFEST.json");
  CHECK_THAT(complaint(run), Contains("step-8") && Contains("MANIFEST.json"));
  data::write_manifest(run + "/step-8");

  std::filesystem::copy(run + "/latest", fixture.run_path("copy"));
  CHECK(inspect(fixture.run_path("copy")).facts.at("step") == 10);
  std::filesystem::remove_all(run + "/step-10");
  CHECK_THAT(complaint(run), Contains("latest") && Contains("step-10"));
}

TEST_CASE("a model without a manifest is not known to be whole") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  const std::string model = run + "/step-1";
  std::filesystem::remove(model + "/MANIFEST.json");
  const cli::Tool tool{"gato-info", "", "", {info_command()}, {}};
  const RunResult ran = run_in_process(tool, {model});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("not known to be whole"));
  CHECK_THAT(run_in_process(tool, {"--json", model}).out,
             Contains(R"("whole":null)"));
  // Weights are judged as the programs that load them judge them.
  const std::string weights = read_bytes(model + "/model.safetensors");
  std::string other = weights;
  other.replace(other.find("\"F32\""), 5, "\"F64\"");
  std::ofstream(model + "/model.safetensors") << other;
  CHECK_THAT(complaint(model), Contains("has the dtype \"F64\""));
  std::ofstream(model + "/model.safetensors") << weights;
  CHECK(complaint(model).empty());
  const std::string text_model = read_bytes(model + "/tokenizer.model");
  std::ofstream(model + "/tokenizer.model") << "another text model";
  CHECK_THAT(complaint(model), Contains("text model of another network"));
  std::ofstream(model + "/tokenizer.model") << text_model;
  auto config = nlohmann::json::parse(read_bytes(model + "/config.json"));
  config["tasks"] = "x";
  std::ofstream(model + "/config.json") << config;
  CHECK_THAT(complaint(model), Contains("config.json: damaged"));
}

TEST_CASE("a training state of a newer version is refused") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  set_version(run + "/step-1/state.json", 2);
  std::filesystem::remove(run + "/step-1/MANIFEST.json");
  for (const char* path : {"/step-1", "/step-1/state.json"}) {
    INFO(path);
    CHECK_THAT(complaint(run + path), Contains("newer than this program"));
  }
}
