#include "gato/eval/reference_check.h"

#include <catch2/catch.hpp>

#include "eval/make_outcomes.h"
#include "gato/eval/reference_check_report.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

namespace {

TaskReferences with_deviation(TaskReferences references, double random,
                              double expert) {
  references.random->std = random;
  references.expert->std = expert;
  return references;
}

// The checks of the findings, in their order.
std::vector<std::string> checks(
    const ReferenceTable& references,
    const std::vector<DatasetOutcomes>& outcomes = {},
    Metric metric = Metric::mean_return) {
  std::vector<std::string> names;
  for (const ReferenceFinding& finding :
       check_references(references, outcomes, metric)) {
    names.push_back(finding.check + " " + finding.policy);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("References with a clear scale have no findings") {
  REQUIRE(checks({{"a", with_deviation(make_references(0, 10), 1, 20)}}) ==
          Names{});
}

TEST_CASE("An expert that is no better than random is an error") {
  const auto findings = check_references(
      {{"bowling", with_deviation(make_references(23.1, 20.4), 1, 1)}}, {},
      Metric::mean_return);
  REQUIRE(findings.size() == 1);
  REQUIRE(findings[0].severity == FindingSeverity::error);
  REQUIRE(findings[0].check == "order");
  REQUIRE(findings[0].task == "bowling");
}

TEST_CASE("Missing deviations and policies are found") {
  TaskReferences references = make_references(0, 10);
  REQUIRE(checks({{"a", references}}) ==
          Names{"deviation random", "deviation expert"});
  references.random = {};
  REQUIRE(checks({{"a", references}}) ==
          Names{"missing random", "deviation expert"});
  // Only the tasks that were played are checked.
  REQUIRE(checks({{"a", references}}, {make_outcomes("b", "x", {1})}) ==
          Names{"missing random", "missing expert"});
}

TEST_CASE("Random returns near those of the expert are found") {
  REQUIRE(checks({{"a", with_deviation(make_references(40, 43), 7, 7)}}) ==
          Names{"near random"});
  REQUIRE(checks({{"a", make_references(100, 102)}}) ==
          Names{"deviation random", "deviation expert", "near random"});
  REQUIRE(checks({{"a", make_success_references(0.9, 0.95)}}, {},
                 Metric::success) == Names{"near random"});
  REQUIRE(checks({{"a", make_success_references(0.2, 0.95)}}, {},
                 Metric::success) == Names{});
}

TEST_CASE("The settings of episodes are compared with those of references") {
  TaskReferences references = with_deviation(make_references(0, 10), 1, 1);
  DatasetOutcomes outcomes = make_outcomes("a", "x", {1});
  REQUIRE(checks({{"a", references}}, {outcomes}) == Names{"settings "});
  references.random->settings = {
      {"max_steps", 100}, {"command", "x"}, {"packages", {{"gato", "1"}}}};
  references.expert->settings = references.random->settings;
  REQUIRE(checks({{"a", references}}, {outcomes}) == Names{"settings "});
  outcomes.settings = references.random->settings;
  outcomes.settings["command"] = "y";
  REQUIRE(checks({{"a", references}}, {outcomes}) == Names{});

  outcomes.settings["max_steps"] = 200;
  outcomes.settings["frame_skip"] = 4;
  outcomes.settings["packages"]["gato"] = "2";
  const auto findings =
      check_references({{"a", references}}, {outcomes}, Metric::mean_return);
  REQUIRE(findings.size() == 2);
  REQUIRE(findings[0].check == "settings");
  REQUIRE(findings[0].severity == FindingSeverity::error);
  REQUIRE(findings[0].message ==
          "a: frame_skip is 4, not null, max_steps is 200, not 100 as in the "
          "reference");
  REQUIRE(findings[1].check == "versions");
  REQUIRE(findings[1].severity == FindingSeverity::warning);

  references.expert->settings = nullptr;
  REQUIRE(checks({{"a", references}}, {outcomes}) ==
          Names{"settings random", "versions random", "settings expert"});
}

TEST_CASE("References of several sets are shown side by side") {
  ReferenceSet first{"first.json", {}}, second{"second.json", {}};
  first.table["a"] = make_references(1, 2);
  second.table["a"].expert = make_reference(9);
  const nlohmann::json document =
      check_to_json({}, {first, second}, Metric::mean_return);
  REQUIRE(document["references"].size() == 3);
  REQUIRE(document["references"][1]["mean"] == 2);
  REQUIRE(document["references"][1]["used"] == false);
  REQUIRE(document["references"][2]["set"] == "second.json");
  REQUIRE(document["references"][2]["used"] == true);
  const std::string text = check_to_text({}, {first, second});
  REQUIRE_THAT(text,
               Catch::Contains("expert") && Catch::Contains("no findings"));
  REQUIRE_THAT(text, !Catch::Contains("random"));
}
