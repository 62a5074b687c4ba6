// Every TOML input of the programs that do not need the network, with a wrong
// type in every value. model_toml_test.cc has those of the others.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/json_mutations.h"
#include "cli/toml_mutations.h"
#include "data/sample_documents.h"
#include "gato/commands/eval/eval_compare.h"
#include "gato/commands/eval/eval_few_shot.h"
#include "gato/commands/eval/eval_score.h"
#include "gato/commands/info/info.h"
#include "gato/commands/pack.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/env/external_domain.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using nlohmann::json;

namespace {

struct Fixture {
  ScratchDirectory folder;

  void check(const json& valid, const std::string& name,
             const std::function<RunResult()>& run,
             bool contains_paths = false) const {
    check_input_types(folder, valid, name, run, contains_paths,
                      format_toml_document);
  }

  // Runs gato-pack for a small output.
  RunResult pack(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--sequences", "2", "--force", "--quiet",
                                       "-o", folder / "out.h5"});
    return run_command("gato-pack", pack_command(), std::move(arguments));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A mixture of wrong types is refused by name") {
  write_small_token_file(folder / "tokens.h5");
  check(
      {{"mixture",
        {{{"file", folder / "tokens.h5"},
          {"weight", 0.5},
          {"prompt-fraction", 0.25},
          {"fill", "pad"}}}}},
      "mixture.toml",
      [&] {
        return pack({"--length", "64", "--mixture", folder / "mixture.toml"});
      },
      /*contains_paths=*/true);
}

TEST_CASE_METHOD(Fixture, "Options of wrong types are refused by name") {
  write_small_token_file(folder / "tokens.h5");
  check({{"length", 64},
         {"prompt-fraction", 0.25},
         {"fill", "pad"},
         {"shard", "1/1"},
         {"quiet", true},
         {"seed", 3}},
        "options.toml", [&] {
          return pack(
              {folder / "tokens.h5", "--config", folder / "options.toml"});
        });
}

TEST_CASE("Options of every command may have wrong types") {
  check_options_types(tokenize_tool());
  check_options_types({"gato-pack", "", "", {pack_command()}, {}});
  check_options_types({"gato-info", "", "", {info_command()}, {}});
  check_options_types(
      {"gato-eval",
       "",
       "",
       {eval_score_command(), eval_compare_command(), eval_few_shot_command()},
       {}});
}

TEST_CASE_METHOD(Fixture, "The description of a domain is refused by name") {
  const auto read = [&]() -> RunResult {
    try {
      env::read_external_domain(folder / "toy.toml");
    } catch (const base::Error& error) {
      return {static_cast<int>(error.status()), "", error.what()};
    }
    return {0, "", ""};
  };
  const json common = {{"domain", "toy"},
                       {"description", "toys"},
                       {"command", "{python} toy.py --task {task} {options}"},
                       {"requirements", {"numpy==2.0", "toys"}},
                       {"options", {{"size", 3}, {"is-red", true}}}};
  json listed = common, printed = common;
  listed["tasks"] = {"top", "yo-yo"};
  printed["tasks-command"] = "{python} toy.py --list-tasks";
  check(listed, "toy.toml", read);
  check(printed, "toy.toml", read);
}

TEST_CASE_METHOD(Fixture, "The configuration of a run is refused by name") {
  const std::string run = "curve/episodes-1-repeat-1";
  std::filesystem::create_directories(folder / run);
  folder.write_file(
      run + "/metrics.jsonl",
      R"({"step":1,"evaluation":{"task":"x/a","mean":2,"failed":0}})");
  check({{"steps", 9}, {"seed", 1}}, run + "/config.toml", [&] {
    return run_command("gato-eval", eval_few_shot_command(),
                       {folder / "curve", "--quiet", "--resamples", "1"});
  });
}
