#include "gato/eval/training_section.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

TEST_CASE("A training curve needs steps and losses") {
  const TestDirectory folder;
  std::string lines = "{\"event\": \"start\"}\n";
  for (int step = 1; step <= 1000; ++step) {
    lines += "{\"step\": " + std::to_string(step) + ", \"loss\": 2.5}\n";
  }
  base::write_file(folder / "metrics.jsonl", lines, false);
  const HtmlSection section = training_section(folder / "metrics.jsonl");
  REQUIRE(section.html.find("1000 steps, last loss 2.5000") !=
          std::string::npos);
  for (const char* wrong : {"", "{}\n", "loss 3\n"}) {
    base::write_file(folder / "wrong.jsonl", wrong, true);
    REQUIRE(thrown_error([&] {
              training_section(folder / "wrong.jsonl");
            }).status() == base::ExitStatus::bad_input);
  }
}
