#include "gato/eval/reference_returns.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "eval/make_outcomes.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

TEST_CASE("The published scores of JAT can be loaded") {
  ReferenceTable references;
  load_references(GATO_SOURCE_DIR "/share/gato/scores/jat.json", references);
  REQUIRE(references.size() == 157);
  const TaskReferences& alien = references.at("atari-alien");
  REQUIRE(alien.expert->mean == 16912.5);
  REQUIRE(*alien.expert->std == Approx(7087.418));
  REQUIRE(alien.human->mean == 7127.7);
  REQUIRE(alien.random->mean == 227.8);
  REQUIRE_FALSE(alien.random->std);
}

TEST_CASE("The measured scores can be loaded, and repeated elsewhere") {
  ReferenceTable references;
  for (const char* name : {"built-in.json", "simulators.json"}) {
    load_references(GATO_SOURCE_DIR "/share/gato/scores/" + std::string(name),
                    references);
  }
  REQUIRE(references.size() == 81 + 162);
  for (const auto& [task, reference] : references) {
    CAPTURE(task);
    REQUIRE(reference.random);
    CHECK_THAT(reference.source,
               Catch::StartsWith("scripts/environment-table "));
    // It would contain paths of the machine.
    CHECK_FALSE(reference.random->settings.contains("command"));
  }
}

TEST_CASE("Later references replace earlier ones one by one") {
  const TestDirectory folder;
  base::write_file(
      folder / "a.json",
      R"({"a": {"random": {"mean": 1, "n": 3}, "expert": {"mean": 2}}})",
      false);
  base::write_file(folder / "b.json",
                   R"({"a": {"expert": {"mean": 5}, "source": "book"}})",
                   false);
  ReferenceTable references;
  load_references(folder / "a.json", references);
  REQUIRE(references.at("a").source == (folder / "a.json").string());
  load_references(folder / "b.json", references);
  REQUIRE(references.at("a").random->mean == 1);
  REQUIRE(*references.at("a").random->episodes == 3);
  REQUIRE(references.at("a").expert->mean == 5);
  REQUIRE(references.at("a").source == "book");

  const DatasetOutcomes outcomes =
      with_success(make_outcomes("a", "x", {2, 4}, 1), {true, false});
  add_reference(outcomes, ReferenceKind::random, references);
  REQUIRE(references.at("a").random->mean == 3);
  REQUIRE(*references.at("a").random->std == 1);
  REQUIRE(*references.at("a").random->episodes == 2);
  REQUIRE(*references.at("a").random->success == 0.5);
  REQUIRE(thrown_error([&] {
            add_reference(make_outcomes("a", "x", {}, 2), ReferenceKind::expert,
                          references);
          }).status() == base::ExitStatus::bad_input);
}

TEST_CASE("A source that is null is absent, and unused keys may be NaN") {
  const TestDirectory folder;
  base::write_file(folder / "a.json",
                   R"({"a": {"random": {"mean": 1, "median": NaN},
                             "source": null}})",
                   false);
  ReferenceTable references;
  load_references(folder / "a.json", references);
  REQUIRE(references.at("a").source == (folder / "a.json").string());
}

TEST_CASE("A standard deviation that is null or NaN is unknown") {
  const TestDirectory folder;
  base::write_file(folder / "a.json",
                   R"({"a": {"random": {"mean": 1, "std": NaN},
                             "expert": {"mean": 3, "std": null}}})",
                   false);
  ReferenceTable references;
  load_references(folder / "a.json", references);
  REQUIRE(*references.at("a").random->mean == 1);
  REQUIRE_FALSE(references.at("a").random->std);
  REQUIRE_FALSE(references.at("a").expert->std);
}

TEST_CASE("References may have success rates and settings") {
  const TestDirectory folder;
  base::write_file(folder / "a.json",
                   R"({"a": {"random": {"success": 0.25},
                             "expert": {"mean": 3, "success": 1},
                             "settings": {"max_steps": 9}}})",
                   false);
  ReferenceTable references;
  load_references(folder / "a.json", references);
  const TaskReferences& task = references.at("a");
  REQUIRE_FALSE(reference_value(task.random, Metric::mean_return));
  REQUIRE(*reference_value(task.random, Metric::success) == 0.25);
  REQUIRE(*reference_value(task.expert, Metric::mean_return) == 3);
  REQUIRE(*reference_value(task.expert, Metric::success) == 1);
  REQUIRE_FALSE(reference_value(task.human, Metric::success));
  REQUIRE(task.expert->settings == nlohmann::json({{"max_steps", 9}}));
}

TEST_CASE("Reference scores of Minari become references of both policies") {
  DatasetOutcomes outcomes = make_outcomes("a", "x", {1});
  ReferenceTable references;
  REQUIRE_FALSE(add_minari_references(outcomes, references));
  REQUIRE(references.empty());
  outcomes.min_reference = 2;
  outcomes.max_reference = 12;
  outcomes.reference_episodes = 100;
  REQUIRE(add_minari_references(outcomes, references));
  REQUIRE(*references.at("a").random->mean == 2);
  REQUIRE(*references.at("a").expert->mean == 12);
  REQUIRE(*references.at("a").expert->episodes == 100);
}

TEST_CASE("The last set that has a policy of a task wins") {
  ReferenceSet first{"first", {}}, second{"second", {}};
  first.table["a"] = make_references(1, 2);
  first.table["b"] = make_references(3, 4);
  second.table["a"].expert = make_reference(9);
  const ReferenceTable merged = merge_references({first, second});
  REQUIRE(*merged.at("a").random->mean == 1);
  REQUIRE(*merged.at("a").expert->mean == 9);
  REQUIRE(*merged.at("b").expert->mean == 4);
}

TEST_CASE("An invalid reference file is refused, with the task and key named") {
  const TestDirectory folder;
  const auto load = [&](const std::string& text) {
    base::write_file(folder / "a.json", text, true);
    return thrown_error([&] {
      ReferenceTable references;
      load_references(folder / "a.json", references);
    });
  };
  for (const char* text :
       {"", "[]", "{", R"({"task": 3})", R"({"task": {"random": 3}})",
        R"({"task": {"random": {}}})", R"({"task": {"random": {"mean": "x"}}})",
        R"({"task": {"random": {"mean": 1e999}}})",
        R"({"task": {"random": {"mean": NaN}}})", R"({"task": {"source": 7}})",
        R"({"task": {"random": {"mean": 1, "n": 1e300}}})",
        R"({"task": {"random": {"mean": 1, "std": Infinity}}})",
        R"({"task": {"random": {"mean": 1, "std": "NaN"}}})",
        R"({"task": {"random": {"mean": 1, "success": "all"}}})",
        R"({"task": {"random": {"mean": 1, "success": 1.5}}})",
        R"({"task": {"random": {"mean": 1}, "settings": "4"}})"}) {
    REQUIRE(load(text).status() == base::ExitStatus::bad_input);
  }
  const std::string message =
      load(R"({"pong": {"expert": {"mean": null}}})").what();
  REQUIRE(message.find("a.json: task \"pong\": expert: key 'mean' is null, not "
                       "a finite number") != std::string::npos);
  ReferenceTable references;
  REQUIRE(thrown_error([&] {
            load_references(folder / "b.json", references);
          }).status() == base::ExitStatus::io);
}
