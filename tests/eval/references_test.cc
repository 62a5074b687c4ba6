#include "gato/eval/references.h"

#include <catch2/catch.hpp>

#include "data/documents.h"
#include "gato/base/output.h"

using namespace gato;
using namespace gato::test;

TEST_CASE("JAT's scores load as they are") {
  References references;
  load_references(GATO_SOURCE_DIR "/share/gato/scores/jat.json", references);
  REQUIRE(references.size() == 157);
  const TaskReferences& alien = references.at("atari-alien");
  REQUIRE(alien.expert->mean == 16912.5);
  REQUIRE(*alien.expert->std == Approx(7087.418));
  REQUIRE(alien.human->mean == 7127.7);
  REQUIRE(alien.random->mean == 227.8);
  REQUIRE_FALSE(alien.random->std);
}

TEST_CASE("later references replace earlier ones, one by one") {
  const Folder folder;
  write_file(folder / "a.json",
             R"({"a": {"random": {"mean": 1, "n": 3}, "expert": {"mean": 2}}})",
             false);
  write_file(folder / "b.json",
             R"({"a": {"expert": {"mean": 5}, "source": "book"}})", false);
  References references;
  load_references(folder / "a.json", references);
  REQUIRE(references.at("a").source == (folder / "a.json").string());
  load_references(folder / "b.json", references);
  REQUIRE(references.at("a").random->mean == 1);
  REQUIRE(*references.at("a").random->n == 3);
  REQUIRE(references.at("a").expert->mean == 5);
  REQUIRE(references.at("a").source == "book");

  TaskOutcomes outcomes;
  outcomes.task = "a";
  outcomes.returns = {2, 4};
  outcomes.failed = 1;
  add_reference(outcomes, ReferenceKind::random, references);
  REQUIRE(references.at("a").random->mean == 3);
  REQUIRE(*references.at("a").random->std == 1);
  REQUIRE(*references.at("a").random->n == 2);
  outcomes.returns.clear();
  REQUIRE(error_of([&] {
            add_reference(outcomes, ReferenceKind::expert, references);
          }).status() == ExitStatus::bad_input);
}

TEST_CASE("what is no reference file is named with its task and key") {
  const Folder folder;
  const auto load = [&](const std::string& text) {
    write_file(folder / "a.json", text, true);
    return error_of([&] {
      References references;
      load_references(folder / "a.json", references);
    });
  };
  for (const char* text :
       {"", "[]", "{", R"({"task": 3})", R"({"task": {"random": 3}})",
        R"({"task": {"random": {}}})", R"({"task": {"random": {"mean": "x"}}})",
        R"({"task": {"random": {"mean": 1e999}}})"})
    REQUIRE(load(text).status() == ExitStatus::bad_input);
  const std::string message =
      load(R"({"pong": {"expert": {"mean": null}}})").what();
  REQUIRE(message.find("a.json: task \"pong\": expert: mean") !=
          std::string::npos);
  References references;
  REQUIRE(error_of([&] {
            load_references(folder / "b.json", references);
          }).status() == ExitStatus::io);
}
