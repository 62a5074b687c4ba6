#include "gato/eval/score.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "eval/make_outcomes.h"
#include "gato/eval/score_report.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

namespace {

// Scores the episodes of a matrix of scores [run][task], as rliable has them.
ScoreReport score_matrix(const nlohmann::json& scores,
                         const ReportOptions& options) {
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
  return compute_scores(outcomes, references, options);
}

}  // namespace

TEST_CASE("Aggregates and intervals agree with rliable") {
  std::ifstream file(GATO_SOURCE_DIR "/tests/reference/rliable.json");
  const nlohmann::json reference = nlohmann::json::parse(file);
  const ScoreReport report = score_matrix(reference["scores"], {3, 20000});

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
  const DatasetOutcomes outcomes = with_success(
      make_outcomes("a", "x", {10, 10, 10}, 1), {true, true, true});
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
  const DatasetOutcomes first = make_outcomes("a", "x", {0, 1});
  DatasetOutcomes second = make_outcomes("a", "x", {1, 1});
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
          "score,score_low,score_high,note,runs,random_source,expert_source"
          "\r\n"
          "\"a,b\",x,1,0,1.5,0.0,1.5,1.5,,,,,,,no reference,1,,\r\n");
}

TEST_CASE("Other tables of a report are CSV, too, with all of their numbers") {
  const ScoreReport report = compute_scores(
      {make_outcomes("a", "x", {1, 2}), make_outcomes("b", "y", {3}, 1)},
      {{"a", make_references(0, 4)}, {"b", make_references(0, 3)}}, {1, 100});
  const std::string domains = to_csv(report, "domains");
  REQUIRE_THAT(domains, Catch::StartsWith("domain,tasks,mean,") &&
                            Catch::Contains("x,1,37.5,37.5,") &&
                            Catch::Contains("all,2,43.75,"));
  const std::string thresholds = to_csv(report, "thresholds");
  REQUIRE_THAT(thresholds,
               Catch::StartsWith("percent,tasks,tasks in x,tasks in y\r\n"
                                 "0,2,1,1\r\n"));
  REQUIRE_THAT(to_csv(report, "failures"), Catch::Contains("b,b,1,1,\r\n"));
  for (const std::string& table : csv_table_names()) {
    REQUIRE_THAT(to_csv(report, table), Catch::EndsWith("\r\n"));
  }
}

TEST_CASE("Tasks at or above a threshold are also counted by domain") {
  const ScoreReport report = compute_scores(
      {make_outcomes("a", "x", {1}), make_outcomes("b", "x", {4}),
       make_outcomes("c", "y", {2})},
      {{"a", make_references(0, 4)},
       {"b", make_references(0, 4)},
       {"c", make_references(0, 4)}},
      {1, 100});
  REQUIRE(report.thresholds[25].domain_counts == std::vector<int64_t>{2, 1});
  REQUIRE(report.thresholds[26].domain_counts == std::vector<int64_t>{1, 1});
  REQUIRE(report.thresholds[51].domain_counts == std::vector<int64_t>{1, 0});
  REQUIRE(to_json(report)["thresholds"][26]["domains"] ==
          nlohmann::json({{"x", 1}, {"y", 1}}));
}

TEST_CASE("A performance profile agrees with rliable") {
  std::ifstream file(GATO_SOURCE_DIR "/tests/reference/comparison.json");
  const nlohmann::json reference = nlohmann::json::parse(file);
  const ScoreReport report = score_matrix(reference["a"], {3, 2000});
  REQUIRE(report.profile.size() == 151);
  for (const ProfilePoint& point : report.profile) {
    const auto index = static_cast<size_t>(point.percent);
    INFO(point.percent);
    // The scores are multiples of 10%, which the two compute with different
    // rounding errors; at those thresholds either side of the step is right.
    if (point.percent % 10 == 0) {
      continue;
    }
    REQUIRE(point.share ==
            Approx(reference["profile"][index].get<double>()).margin(1e-6));
    REQUIRE(point.low ==
            Approx(reference["profile_low"][index].get<double>()).margin(0.05));
    REQUIRE(
        point.high ==
        Approx(reference["profile_high"][index].get<double>()).margin(0.05));
  }
}

TEST_CASE("By success, an episode is worth 1 or 0, as are the references") {
  ReferenceTable references{{"a", make_success_references(0.25, 0.75)}};
  const DatasetOutcomes outcomes = with_success(
      make_outcomes("a", "x", {-5, 100, 3, 0}), {true, false, true, false});
  const ScoreReport report =
      compute_scores({outcomes}, references, {1, 100, Metric::success});
  const TaskScore& task = report.tasks[0];
  REQUIRE(*task.mean == 0.5);
  REQUIRE(*task.min == 0);
  REQUIRE(*task.max == 1);
  REQUIRE(*task.random == 0.25);
  REQUIRE(*task.expert == 0.75);
  REQUIRE(*task.score == Approx(50));
  REQUIRE(to_json(report)["metric"] == "success");
  REQUIRE(to_json(compute_scores({outcomes}, references, {}))["metric"] ==
          "return");

  references["a"].expert->success = {};
  const ScoreReport unknown =
      compute_scores({outcomes}, references, {1, 100, Metric::success});
  REQUIRE_FALSE(unknown.tasks[0].score);
  REQUIRE(unknown.tasks[0].note == "no expert success reference");
}

TEST_CASE("By success, a failed episode counts as random") {
  const ScoreReport report = compute_scores(
      {with_success(make_outcomes("a", "x", {1, 1, 1}, 1), {true, true, true})},
      {{"a", make_success_references(0.2, 1)}}, {1, 100, Metric::success});
  REQUIRE(*report.tasks[0].mean == Approx(0.8));
  REQUIRE(*report.tasks[0].success_rate == Approx(0.75));
  REQUIRE(report.tasks[0].note == "1 of 4 episodes failed, counted as random");
}

TEST_CASE("A task whose episodes do not report success has no score by it") {
  const ScoreReport report =
      compute_scores({make_outcomes("a", "x", {1, 2}),
                      with_success(make_outcomes("b", "x", {1, 2}), {true})},
                     {{"a", make_success_references(0, 1)},
                      {"b", make_success_references(0, 1)}},
                     {1, 100, Metric::success});
  REQUIRE_FALSE(report.tasks[0].score);
  REQUIRE_FALSE(report.tasks[0].mean);
  REQUIRE(report.tasks[0].note == "no episode reports success");
  REQUIRE(*report.tasks[1].score == Approx(50));
  REQUIRE(report.tasks[1].note ==
          "1 of 2 episodes do not report success, counted as 0");
  REQUIRE(report.overall.task_count == 1);
}

TEST_CASE("Policies of one name with different weights are different runs") {
  DatasetOutcomes first = make_outcomes("a", "x", {0}), second = first;
  const auto provenance = [](const char* digest) {
    return nlohmann::json{
        {"inputs",
         {{{"path", "run/step-9/model.safetensors"}, {"digest", digest}}}}};
  };
  first.provenance = provenance("1111");
  second.provenance = provenance("1111");
  const ReferenceTable references{{"a", make_references(0, 1)}};
  REQUIRE(compute_scores({first, second}, references, {}).tasks[0].runs == 1);
  second.provenance = provenance("2222");
  const ScoreReport report = compute_scores({first, second}, references, {});
  REQUIRE(report.tasks[0].runs == 2);
  REQUIRE(report.tasks[0].note ==
          "2 policies pooled: model (1111), model (2222)");
}

TEST_CASE("Training runs of a configuration are one line over their means") {
  // The means of the runs are 0.1, 0.4 and 0.7 on each task.
  Configuration configuration{"small", {}};
  for (int run = 0; run < 3; ++run) {
    for (const char* task : {"a", "b"}) {
      const double mean = 0.1 + 0.3 * run;
      configuration.outcomes.push_back(
          make_outcomes(task, "x", {mean - 0.1, mean + 0.1}));
      configuration.outcomes.back().run = "seed-" + std::to_string(run);
    }
  }
  const ReferenceTable references{{"a", make_references(0, 1)},
                                  {"b", make_references(0, 1)}};
  const ConfigurationScore score =
      compute_configuration_score(configuration, references, {1, 2000});
  REQUIRE(score.name == "small");
  REQUIRE(score.runs == 3);
  REQUIRE(score.episodes == 12);
  REQUIRE(*score.overall.mean == Approx(40));
  // The mean of 10, 10, 40, 40, 70 and 70 without the lowest and the highest.
  REQUIRE(*score.overall.iqm == Approx(40));
  REQUIRE(*score.overall.iqm_low >= 10);
  REQUIRE(*score.overall.iqm_low < 30);
  REQUIRE(*score.overall.iqm_high <= 70);
  REQUIRE(score.note.empty());

  configuration.outcomes.pop_back();
  REQUIRE(
      compute_configuration_score(configuration, references, {1, 10}).note ==
      "b was played by 2 of the runs");
  configuration.outcomes.resize(4);
  REQUIRE(
      compute_configuration_score(configuration, references, {1, 10}).note ==
      "two runs, too few for an interval over seeds");
}
