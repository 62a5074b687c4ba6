#include "gato/commands/eval/eval_compare.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/run_in_process.h"
#include "commands/recorded_episodes.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using Catch::Contains;
using nlohmann::json;

namespace {

RunResult compare(std::vector<std::string> arguments) {
  return run_command("gato-eval", eval_compare_command(), std::move(arguments));
}

}  // namespace

TEST_CASE("gato-eval compare ends with 1 only if A is worse and it matters") {
  const ScratchDirectory folder;
  record_episodes(folder / "good", "x/a", std::vector(9, 2.0));
  record_episodes(folder / "bad", "x/a", std::vector(9, 1.0));
  REQUIRE(compare({folder / "good", "--against", folder / "bad",
                   "--expect-not-worse"})
              .status == 0);
  REQUIRE(compare({folder / "bad", "--against", folder / "good"}).status == 0);
  const std::string report = folder / "report.json";
  const RunResult worse = compare({folder / "bad", "--against", folder / "good",
                                   "--expect-not-worse", "-o", report});
  REQUIRE(worse.status == 1);
  REQUIRE_THAT(worse.err, Contains("evidence that A is worse: x/a, all"));
  REQUIRE_THAT(worse.out, Contains("B is better: A wins 0 and loses 9 of 9"));
  // The report is written all the same.
  const json document = json::parse(base::read_file(report));
  REQUIRE(document["kind"] == "gato-comparison");
  REQUIRE(document["overall"]["verdict"] == "B");
  REQUIRE(document["tasks"][0]["wins"] == 0);
  REQUIRE(document["tasks"][0]["losses"] == 9);
  REQUIRE(document["provenance"]["inputs"].size() == 2);
}

TEST_CASE("gato-eval compare --expect-not-worse ends with 1 without pairs") {
  const ScratchDirectory folder;
  record_episodes(folder / "two", "x/a", {2.0});
  record_episodes(folder / "silent", "x/a", {2.0});
  const RunResult open = compare(
      {folder / "two", "--against", folder / "silent", "--metric", "success"});
  REQUIRE(open.status == 0);
  REQUIRE_THAT(open.out, Contains("There is no verdict: success is compared"));
  const RunResult expecting =
      compare({folder / "two", "--against", folder / "silent", "--metric",
               "success", "--expect-not-worse"});
  REQUIRE(expecting.status == 1);
  REQUIRE_THAT(expecting.err,
               Contains("nothing could be compared: success is compared, but "
                        "the episodes of A or B do not report it"));
}

TEST_CASE("gato-eval compare refuses sides without a common task") {
  const ScratchDirectory folder;
  record_episodes(folder / "a", "x/a", {1});
  record_episodes(folder / "b", "x/b", {1});
  record_episodes(folder / "c", "x/c", {1});
  const RunResult ran =
      compare({folder / "a", folder / "b", "--against", folder / "c"});
  REQUIRE(ran.status == 3);
  REQUIRE_THAT(ran.err, Contains("A and B have no task in common: A is of x/a, "
                                 "x/b, and B is of x/c"));
  REQUIRE(
      compare({folder / "a", folder / "b", "--against", folder / "b"}).status ==
      0);
}

TEST_CASE("gato-eval compare takes references from all places") {
  const ScratchDirectory folder;
  record_episodes(folder / "a", "x/a", {3, 3});
  record_episodes(folder / "b", "x/a", {1, 1});
  record_episodes(folder / "expert", "x/a", {5});
  record_episodes(folder / "random", "x/a", {0, 2});
  const std::string report = folder / "report.json";
  const auto overall = [&](const std::vector<std::string>& references) {
    std::vector<std::string> arguments{folder / "a", "--against", folder / "b",
                                       "--force",    "-o",        report};
    arguments.insert(arguments.end(), references.begin(), references.end());
    const RunResult ran = compare(arguments);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return json::parse(base::read_file(report))["overall"];
  };
  REQUIRE(overall({})["difference"].is_null());
  REQUIRE(overall({"--expert", folder / "expert", "--random",
                   folder / "random"})["difference"] == 50);
  const auto file = folder.write_file(
      "r.json", R"({"x/a": {"random": {"mean": 1}, "expert": {"mean": 2}}})");
  REQUIRE(overall({"--references", file})["difference"] == 200);
  // Datasets override files.
  REQUIRE(overall({"--references", file, "--expert",
                   folder / "expert"})["difference"] == 50);
}
