#include "gato/eval/html_page.h"

#include <catch2/catch.hpp>

#include "gato/eval/charts.h"
#include "gato/eval/score_sections.h"
#include "gato/eval/svg.h"

using namespace gato;
using namespace gato::eval;

namespace {

size_t count_occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t position = text.find(part); position != std::string::npos;
       position = text.find(part, position + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("Names are escaped on a page") {
  DatasetOutcomes outcomes;
  outcomes.task = "<script>alert('x')</script>";
  outcomes.domain = "a\"b&c";
  outcomes.returns = {1, 2};
  ReferenceTable references;
  references[outcomes.task] = {
      ReferenceReturn{0, {}, {}}, ReferenceReturn{2, {}, {}}, {}, ""};
  const ScoreReport report = compute_scores({outcomes}, references, {});
  const std::string page = html_page("<b>", "& so on", score_sections(report));
  REQUIRE(page.find("<script>") == std::string::npos);
  REQUIRE(page.find("<b>\n") == std::string::npos);
  REQUIRE(page.find("&lt;script&gt;") != std::string::npos);
  REQUIRE(page.find("a&quot;b&amp;c") != std::string::npos);
  REQUIRE(page.find("http") == std::string::npos);  // needs no network
  REQUIRE(count_occurrences(page, "<svg") == 2);
}

TEST_CASE("A page shows the commands of its datasets, quoted for a shell") {
  ScoreReport report = compute_scores({}, {}, {});
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
