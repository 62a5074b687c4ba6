#include "gato/commands/eval/eval_score.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/run_in_process.h"
#include "commands/recorded_episodes.h"
#include "gato/base/file_io.h"
#include "gato/eval/few_shot_report.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using Catch::Contains;
using nlohmann::json;

namespace {

RunResult score(std::vector<std::string> arguments) {
  return run_command("gato-eval", eval_score_command(), std::move(arguments));
}

struct Fixture {
  ScratchDirectory folder;
  std::string report = folder / "report.json";
  std::string references = folder.write_file(
      "r.json",
      R"({"x/a": {"random": {"mean": 0}, "expert": {"mean": 10}},
          "x/b": {"random": {"mean": 0}, "expert": {"mean": 10}}})");

  // Returns the JSON report of `arguments`.
  json run(const std::vector<std::string>& operands) {
    std::vector<std::string> arguments{
        "--references", references,    "--force", "-o",
        report,         "--resamples", "200"};
    arguments.insert(arguments.end(), operands.begin(), operands.end());
    const RunResult ran = score(arguments);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return json::parse(base::read_file(report));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Training runs are a line per configuration") {
  for (int seed = 1; seed <= 3; ++seed) {
    const std::string number = std::to_string(seed);
    record_episodes(folder / "small-" + number + "/a", "x/a", {1.0 * seed});
    record_episodes(folder / "small-" + number + "/b", "x/b", {1.0 * seed});
    record_episodes(folder / "large-" + number, "x/a", {8, 10});
  }
  const json document = run({"--runs", "small=" + folder / "small-*",
                             "large=" + folder / "large-1", folder / "large-2",
                             folder / "large-3"});
  const json& lines = document["configurations"];
  REQUIRE(lines.size() == 2);
  REQUIRE(lines[0]["name"] == "small");
  REQUIRE(lines[0]["runs"] == 3);
  REQUIRE(lines[0]["tasks"] == 2);
  REQUIRE(lines[0]["mean"].get<double>() == Approx(20));
  REQUIRE(lines[0]["iqm_low"].get<double>() < 20);
  REQUIRE(lines[1]["name"] == "large");
  REQUIRE(lines[1]["runs"] == 3);
  REQUIRE(lines[1]["mean"].get<double>() == Approx(90));
  REQUIRE(lines[1]["iqm_low"] == lines[1]["iqm_high"]);
  // The tables are those of the first configuration.
  REQUIRE(document["runs"] == "models");
  REQUIRE(document["tasks"].size() == 2);
  REQUIRE(document["tasks"][0]["runs"] == 3);
  REQUIRE(document["overall"]["mean"].get<double>() == Approx(20));
  REQUIRE(document["provenance"]["inputs"].size() == 10);
  // An operand may also be one of the runs.
  REQUIRE(run({folder / "large-1", "--runs",
               "large=" + folder / "large-*"})["provenance"]["inputs"]
              .size() == 4);
}

TEST_CASE_METHOD(Fixture, "Runs without a name or given twice are refused") {
  record_episodes(folder / "one", "x/a", {1});
  const RunResult unnamed = score({"--runs", folder / "one"});
  REQUIRE(unnamed.status == 2);
  REQUIRE_THAT(unnamed.err, Contains("has no name: use NAME=PATH"));
  REQUIRE(score({"--runs", "a=" + folder / "one", folder / "one"}).status == 2);
  REQUIRE(score({"--runs", "a=" + folder / "two"}).status == 4);
}

TEST_CASE_METHOD(Fixture, "A dataset that is given twice is refused") {
  record_episodes(folder / "one", "x/a", {1});
  record_episodes(folder / "two", "x/a", {3});
  std::filesystem::create_directory_symlink(folder / "one", folder / "link");
  const RunResult twice = score({folder / "one", folder / "one"});
  REQUIRE(twice.status == 2);
  REQUIRE_THAT(twice.err, Contains("one: this dataset is given twice"));
  const RunResult linked = score({folder / "link", folder / "one"});
  REQUIRE(linked.status == 2);
  REQUIRE_THAT(linked.err, Contains("this is the same dataset as"));
  // Its file and its directory are the same dataset, also as other inputs.
  const std::string file = folder / "one/data/main_data.hdf5";
  REQUIRE(score({file, folder / "one"}).status == 2);
  REQUIRE(score({folder / "two", "--against", folder / "one", file}).status ==
          2);
  REQUIRE(score({folder / "two", "--expert", folder / "one", file}).status ==
          2);
  REQUIRE(score({"--runs", "a=" + folder / "one", folder / "link"}).status ==
          2);
  // Two sides of a comparison may be equal.
  REQUIRE(score({folder / "one", "--against", folder / "one"}).status == 0);
}

TEST_CASE_METHOD(Fixture, "A baseline adds a comparison to the report") {
  record_episodes(folder / "one", "x/a", {1, 3});
  record_episodes(folder / "two", "x/a", {0, 2});
  const json document = run({folder / "one", "--against", folder / "two"});
  REQUIRE(document["comparison"]["tasks"][0]["wins"] == 2);
  REQUIRE(document["comparison"]["overall"]["difference"] == 10);
}

TEST_CASE_METHOD(Fixture, "References of later sources override earlier ones") {
  record_episodes(folder / "one", "x/a", {5});
  const auto metadata_path = folder / "one/data/metadata.json";
  json metadata = json::parse(base::read_file(metadata_path));
  metadata["ref_min_score"] = 3;
  metadata["ref_max_score"] = 4;
  base::write_file(metadata_path, metadata.dump(), true);
  // Its own metadata is the last resort.
  const std::string alone = folder / "alone.json";
  REQUIRE(score({folder / "one", "-o", alone}).status == 0);
  REQUIRE(json::parse(base::read_file(alone))["tasks"][0]["score"] == 200);
  REQUIRE(run({folder / "one"})["tasks"][0]["score"] == 50);
  // Among --references, the last wins.
  REQUIRE(run({folder / "one", "--references",
               folder / "one"})["tasks"][0]["score"] == 200);
  // Episodes override all of them, and those of a task are pooled.
  record_episodes(folder / "e1", "x/a", {5});
  record_episodes(folder / "e2", "x/a", {7});
  const json pooled = run({folder / "one", "--expert", folder / "e1",
                           folder / "e2", "--references", references});
  REQUIRE(pooled["tasks"][0]["expert"] == 6);
  REQUIRE_THAT(pooled["tasks"][0]["expert_source"].get<std::string>(),
               Contains("e1, ") && Contains("e2"));

  record_episodes(folder / "two", "x/a", {5});
  const RunResult none =
      score({"--references", folder / "two", "--force", folder / "one"});
  REQUIRE(none.status == 3);
  REQUIRE_THAT(none.err, Contains("neither ref_min_score nor ref_max_score"));
}

TEST_CASE_METHOD(Fixture, "References of other tasks are named") {
  record_episodes(folder / "one", "x/c", {5});
  const RunResult other = score({folder / "one", "--references", references});
  REQUIRE(other.status == 0);
  REQUIRE_THAT(other.err,
               Contains("the references cover x/a, x/b, but the episodes are "
                        "from x/c, so only returns are reported: to get "
                        "scores, pass references for these tasks"));
}

TEST_CASE_METHOD(Fixture, "The warning says why references give no score") {
  record_episodes(folder / "one", "x/a", {5});
  record_episodes(folder / "two", "x/b", {5});
  const RunResult same = score(
      {folder / "one", "--expert", folder / "one", "--random", folder / "one"});
  REQUIRE(same.status == 0);
  REQUIRE_THAT(same.err,
               Contains("in the only task with references, the expert is no "
                        "better than the random policy, so only returns are "
                        "reported: to get scores, pass references of a better "
                        "expert"));
  const auto poor_references = [&](const std::string& more) {
    return folder.write_file("poor.json",
                             R"({"x/a": {"random": {"mean": 5, "success": 0.5},
                                         "expert": {"mean": 1, "success": 0}},
                                 "x/b": {)" +
                                 more + "}}");
  };
  const auto warning = [&](const std::string& more, const std::string& metric) {
    const RunResult ran = score({folder / "one", folder / "two", "--references",
                                 poor_references(more), "--metric", metric});
    REQUIRE(ran.status == 0);
    return ran.err;
  };
  const std::string means = R"("random": {"mean": 5}, "expert": {"mean": 1})";
  REQUIRE_THAT(warning(means, "return"),
               Contains("in all 2 tasks with references, the expert is no"));
  REQUIRE_THAT(warning(R"("random": {"mean": 5})", "return"),
               Contains("in the only task with references, the expert is no"));
  // The episodes do not report success.
  REQUIRE_THAT(warning(R"("random": {"success": 0}, "expert": {"success": 1})",
                       "success"),
               Contains("in 1 of 2 tasks with references, the expert is no "
                        "better than the random policy; in 1 of 2 tasks with "
                        "references, no episode reports success, so only "
                        "success rates are reported: to get scores, pass "
                        "references of a better expert or omit --metric "
                        "success"));
  REQUIRE_THAT(warning(means, "success"),
               Contains("in the only task with references, the expert is no"));
}

TEST_CASE_METHOD(Fixture,
                 "The warning asks for the reference that is missing") {
  record_episodes(folder / "one", "x/a", {5});
  const RunResult ran = score({folder / "one", "--expert", folder / "one"});
  REQUIRE(ran.status == 0);
  REQUIRE_THAT(ran.err,
               Contains("no task has both an expert and a random reference"));
}

TEST_CASE_METHOD(Fixture, "Other settings than those of references are noted") {
  const json settings = {{"max_steps", 75}};
  record_episodes(folder / "one", "x/a", {5}, settings);
  const auto with_settings = [&](int max_steps) {
    const json reference = {{"x/a",
                             {{"random", {{"mean", 0}}},
                              {"expert", {{"mean", 10}}},
                              {"settings", {{"max_steps", max_steps}}}}}};
    return folder.write_file("settings.json", reference.dump());
  };
  const RunResult differ =
      score({folder / "one", "--references", with_settings(10)});
  REQUIRE(differ.status == 0);
  REQUIRE_THAT(differ.err,
               Contains("different settings than the references") &&
                   Contains("max_steps is 75, not 10 as in the reference: "
                            "--check lists all differences"));
  const RunResult equal =
      score({folder / "one", "--references", with_settings(75)});
  REQUIRE(equal.status == 0);
  REQUIRE_THAT(equal.err, !Contains("different settings"));
}

TEST_CASE_METHOD(Fixture, "A check needs no episodes, and its status tells") {
  REQUIRE(score({"--references", references, "--check"}).status == 0);
  REQUIRE(score({"--references", references, "--check", "--fail-on", "warning"})
              .status == 1);
  const auto bad = folder.write_file(
      "bad.json", R"({"x/a": {"random": {"mean": 3}, "expert": {"mean": 1}}})");
  const RunResult found = score({"--check", "--references", references, bad});
  REQUIRE(found.status == 1);
  REQUIRE_THAT(found.out, Contains("no better than the random policy"));
  // The two files have different values, which are shown.
  REQUIRE_THAT(found.out, Contains("source") && Contains("bad.json"));
  REQUIRE(score({"--references", references}).status == 2);
}

TEST_CASE_METHOD(Fixture, "A check names a deviation that is NaN as unknown") {
  const auto file = folder.write_file("nan.json", R"({"x/a": {
      "random": {"mean": 0, "std": NaN}, "expert": {"mean": 10, "std": 1}}})");
  const RunResult found = score({"--check", "--references", file});
  REQUIRE(found.status == 0);
  REQUIRE_THAT(found.out, Contains("no standard deviation"));
  record_episodes(folder / "one", "x/a", {5});
  REQUIRE(score({folder / "one", "--references", file}).status == 0);
}

TEST_CASE_METHOD(Fixture, "Videos next to datasets are embedded in the page") {
  record_episodes(folder / "one", "x/a", {5});
  folder.write_file("one.png", "video");
  const std::string page = folder / "page.html";
  REQUIRE(score({folder / "one", "-o", page}).status == 0);
  const std::string html = base::read_file(page);
  REQUIRE_THAT(html, Contains("data:image/png;base64,dmlkZW8=") &&
                         Contains("<a href=\"#video-1\">x/a</a>"));
  std::filesystem::create_directories(folder / "videos");
  folder.write_file("videos/x-a.webm", "moving");
  REQUIRE(score({folder / "one", "-o", page, "--force", "--films",
                 folder / "videos"})
              .status == 0);
  REQUIRE_THAT(base::read_file(page), Contains("data:video/webm;base64,"));
}

TEST_CASE_METHOD(Fixture, "The link to a large video is percent-encoded") {
  record_episodes(folder / "run #1 50%", "x/a", {5});
  folder.write_file("run #1 50%.png", std::string(size_t{3} << 20, 'x'));
  const std::string page = folder / "page.html";
  REQUIRE(score({folder / "run #1 50%", "-o", page}).status == 0);
  REQUIRE_THAT(base::read_file(page), Contains("/run%20%231%2050%25.png\"") &&
                                          !Contains("src=\"data:"));
}

TEST_CASE_METHOD(Fixture, "Few-shot curves are a section of the page") {
  record_episodes(folder / "one", "x/a", {5});
  eval::FewShotReport curves;
  curves.task = "x/few";
  curves.curves = {{"tuned", {{.episodes = 3, .repeat = 1, .steps = 9}}, {}}};
  curves.curves[0].points[0].best_return = 2;
  const std::string file =
      folder.write_file("curves.json", eval::few_shot_json(curves).dump());
  const std::string page = folder / "page.html";
  REQUIRE(score({folder / "one", "-o", page, "--few-shot", file}).status == 0);
  const std::string html = base::read_file(page);
  REQUIRE_THAT(html, Contains("Few-shot learning") &&
                         Contains("<h3>x/few</h3>") && Contains("tuned"));
  REQUIRE(score({folder / "one", "--few-shot", file}).status == 2);
  const RunResult other =
      score({folder / "one", "-o", page, "--force", "--few-shot", references});
  REQUIRE(other.status == 3);
  REQUIRE_THAT(other.err, Contains("not \"gato-few-shot\""));
}
