// The JSON files of models and training runs, with a wrong type in every value.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/json_mutations.h"
#include "gato/commands/eval/eval_loss.h"
#include "gato/data/checkpoint_directory.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

struct Fixture : TrainingFixture {
  std::string run = run_path("run"), model = run + "/step-1";

  Fixture() { REQUIRE(train(run, {"--steps", "1"}).status == 0); }

  // Writes each mutation of a JSON file of the checkpoint, with a manifest that
  // agrees with it or, if `has_manifest` is false, without one, and requires
  // that `use` does not end with the exception of a library.
  void check(const char* name, bool has_manifest,
             const std::function<RunResult()>& use) {
    const json valid = json::parse(read_bytes(model + "/" + name));
    const auto write = [&](const json& value) {
      fs::remove(model + "/MANIFEST.json");
      folder.write_file(std::string("run/step-1/") + name, value.dump());
      if (has_manifest) {
        data::write_manifest(model);
      }
    };
    write(valid);
    REQUIRE(use().status == 0);
    for_each_mutation(
        valid, [&](const json& mutated, const std::string& description) {
          write(mutated);
          require_own_message(use(), "/run", name + (": " + description));
        });
    write(valid);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A model configuration of wrong types is refused") {
  check("config.json", /*has_manifest=*/false, [&] {
    return run_command("gato-eval", commands::eval_loss_command(),
                       {"--model", model, "--data", data_path, "--quiet"});
  });
}

TEST_CASE_METHOD(Fixture, "A training state of wrong types is refused") {
  check("state.json", /*has_manifest=*/true, [&] {
    return train(run, {"--resume", "--steps", "1", "--quiet"});
  });
}

TEST_CASE_METHOD(Fixture, "A manifest of wrong types is refused") {
  const json valid = json::parse(read_bytes(model + "/MANIFEST.json"));
  for_each_mutation(
      valid, [&](const json& mutated, const std::string& description) {
        folder.write_file("run/step-1/MANIFEST.json", mutated.dump());
        require_own_message(train(run, {"--resume", "--steps", "1", "--quiet"}),
                            "/run", description);
      });
}
