#include "gato/eval/few_shot.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/run_in_process.h"
#include "eval/page/html_checker.h"
#include "gato/base/error.h"
#include "gato/eval/few_shot_file.h"
#include "gato/eval/few_shot_report.h"
#include "gato/eval/few_shot_runs.h"

using namespace gato;
using namespace gato::eval;
using Catch::Contains;

namespace {

// A run whose evaluations have two episodes with these means.
FewShotRun make_run(int64_t episodes, int64_t repeat,
                    const std::vector<double>& means) {
  FewShotRun run;
  run.path = "curve";
  run.task = "toy/task";
  run.episodes = episodes;
  run.repeat = repeat;
  run.steps = 100 * std::ssize(means);
  for (const double mean : means) {
    run.evaluations.push_back({.step = 100 * (std::ssize(run.evaluations) + 1),
                               .values = {mean - 1, mean + 1},
                               .failed = 0,
                               .recorded_mean = {}});
  }
  return run;
}

ReferenceTable make_references(double random, double expert) {
  ReferenceTable references;
  references["toy/task"].random.emplace().mean = random;
  references["toy/task"].expert.emplace().mean = expert;
  return references;
}

// Writes a run with these lines of metrics.jsonl.
void write_run(const std::filesystem::path& path,
               const std::vector<std::string>& lines) {
  std::filesystem::create_directories(path);
  std::ofstream file(path / "metrics.jsonl");
  for (const std::string& line : lines) {
    file << line << "\n";
  }
}

std::string evaluation_line(int64_t step, const std::string& evaluation) {
  return R"({"step":)" + std::to_string(step) +
         R"(,"evaluation":{"environment":"toy/task",)" + evaluation + "}}";
}

}  // namespace

TEST_CASE("The best moving mean is over five successive values") {
  CHECK_FALSE(best_moving_mean({}));
  CHECK_FALSE(best_moving_mean({1, 2, 3, 4}));
  CHECK(best_moving_mean({1, 2, 3, 4, 5}) == 3);
  CHECK(best_moving_mean({0, 10, 10, 10, 10, 10, 0}) == 10);
  CHECK(best_moving_mean({5, 5, 5, 5, 5, -100, 5, 5}) == 5);
  CHECK(best_moving_mean({-3, -3, -3, -3, -3}) == -3);
}

TEST_CASE("A moving mean over an undefined value is undefined") {
  CHECK_FALSE(best_moving_mean({1, 2, std::nullopt, 4, 5, 6, 7}));
  CHECK(best_moving_mean({std::nullopt, 1, 2, 3, 4, 5}) == 3);
  CHECK(best_moving_mean({9, 9, 9, 9, 9, std::nullopt, 1, 1, 1, 1, 1}) == 9);
}

TEST_CASE("A score is the best moving mean in percent of the expert") {
  const FewShotReport report =
      compute_few_shot({{"tuned", {make_run(3, 1, {0, 2, 4, 6, 8, 10})}}},
                       make_references(1, 9), {});
  CHECK(report.task == "toy/task");
  CHECK(report.random == 1);
  CHECK(report.expert == 9);
  REQUIRE(report.curves.size() == 1);
  const FewShotPoint& point = report.curves[0].points.at(0);
  CHECK(point.best_return == 6);  // of the last five
  CHECK(point.score == 62.5);
  CHECK(point.steps == 600);
  REQUIRE(point.returns.size() == 6);
  CHECK(point.returns[1] == 2);
}

TEST_CASE("Runs with few evaluations have no value and no part in the mean") {
  const FewShotReport report = compute_few_shot(
      {{"tuned",
        {make_run(3, 1, {8, 8, 8, 8, 8}), make_run(3, 2, {1, 1, 1, 1})}}},
      make_references(0, 10), {});
  const FewShotCurve& curve = report.curves[0];
  CHECK_FALSE(curve.points.at(1).best_return);
  CHECK_FALSE(curve.points[1].score);
  REQUIRE(curve.summary.size() == 1);
  CHECK(curve.summary[0].runs == 1);
  CHECK(curve.summary[0].mean == 80);
  CHECK(curve.summary[0].low == 80);
  CHECK(curve.summary[0].high == 80);
}

TEST_CASE("The interval resamples the repeats") {
  const std::vector<NamedRuns> curves = {
      {"tuned",
       {make_run(10, 1, {1, 1, 1, 1, 1}), make_run(10, 2, {4, 4, 4, 4, 4}),
        make_run(10, 3, {7, 7, 7, 7, 7}), make_run(3, 1, {2, 2, 2, 2, 2})}}};
  const FewShotReport report =
      compute_few_shot(curves, make_references(0, 10), {.seed = 1});
  const auto& summary = report.curves[0].summary;
  REQUIRE(summary.size() == 2);
  CHECK(summary[0].episodes == 3);
  CHECK(summary[1].episodes == 10);
  CHECK(summary[1].runs == 3);
  CHECK(summary[1].mean == Approx(40));
  // A resample of three values consists of one value with probability 1/27,
  // which is more than 2.5%.
  CHECK(summary[1].low == Approx(10));
  CHECK(summary[1].high == Approx(70));
  const FewShotReport again =
      compute_few_shot(curves, make_references(0, 10), {.seed = 1});
  CHECK(few_shot_json(again) == few_shot_json(report));
}

TEST_CASE("Without references returns are summarized") {
  const FewShotReport report =
      compute_few_shot({{"tuned", {make_run(1, 1, {2, 2, 2, 2, 2})}}}, {}, {});
  const nlohmann::json json = few_shot_json(report);
  CHECK(json["random"].is_null());
  CHECK(json["expert"].is_null());
  CHECK(json["unit"] == "return");
  const nlohmann::json& curve = json["curves"][0];
  CHECK(curve["points"][0]["score"].is_null());
  CHECK(curve["points"][0]["return"] == 2);
  CHECK(curve["points"][0]["returns"].size() == 5);
  CHECK(curve["summary"][0]["mean"] == 2);
}

TEST_CASE("An expert that is no better than random gives no score") {
  const FewShotReport report =
      compute_few_shot({{"tuned", {make_run(1, 1, {2, 2, 2, 2, 2})}}},
                       make_references(5, 5), {});
  CHECK_FALSE(report.has_scores);
  CHECK(report.expert == 5);
  CHECK_FALSE(report.curves[0].points[0].score);
}

TEST_CASE("Failed episodes count with the random policy's return") {
  FewShotRun run = make_run(1, 1, {8, 8, 8, 8, 8});
  run.evaluations[0].failed = 2;   // (7 + 9 + 2 * 4) / 4
  run.evaluations[1].values = {};  // all of them
  run.evaluations[1].failed = 2;
  const FewShotReport known =
      compute_few_shot({{"tuned", {run}}}, make_references(4, 9), {});
  CHECK(known.curves[0].points[0].returns[0] == 6);
  CHECK_FALSE(known.curves[0].points[0].returns[1]);
  CHECK_FALSE(known.curves[0].points[0].best_return);
  const FewShotReport unknown = compute_few_shot({{"tuned", {run}}}, {}, {});
  CHECK(unknown.curves[0].points[0].returns[0] == 8);
}

TEST_CASE("A policy without training counts with its mean") {
  FewShotRun run = make_run(10, 0, {3});
  run.is_trained = false;
  run.steps = 0;
  NamedRuns nearest{"nearest", {}};
  append_runs({run, run}, nearest);
  append_runs({run}, nearest);
  const FewShotReport report =
      compute_few_shot({nearest}, make_references(0, 6), {});
  const auto& points = report.curves[0].points;
  REQUIRE(points.size() == 3);
  CHECK(points[2].repeat == 3);
  CHECK(points[2].score == 50);
}

TEST_CASE("Runs that do not belong together are rejected") {
  FewShotRun other = make_run(1, 2, {1});
  other.task = "toy/other";
  CHECK_THROWS_WITH(
      compute_few_shot({{"a", {make_run(1, 1, {1})}}, {"b", {other}}}, {}, {}),
      Contains("toy/other") && Contains("toy/task"));
  CHECK_THROWS_WITH(
      compute_few_shot({{"a", {make_run(1, 1, {1}), make_run(1, 1, {2})}}}, {},
                       {}),
      Contains("repeat 1 with 1 demonstrations"));
  CHECK_THROWS_AS(compute_few_shot({}, {}, {}), base::Error);
}

TEST_CASE("Evaluations are read in the order of their steps") {
  const test::ScratchDirectory folder;
  write_run(folder / "curve/episodes-3-repeat-2",
            {R"({"step":50,"loss":1.0})",
             evaluation_line(200, R"("episodes":2,"failed":1,"mean":null,)"
                                  R"("returns":[4.5])"),
             evaluation_line(100, R"("episodes":2,"failed":0,"mean":2.5)"),
             R"({"step":250,"loss":0.5})"});
  write_run(folder / "curve/episodes-1-repeat-1",
            {evaluation_line(100, R"("episodes":2,"failed":2,"mean":null)")});
  write_run(folder / "curve/episodes-other", {});
  for (const char* operand : {"curve", "curve/"}) {
    const FewShotInput input = read_few_shot_input(folder / operand);
    CHECK(input.name == "curve");
    REQUIRE(input.runs.size() == 2);
    CHECK(input.runs[0].episodes == 1);
    const FewShotRun& run = input.runs[1];
    CHECK(run.episodes == 3);
    CHECK(run.repeat == 2);
    CHECK(run.steps == 250);
    CHECK(run.task == "toy/task");
    REQUIRE(run.evaluations.size() == 2);
    CHECK(run.evaluations[0].recorded_mean == 2.5);
    CHECK(run.evaluations[1].values == std::vector<double>{4.5});
    CHECK(run.evaluations[1].failed == 1);
  }
  const FewShotInput one =
      read_few_shot_input(folder / "curve/episodes-3-repeat-2");
  CHECK(one.name == "curve");
  CHECK(one.runs.size() == 1);
}

TEST_CASE("Success rates can take the place of returns") {
  const test::ScratchDirectory folder;
  write_run(folder / "curve/episodes-1-repeat-1",
            {evaluation_line(100, R"("failed":0,"mean":7.5,"success":0.5)")});
  const FewShotInput input =
      read_few_shot_input(folder / "curve", Metric::success);
  REQUIRE(input.runs.at(0).evaluations.size() == 1);
  CHECK(input.runs[0].evaluations[0].recorded_mean == 0.5);
  write_run(folder / "none/episodes-1-repeat-1",
            {evaluation_line(100, R"("failed":0,"mean":7.5,"success":null)")});
  CHECK_THROWS_WITH(read_few_shot_input(folder / "none", Metric::success),
                    Contains("--metric success"));
}

TEST_CASE("Outputs without evaluations are rejected") {
  const test::ScratchDirectory folder;
  write_run(folder / "curve/episodes-1-repeat-1", {R"({"step":1,"loss":1})"});
  CHECK_THROWS_WITH(read_few_shot_input(folder / "curve"), Contains("--env"));
  for (const char* returns : {R"(["x"])", "[1,null]", "7", R"({"a":1})"}) {
    write_run(folder / "bad/episodes-1-repeat-1",
              {evaluation_line(1, R"("returns":)" + std::string(returns))});
    CHECK_THROWS_WITH(
        read_few_shot_input(folder / "bad"),
        Contains("metrics.jsonl:1: key 'returns' is not a list of numbers"));
  }
  CHECK_THROWS_AS(read_few_shot_input(folder / "none"), base::Error);
}

TEST_CASE("The configuration says how many steps a run is to take") {
  const test::ScratchDirectory folder;
  CHECK(planned_steps(folder / "") == 0);
  const std::string path = folder.write_file("config.toml", "seed = 1\n");
  CHECK(planned_steps(folder / "") == 0);
  folder.write_file("config.toml", "seed = 1\nsteps = 30\n");
  CHECK(planned_steps(folder / "") == 30);
  folder.write_file("config.toml", "seed = 1\nsteps = 'x'\n");
  CHECK_THROWS_WITH(planned_steps(folder / ""),
                    path + ": line 2: key 'steps' must be an integer, not 'x'");
}

TEST_CASE("CSV has a line per run, with quoted names") {
  const FewShotReport report =
      compute_few_shot({{"with, comma", {make_run(1, 1, {2, 2, 2, 2, 2})}}},
                       make_references(0, 4), {});
  CHECK(few_shot_csv(report) ==
        "curve,episodes,repeat,steps,return,score,returns\r\n"
        "\"with, comma\",1,1,500,2.0,50.0,2.0 2.0 2.0 2.0 2.0"
        "\r\n");
}

TEST_CASE("The page escapes the names of curves") {
  const FewShotReport report = compute_few_shot(
      {{"<b>", {make_run(1, 1, {2, 2, 2, 2, 2})}}}, make_references(0, 4), {});
  std::string html;
  for (const HtmlSection& section : few_shot_sections(report)) {
    html += section.html;
  }
  CHECK_THAT(html, Contains("&lt;b&gt;") && !Contains("<b>"));
  CHECK_THAT(html, Contains("<svg") && Contains("expert"));
}

TEST_CASE("A JSON report can be read again") {
  const test::ScratchDirectory folder;
  const std::vector<NamedRuns> curves{
      {"tuned",
       {make_run(1, 1, {2, 2, 2, 2, 2}), make_run(1, 2, {3, 3, 3, 3, 3}),
        make_run(10, 1, {1, 2})}},
      {"scratch", {make_run(1, 1, {1, 1, 1, 1, 1})}}};
  for (const ReferenceTable& references :
       {ReferenceTable(), make_references(0, 4)}) {
    const nlohmann::json document =
        few_shot_json(compute_few_shot(curves, references, {}));
    const FewShotReport report =
        load_few_shot_report(folder.write_file("curves.json", document.dump()));
    CHECK(few_shot_json(report) == document);
    const HtmlSection section = few_shot_section({report, report});
    CHECK(test::find_html_fault(section.html).empty());
    CHECK_THAT(section.html, Contains("<h3>toy/task</h3>") &&
                                 Contains("<svg") && Contains("scratch"));
  }
}

TEST_CASE("A corrupt JSON report of few-shot curves is refused") {
  const test::ScratchDirectory folder;
  const nlohmann::json document = few_shot_json(compute_few_shot(
      {{"a", {make_run(1, 1, {2, 2, 2, 2, 2})}}}, make_references(0, 4), {}));
  const auto refusal = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json changed = document;
    changed[nlohmann::json::json_pointer(pointer)] = value;
    const std::string path = folder.write_file("bad.json", changed.dump());
    try {
      load_few_shot_report(path);
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::bad_input);
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refusal("/kind", "gato-scores"), Contains("gato-few-shot"));
  CHECK_THAT(refusal("/unit", "percent"), Contains("'unit'"));
  CHECK_THAT(refusal("/seed", -1), Contains("'seed'"));
  CHECK_THAT(refusal("/curves", 3), Contains("'curves'"));
  CHECK_THAT(refusal("/curves/0", 3), Contains("curve 0"));
  CHECK_THAT(refusal("/curves/0/points/0/episodes", -1),
             Contains("'episodes'"));
  CHECK_THAT(refusal("/curves/0/points/0/returns", {"x"}),
             Contains("'returns'"));
  // An interval is required alongside a mean.
  CHECK_THAT(refusal("/curves/0/summary/0/low", nullptr), Contains("'low'"));
  CHECK_THROWS_AS(load_few_shot_report(folder / "none.json"), base::Error);
}
