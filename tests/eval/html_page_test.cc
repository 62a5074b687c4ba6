#include "gato/eval/html_page.h"

#include <catch2/catch.hpp>

#include "base/count_occurrences.h"
#include "eval/make_outcomes.h"
#include "gato/eval/chart_axes.h"
#include "gato/eval/charts.h"
#include "gato/eval/score_sections.h"
#include "gato/eval/svg.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

TEST_CASE("Names are escaped on a page") {
  const DatasetOutcomes outcomes =
      make_outcomes("<script>alert('x')</script>", "a\"b&c", {1, 2});
  const ReferenceTable references{{outcomes.task, make_references(0, 2)}};
  const ScoreReport report = compute_scores({outcomes}, references, {});
  const std::string page = html_page("<b>", "& so on", score_sections(report));
  REQUIRE(page.find("<script>alert") == std::string::npos);
  REQUIRE(page.find("<b>\n") == std::string::npos);
  REQUIRE(page.find("&lt;script&gt;") != std::string::npos);
  REQUIRE(page.find("a&quot;b&amp;c") != std::string::npos);
  REQUIRE(page.find("http") == std::string::npos);  // needs no network
  // Thresholds, domains, profile and tasks.
  REQUIRE(count_occurrences(page, "<svg") == 4);
  REQUIRE(page.find("\"nan") == std::string::npos);
  REQUIRE(page.find("nan,") == std::string::npos);
}

TEST_CASE("A path in a link is percent-encoded") {
  CHECK(encode_url_path("/runs/a-b_c.d~/1.png") == "/runs/a-b_c.d~/1.png");
  CHECK(encode_url_path("/50% #2?\"&\xC3\xBC+:") ==
        "/50%25%20%232%3F%22%26%C3%BC%2B%3A");
}

TEST_CASE("A page has a script only if it has something to sort or unfold") {
  REQUIRE(html_page("", "", {{"", html_table({"a"}, {{"1"}}, 0)}})
              .find("<script>") == std::string::npos);
  REQUIRE(count_occurrences(
              html_page("", "",
                        {{"", sortable_table({"a"}, {{"1"}}, {})},
                         {"", sortable_table({"a"}, {{"<2>"}}, {}, {"#x"})}}),
              "<script>") == 1);
  REQUIRE(sortable_table({"a"}, {{"<2>"}}, {}, {"#x"})
              .find("<a href=\"#x\">&lt;2&gt;</a>") != std::string::npos);
}

TEST_CASE("Many tasks have a folded chart per domain") {
  std::vector<DatasetOutcomes> outcomes;
  ReferenceTable references;
  for (int i = 0; i < 50; ++i) {
    const std::string task = "task" + std::to_string(i);
    outcomes.push_back(
        make_outcomes(task, i % 2 == 0 ? "even" : "odd", {1.0 * i}));
    references[task] = make_references(0, 40);
  }
  const std::string page = html_page(
      "", "", score_sections(compute_scores(outcomes, references, {1, 10})));
  // The datasets are folded, too.
  for (const char* title : {"even", "odd", "50 datasets"}) {
    REQUIRE(count_occurrences(page, "<details><summary><b>" +
                                        std::string(title) + "</b>") == 1);
  }
}

TEST_CASE("Failures are counted by kind, and latencies are listed") {
  DatasetOutcomes outcomes = make_outcomes("a", "x", {1}, 3);
  outcomes.episodes[1].failure = "step 12: no reply within 60 s";
  outcomes.episodes[2].failure = "step 7: no reply within 60 s";
  outcomes.latency = {{"period", 0.05}, {"steps", 40},   {"overruns", 2},
                      {"median", 0.01}, {"p95", 0.0125}, {"p99", 0.02},
                      {"max", 0.06}};
  const std::string page = html_page(
      "", "", score_sections(compute_scores({outcomes}, {}, {1, 10})));
  REQUIRE(page.find("<td>2</td><td>1</td><td class=\"text\">a episode 1, seed "
                    "1</td><td class=\"text wrap\">step 12: no reply") !=
          std::string::npos);
  REQUIRE(page.find("(no message recorded)") != std::string::npos);
  REQUIRE(page.find("<td>50.00</td><td>40</td><td>2</td><td>10.00</td>"
                    "<td>12.50</td>") != std::string::npos);
}

TEST_CASE("A page shows the commands of its datasets, quoted for a shell") {
  ScoreReport report = compute_scores({}, {}, {1, 10});
  ScoredDataset dataset;
  dataset.provenance = {
      {"argv", {"gato-rollout", "--env-command", "a 'b'", ""}}};
  report.datasets = {dataset};
  REQUIRE(html_page("", "", score_sections(report))
              .find("gato-rollout --env-command &#39;a &#39;\\&#39;&#39;b&#39;"
                    "\\&#39;&#39;&#39; &#39;&#39;") != std::string::npos);
}

TEST_CASE("A threshold plot steps down after the score that was reached") {
  std::vector<ThresholdCount> thresholds;
  for (int percent = 0; percent <= 100; ++percent) {
    thresholds.push_back({percent, percent <= 50 ? 2 : 1});
  }
  const std::string chart = threshold_chart(thresholds, 2);
  // 50% is at x = 60 + 7.8 * 50 = 450; the step down is at 51%.
  REQUIRE(chart.find("450.0,40.0 457.8,40.0 457.8,145.0") != std::string::npos);
  REQUIRE(chart.find(">1<") != std::string::npos);
  REQUIRE(chart.find(">1.5<") == std::string::npos);  // no fractions of tasks
}

TEST_CASE("Values over more than one power of ten get a logarithmic axis") {
  // y runs from 250 at 0.1 to 40 at 10, so 1 is halfway between.
  const std::string chart =
      line_chart({{"loss", {{0, 10}, {1, 1}, {2, 0.1}}}}, "step", "loss");
  REQUIRE(chart.find("70.0,40.0 455.0,145.0 840.0,250.0") != std::string::npos);
  REQUIRE(chart.find(">0.5<") != std::string::npos);
  const std::string linear =
      line_chart({{"loss", {{0, 10}, {1, 1}, {2, 0}}}}, "step", "loss");
  REQUIRE(linear.find("70.0,40.0 455.0,229.0 840.0,250.0") !=
          std::string::npos);
}

TEST_CASE("A single point and a flat line can be drawn") {
  REQUIRE(line_chart({{"loss", {{1, 2}}}}, "step", "loss").find("nan") ==
          std::string::npos);
  REQUIRE(line_chart({{"a", {{0, 1}, {1, 1}}}, {"b", {}}}, "step", "loss")
              .find("inf") == std::string::npos);
}

TEST_CASE("Ticks are round numbers, and finitely many of values of any size") {
  CHECK(linear_ticks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(linear_ticks(-0.3, 0.3, 6).size() == 7);
  CHECK(linear_ticks(1e17, 1e17 + 16, 5).size() <= 6);
}
