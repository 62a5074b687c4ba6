#include "gato/eval/comparison.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/sample_documents.h"
#include "eval/make_outcomes.h"
#include "gato/base/random.h"
#include "gato/eval/comparison_report.h"
#include "gato/eval/statistics.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

namespace {

nlohmann::json load_reference() {
  std::ifstream file(GATO_SOURCE_DIR "/tests/reference/comparison.json");
  return nlohmann::json::parse(file);
}

// The runs of each task, as episodes whose seeds are their numbers.
std::vector<DatasetOutcomes> make_tasks(const nlohmann::json& scores) {
  std::vector<DatasetOutcomes> outcomes;
  for (size_t task = 0; task < scores[0].size(); ++task) {
    std::vector<double> returns;
    for (const auto& run : scores) {
      returns.push_back(run[task]);
    }
    outcomes.push_back(
        make_outcomes("task" + std::to_string(task), "all", returns));
  }
  return outcomes;
}

ComparisonReport compare_tasks(const DatasetOutcomes& a,
                               const DatasetOutcomes& b,
                               const ReferenceTable& references = {}) {
  return compare_outcomes({a}, {b}, references, {1, 200});
}

}  // namespace

TEST_CASE("Comparisons agree with rliable and scipy") {
  const nlohmann::json reference = load_reference();
  const std::vector<DatasetOutcomes> a = make_tasks(reference["a"]);
  const std::vector<DatasetOutcomes> b = make_tasks(reference["b"]);
  const ComparisonReport report = compare_outcomes(a, b, {}, {3, 20000});
  const TaskComparison& all = report.overall;
  REQUIRE(*all.improvement ==
          Approx(reference["improvement"].get<double>()).margin(1e-6));
  // Both intervals are random.
  REQUIRE(*all.improvement_low ==
          Approx(reference["improvement_low"].get<double>()).margin(0.005));
  REQUIRE(*all.improvement_high ==
          Approx(reference["improvement_high"].get<double>()).margin(0.005));
  for (size_t t = 0; t < report.tasks.size(); ++t) {
    const TaskComparison& task = report.tasks[t];
    REQUIRE(
        *task.improvement ==
        Approx(reference["improvement_by_task"][t].get<double>()).margin(1e-6));
    REQUIRE(*task.difference ==
            Approx(reference["differences"][t].get<double>()).margin(1e-6));
    const auto& interval = reference["difference_intervals"][t];
    REQUIRE(*task.difference_low ==
            Approx(interval[0].get<double>()).margin(0.01));
    REQUIRE(*task.difference_high ==
            Approx(interval[1].get<double>()).margin(0.01));
    REQUIRE(task.pairs == 15);
    REQUIRE(task.wins + task.losses + task.ties == 15);
  }
  DatasetOutcomes seven = b[0];
  seven.episodes.resize(7);
  REQUIRE(
      *compare_tasks(a[0], seven).tasks[0].improvement ==
      Approx(reference["improvement_of_15_and_7"].get<double>()).margin(1e-6));
}

TEST_CASE(
    "The evidence agrees with scipy, and is capped at the largest double") {
  const nlohmann::json reference = load_reference();
  for (const auto& item : reference["evidence"]) {
    INFO(item.dump());
    const double evidence = sign_test_evidence(item["wins"].get<int64_t>(),
                                               item["losses"].get<int64_t>());
    REQUIRE(evidence ==
            Approx(item["evidence"].get<double>()).epsilon(1e-9).margin(0));
  }
  REQUIRE(sign_test_evidence(100000, 0) == std::numeric_limits<double>::max());
  REQUIRE(sign_test_evidence(0, 2000) == std::numeric_limits<double>::max());
}

TEST_CASE("The evidence of a fair coin rarely ever reaches 20") {
  // The guarantee is 5% at any time; 1,000 experiments of 500 pairs.
  int wrong = 0;
  for (uint64_t experiment = 0; experiment < 1000; ++experiment) {
    base::RandomStream stream(experiment);
    int64_t wins = 0;
    for (int64_t pairs = 1; pairs <= 500; ++pairs) {
      wins += static_cast<int64_t>(stream.uniform_int(2));
      if (sign_test_evidence(wins, pairs - wins) >= kVerdictEvidence) {
        ++wrong;
        break;
      }
    }
  }
  REQUIRE(wrong > 0);
  REQUIRE(wrong <= 50);
}

TEST_CASE("Episodes of one seed are paired in their order") {
  DatasetOutcomes a = make_outcomes("a", "x", {1, 2, 3, 4});
  DatasetOutcomes b = make_outcomes("a", "x", {10, 20, 30});
  for (const auto& [outcomes, seeds] :
       {std::pair{&a, std::vector<uint64_t>{5, 6, 5, 7}},
        std::pair{&b, std::vector<uint64_t>{8, 5, 5}}}) {
    for (size_t i = 0; i < seeds.size(); ++i) {
      outcomes->episodes[i].seed = seeds[i];
    }
  }
  const TaskComparison task = compare_tasks(a, b).tasks[0];
  REQUIRE(task.pairs == 2);  // 1 with 20, and 3 with 30
  REQUIRE(*task.difference == Approx((1 - 20 + 3 - 30) / 2.0));
  REQUIRE(task.losses == 2);
  REQUIRE(task.note == "2 of A and 1 of B have no partner");
  REQUIRE(*task.mean_a == 2.5);
  REQUIRE(*task.mean_b == 20);
}

TEST_CASE("Several datasets of a task continue one another") {
  const DatasetOutcomes a = make_outcomes("a", "x", {1, 2});
  DatasetOutcomes b = make_outcomes("a", "x", {0, 1, 2, 3});
  for (size_t i = 0; i < 4; ++i) {
    b.episodes[i].seed = i % 2;
  }
  const ComparisonReport report = compare_outcomes({a, a}, {b}, {}, {1, 10});
  REQUIRE(report.tasks.size() == 1);
  // Seed 0: 1, 1 against 0, 2. Seed 1: 2, 2 against 1, 3.
  REQUIRE(report.tasks[0].pairs == 4);
  REQUIRE(report.tasks[0].wins == 2);
  REQUIRE(report.tasks[0].losses == 2);
  REQUIRE(report.overall.pairs == 4);
}

TEST_CASE("Wins decide about the verdict, and ties do not count") {
  const DatasetOutcomes low =
      make_outcomes("a", "x", {0, 0, 0, 0, 0, 0, 0, 0, 5});
  const DatasetOutcomes high =
      make_outcomes("a", "x", {1, 1, 1, 1, 1, 1, 1, 1, 5});
  const TaskComparison better = compare_tasks(high, low).tasks[0];
  REQUIRE(better.wins == 8);
  REQUIRE(better.ties == 1);
  REQUIRE(*better.evidence == Approx(sign_test_evidence(8, 0)));
  REQUIRE(better.verdict == Verdict::a);
  const ComparisonReport worse = compare_tasks(low, high);
  REQUIRE(worse.tasks[0].verdict == Verdict::b);
  REQUIRE(find_regressions(worse) == std::vector<std::string>{"a", "all"});

  const TaskComparison equal = compare_tasks(low, low).tasks[0];
  REQUIRE(equal.ties == 9);
  REQUIRE(*equal.evidence == Approx(1));
  REQUIRE(equal.verdict == Verdict::open);
  REQUIRE(*equal.improvement == Approx(0.5));
}

TEST_CASE("Without pairs the means are compared, and nothing is evident") {
  DatasetOutcomes a = make_outcomes("a", "x", {10, 12, 14, 16});
  const DatasetOutcomes b = make_outcomes("a", "x", {1, 3});
  for (EpisodeOutcome& episode : a.episodes) {
    episode.seed = {};
  }
  const ComparisonReport report = compare_tasks(a, b);
  const TaskComparison& task = report.tasks[0];
  REQUIRE(task.pairs == 0);
  REQUIRE(*task.difference == 11);
  REQUIRE(*task.difference_low >= 10 - 3);
  REQUIRE(*task.difference_high <= 16 - 1);
  REQUIRE(*task.difference_low < 11);
  REQUIRE_FALSE(task.evidence);
  REQUIRE(task.verdict == Verdict::open);
  REQUIRE(*task.improvement == 1);
  REQUIRE_FALSE(report.overall.evidence);
  const nlohmann::json document = to_json(report);
  REQUIRE(document["tasks"][0]["evidence"].is_null());
  REQUIRE(document["tasks"][0]["verdict"] == "open");
}

TEST_CASE("A failed episode counts as random, or its pair is left out") {
  const DatasetOutcomes a = make_outcomes("a", "x", {5, 5}, 1);
  const DatasetOutcomes b = make_outcomes("a", "x", {3, 6, 1});
  const TaskComparison known =
      compare_tasks(a, b, {{"a", make_references(2, 12)}}).tasks[0];
  REQUIRE(known.pairs == 3);
  REQUIRE(known.wins == 2);  // 5 against 3, and 2 against 1
  REQUIRE(*known.difference == Approx((2 - 1 + 1) / 3.0));
  REQUIRE(*known.mean_a == 4);
  REQUIRE(known.left_out == 0);
  REQUIRE(known.note == "1 of 3 episodes of A failed, counted as random");

  const ComparisonReport unknown = compare_tasks(a, b);
  const TaskComparison& task = unknown.tasks[0];
  REQUIRE(task.pairs == 2);
  REQUIRE(task.left_out == 1);
  REQUIRE(*task.difference == Approx(0.5));
  REQUIRE_FALSE(task.mean_a);
  REQUIRE_FALSE(task.improvement);
  REQUIRE(unknown.overall.left_out == 1);
  REQUIRE(no_pairs_reason(unknown).empty());
  REQUIRE(find_failed_tasks(unknown).empty());
}

TEST_CASE("A report says why no pair could be compared") {
  const DatasetOutcomes failed = make_outcomes("a", "x", {}, 2);
  const DatasetOutcomes played = make_outcomes("a", "x", {3, 6});
  const ComparisonReport report = compare_tasks(failed, played);
  REQUIRE(report.overall.pairs == 0);
  REQUIRE(report.overall.failed_a == 2);
  REQUIRE(report.overall.failed_b == 0);
  const std::string reason =
      "in all 2 pairs of the same task and seed an episode failed, and the "
      "random policy is unknown";
  REQUIRE(no_pairs_reason(report) == reason);
  REQUIRE_THAT(to_text(report),
               Catch::Contains("There is no verdict: " + reason + "."));
  REQUIRE(find_failed_tasks(report) == std::vector<std::string>{"a"});
  REQUIRE(find_failed_tasks(compare_tasks(played, failed)).empty());
  REQUIRE(find_failed_tasks(compare_tasks(failed, failed)).empty());
  // A failure counts as random here, but that A always fails is reported.
  const ComparisonReport known =
      compare_tasks(failed, played, {{"a", make_references(2, 12)}});
  REQUIRE(no_pairs_reason(known).empty());
  REQUIRE(find_failed_tasks(known) == std::vector<std::string>{"a"});

  DatasetOutcomes unseeded = played;
  for (EpisodeOutcome& episode : unseeded.episodes) {
    episode.seed = {};
  }
  REQUIRE(no_pairs_reason(compare_tasks(unseeded, played)) ==
          "no episodes of A and B have the same task and seed");
}

TEST_CASE("The overall difference is in percent of the expert") {
  const ComparisonReport report = compare_outcomes(
      {make_outcomes("a", "x", {6, 8}), make_outcomes("b", "y", {100}),
       make_outcomes("c", "y", {1})},
      {make_outcomes("a", "x", {5, 5}), make_outcomes("b", "y", {50}),
       make_outcomes("d", "y", {1})},
      {{"a", make_references(0, 10)}, {"b", make_references(-100, 100)}},
      {1, 100});
  REQUIRE(report.tasks.size() == 4);
  REQUIRE(*report.overall.difference == Approx((20 + 25) / 2.0));
  REQUIRE(*report.score_a == Approx((70 + 100) / 2.0));
  REQUIRE(*report.score_b == Approx((50 + 75) / 2.0));
  REQUIRE(report.overall.note == "2 of 4 tasks were played by both");
  const TaskComparison& only_a = report.tasks[2];
  REQUIRE(only_a.task == "c");
  REQUIRE(only_a.pairs == 0);
  REQUIRE_FALSE(only_a.difference);
  REQUIRE(only_a.note == "played by A only");
  REQUIRE(report.tasks[3].note == "played by B only");
  REQUIRE(*report.overall.difference_low >= 17.5);
  REQUIRE(*report.overall.difference_high <= 27.5);
}

TEST_CASE("Without references there is no overall difference, but a verdict") {
  const DatasetOutcomes high = make_outcomes("a", "x", std::vector(9, 1.0));
  const ComparisonReport report =
      compare_tasks(high, make_outcomes("a", "x", std::vector(9, 0.0)));
  REQUIRE_FALSE(report.overall.difference);
  REQUIRE_FALSE(report.score_a);
  REQUIRE(report.overall.verdict == Verdict::a);
  REQUIRE(report.overall.note ==
          "no references, so no difference in percent of the expert");
}

TEST_CASE("Policies can be compared by success") {
  const DatasetOutcomes a =
      with_success(make_outcomes("a", "x", {0, 0, 0}), {true, true, false});
  const DatasetOutcomes b =
      with_success(make_outcomes("a", "x", {9, 9, 9}), {false, true, false});
  const ComparisonReport report =
      compare_outcomes({a}, {b}, {}, {1, 10, Metric::success});
  REQUIRE(report.tasks[0].wins == 1);
  REQUIRE(report.tasks[0].ties == 2);
  REQUIRE(*report.tasks[0].difference == Approx(1 / 3.0));
  REQUIRE(to_json(report)["metric"] == "success");
  const ComparisonReport silent = compare_outcomes(
      {a}, {make_outcomes("a", "x", {9, 9, 9})}, {}, {1, 10, Metric::success});
  REQUIRE(silent.tasks[0].note == "no episode of B reports success");
  REQUIRE_FALSE(silent.tasks[0].difference);
  REQUIRE(no_pairs_reason(silent) ==
          "success is compared, but the episodes of A or B do not report it");
}

TEST_CASE("Different settings of the environment are reported") {
  DatasetOutcomes a = make_outcomes("a", "x", {1}), b = a;
  a.settings = {{"max_steps", 100}};
  b.settings = {{"max_steps", 200}};
  REQUIRE(compare_tasks(a, b).tasks[0].note ==
          "A was played with different settings than B: max_steps is 100, not "
          "200");
}

TEST_CASE("Sides that disagree about the domain of a task are refused") {
  REQUIRE(thrown_error([] {
            compare_tasks(make_outcomes("a", "x", {1}),
                          make_outcomes("a", "y", {1}));
          }).status() == base::ExitStatus::bad_input);
}

TEST_CASE("The seed determines the intervals of a comparison") {
  const DatasetOutcomes a = make_outcomes("a", "x", {1, 5, 2, 8, 3}),
                        b = make_outcomes("a", "x", {2, 2, 7, 1, 1});
  const auto text = [&](uint64_t seed) {
    return to_json(compare_outcomes({a}, {b}, {}, {seed, 300})).dump();
  };
  REQUIRE(text(1) == text(1));
  REQUIRE(text(1) != text(2));
}

TEST_CASE("CSV of a comparison has a line per task and one for all") {
  const ComparisonReport report =
      compare_tasks(make_outcomes("a", "x", {3}), make_outcomes("a", "x", {1}));
  const std::string csv = to_csv(report);
  REQUIRE_THAT(csv, Catch::StartsWith("task,domain,episodes_a,episodes_b,"
                                      "mean_a,mean_b,score_a,score_b,pairs,"
                                      "wins,losses,ties,difference,") &&
                        Catch::Contains("\r\na,x,1,1,3.0,1.0,,,1,1,0,0,2.0,") &&
                        Catch::Contains("\r\nall,all,1,1,,,,,1,1,0,0,,"));
}
