#include "gato/eval/score.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gato/eval/score_report.h"

using namespace gato;
using namespace gato::eval;

namespace {

DatasetOutcomes make_outcomes(const std::string& task,
                              const std::string& domain,
                              std::vector<double> returns, int64_t failed = 0) {
  DatasetOutcomes outcomes;
  outcomes.path = task;
  outcomes.task = task;
  outcomes.domain = domain;
  outcomes.agent = "model";
  outcomes.returns = std::move(returns);
  outcomes.failed = failed;
  return outcomes;
}

TaskReferences make_references(double random, double expert) {
  return {
      ReferenceReturn{random, {}, {}}, ReferenceReturn{expert, {}, {}}, {}, ""};
}

}  // namespace

TEST_CASE("Aggregates and intervals agree with rliable") {
  std::ifstream file(GATO_SOURCE_DIR "/tests/reference/rliable.json");
  const nlohmann::json reference = nlohmann::json::parse(file);
  const auto& scores = reference["scores"];
  std::vector<DatasetOutcomes> outcomes;
  ReferenceTable references;
  for (size_t task = 0; task < scores[0].size(); ++task) {
    const std::string name = "task" + std::to_string(task);
    std::vector<double> returns;
    for (const auto& run : scores) {
      returns.push_back(run[task]);
    }
    outcomes.push_back(make_outcomes(name, "all", returns));
    references[name] = make_references(0, 1);
  }
  const ScoreReport report = compute_scores(outcomes, references, {3, 20000});

  const auto expected = [&](const char* kind, const char* statistic) {
    return 100 * reference[kind][statistic].get<double>();
  };
  REQUIRE(report.bootstrap_unit == "episodes");
  for (const AggregateScore& group : {report.overall, report.domains.at(0)}) {
    REQUIRE(group.task_count == 5);
    REQUIRE(*group.mean == Approx(expected("points", "mean")));
    REQUIRE(*group.median == Approx(expected("points", "median")));
    REQUIRE(*group.iqm == Approx(expected("points", "iqm")));
    REQUIRE(*group.optimality_gap ==
            Approx(expected("points", "optimality_gap")));
    // Both intervals are random; the error after 20,000 resamples is about 0.1.
    REQUIRE(*group.iqm_low == Approx(expected("low", "iqm")).margin(0.4));
    REQUIRE(*group.iqm_high == Approx(expected("high", "iqm")).margin(0.4));
  }
  REQUIRE(*report.domain_mean == Approx(*report.overall.mean));
}

TEST_CASE("A score is 0 for the random policy and 100 for the expert") {
  const ScoreReport report = compute_scores(
      {make_outcomes("a", "x", {2, 4}), make_outcomes("b", "x", {8, 8, 8}),
       make_outcomes("c", "y", {-1})},
      {{"a", make_references(1, 5)},
       {"b", make_references(0, 8)},
       {"c", make_references(0, 1)}},
      {});
  REQUIRE(report.tasks.size() == 3);
  REQUIRE(*report.tasks[0].score == Approx(50));
  REQUIRE(*report.tasks[0].std == Approx(1));  // divides by n
  REQUIRE(*report.tasks[1].score == 100);
  REQUIRE(*report.tasks[2].score == Approx(-100));
  REQUIRE(*report.tasks[0].score_low >= 25);
  REQUIRE(*report.tasks[0].score_high <= 75);
  REQUIRE(*report.overall.mean == Approx(50.0 / 3));
  REQUIRE(*report.domain_mean == Approx((75 - 100) / 2.0));
  // Task b has the score 100, a 50 and c -100.
  REQUIRE(report.thresholds.size() == 101);
  REQUIRE(report.thresholds[0].task_count == 2);
  REQUIRE(report.thresholds[50].task_count == 2);
  REQUIRE(report.thresholds[51].task_count == 1);
  REQUIRE(report.thresholds[100].task_count == 1);
}

TEST_CASE("A failed episode counts as random, or makes the mean undefined") {
  DatasetOutcomes outcomes = make_outcomes("a", "x", {10, 10, 10}, 1);
  outcomes.with_success_flag = 3;
  outcomes.succeeded = 3;
  const ScoreReport known =
      compute_scores({outcomes}, {{"a", make_references(2, 10)}}, {});
  REQUIRE(known.tasks[0].episodes == 4);
  REQUIRE(known.tasks[0].failed == 1);
  REQUIRE(*known.tasks[0].mean == 8);
  REQUIRE(*known.tasks[0].score == 75);
  REQUIRE(*known.tasks[0].min == 2);
  REQUIRE(*known.tasks[0].success_rate == 0.75);
  REQUIRE_FALSE(known.tasks[0].note.empty());

  const ScoreReport unknown = compute_scores({outcomes}, {}, {});
  REQUIRE_FALSE(unknown.tasks[0].mean);
  REQUIRE_FALSE(unknown.tasks[0].score);
  REQUIRE(unknown.tasks[0].note.find("random return is unknown") !=
          std::string::npos);
}

TEST_CASE("The score is undefined if the expert is no better than random") {
  const ScoreReport report =
      compute_scores({make_outcomes("bowling", "atari", {30}),
                      make_outcomes("pong", "atari", {21})},
                     {{"bowling", make_references(23.1, 20.4)},
                      {"pong", make_references(-20, 21)}},
                     {});
  REQUIRE_FALSE(report.tasks[0].score);
  REQUIRE(*report.tasks[0].mean == 30);
  REQUIRE(report.tasks[0].note == "the expert is no better than random");
  REQUIRE(report.overall.task_count == 1);
  REQUIRE(*report.overall.mean == 100);
}

TEST_CASE("Without references all scores are undefined") {
  const ScoreReport report =
      compute_scores({make_outcomes("a", "x", {1})}, {}, {});
  REQUIRE(report.tasks[0].note == "no reference");
  REQUIRE(report.overall.task_count == 0);
  REQUIRE_FALSE(report.overall.iqm);
  REQUIRE_FALSE(report.domains.at(0).mean);
  REQUIRE_FALSE(report.domain_mean);
  const nlohmann::json document = to_json(report);
  REQUIRE(document["tasks"][0]["score"].is_null());
  REQUIRE(document["overall"]["iqm_low"].is_null());
  REQUIRE(document["overall"]["domain_mean"].is_null());
}

TEST_CASE("Several policies are runs, and datasets of one policy are pooled") {
  DatasetOutcomes first = make_outcomes("a", "x", {0, 1}), second = first;
  second.returns = {1, 1};
  ReferenceTable references{{"a", make_references(0, 1)}};
  REQUIRE(compute_scores({first, second}, references, {}).bootstrap_unit ==
          "episodes");
  second.agent = "another";
  const ScoreReport report = compute_scores({first, second}, references, {});
  REQUIRE(report.bootstrap_unit == "models");
  REQUIRE(*report.tasks[0].score == 75);
  REQUIRE(report.tasks[0].note == "2 policies pooled: another, model");
  REQUIRE(*report.overall.iqm == 75);  // of the policies' means, 50 and 100
  REQUIRE(*report.overall.iqm_low == 50);
}

TEST_CASE("The seed determines the intervals") {
  const std::vector<DatasetOutcomes> outcomes{
      make_outcomes("a", "x", {1, 5, 2, 8, 3})};
  const ReferenceTable references{{"a", make_references(0, 10)}};
  const auto text = [&](uint64_t seed) {
    return to_json(compute_scores(outcomes, references, {seed, 200})).dump();
  };
  REQUIRE(text(1) == text(1));
  REQUIRE(text(1) != text(2));
}

TEST_CASE("CSV quotes fields with commas and leaves undefined numbers empty") {
  const ScoreReport report =
      compute_scores({make_outcomes("a,b", "x", {1.5})}, {}, {});
  const std::string csv = to_csv(report);
  REQUIRE(csv ==
          "task,domain,episodes,failed,mean,std,min,max,success,random,expert,"
          "score,score_low,score_high,note\r\n"
          "\"a,b\",x,1,0,1.5,0.0,1.5,1.5,,,,,,,no reference\r\n");
}
