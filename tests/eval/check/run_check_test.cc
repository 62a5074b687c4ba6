#include "gato/eval/check/run_check.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "data/sample_documents.h"
#include "eval/write_weights.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/eval/check/weight_check.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

namespace {

// Writes metrics with a loss that falls, except for what `change` makes of it.
template <class Change>
void write_metrics(const std::filesystem::path& run, int lines, Change change) {
  std::ofstream file(run / "metrics.jsonl");
  for (int i = 0; i < lines; ++i) {
    nlohmann::json line = {
        {"step", 10 * i},
        {"loss", 1 + 4 * std::exp(-0.1 * i) + 0.05 * std::sin(7.0 * i)},
        {"skipped", 0}};
    change(i, line);
    file << line << '\n';
  }
}

std::string names(const std::filesystem::path& run) {
  std::string found;
  for (const Finding& finding : check_run(run, nullptr)) {
    found += (found.empty() ? "" : " ") +
             std::string(severity_name(finding.severity)) + ":" + finding.check;
  }
  return found;
}

void write_checkpoint(const std::filesystem::path& run, float weight) {
  std::filesystem::create_directories(run / "step-10");
  write_weights(run / "step-10" / "model.safetensors",
                {{"embedding.tokens", {{2, 2}, {1, 2, weight, 4}}}});
  data::write_manifest(run / "step-10");
}

}  // namespace

TEST_CASE("A sound run has no findings") {
  const TestDirectory run;
  write_checkpoint(run.path(), 3);
  write_metrics(run.path(), 60, [](int, nlohmann::json&) {});
  std::ofstream(run / "metrics.jsonl", std::ios::app) << "{\"step\": 6";
  CHECK(names(run.path()).empty());
}

TEST_CASE("Losses that are not finite, and spikes, are found") {
  const TestDirectory run;
  write_checkpoint(run.path(), 3);
  write_metrics(run.path(), 60, [](int i, nlohmann::json& line) {
    if (i == 30) {
      line["loss"] = nullptr;
      line["skipped"] = 10;
    }
  });
  CHECK(names(run.path()) == "warning:nan warning:skipped");
  write_metrics(run.path(), 60, [](int i, nlohmann::json& line) {
    if (i >= 50) {
      line["loss"] = nullptr;
    }
  });
  CHECK(names(run.path()) == "error:nan");
  write_metrics(run.path(), 60, [](int i, nlohmann::json& line) {
    if (i == 40) {
      line["loss"] = 4.5;
    }
  });
  const auto found = check_run(run.path(), nullptr);
  REQUIRE(found.size() == 1);
  CHECK(found[0].check == "spike");
  CHECK(found[0].count == 1);
  CHECK_THAT(found[0].message, Catch::Contains("step 400"));
}

TEST_CASE("A run without checkpoints is an error once it does not train") {
  const TestDirectory run;
  write_metrics(run.path(), 3, [](int, nlohmann::json&) {});
  CHECK(names(run.path()) == "error:no_checkpoint");
  std::ofstream(run / ".lock") << "";
  CHECK(names(run.path()) == "warning:no_checkpoint");
}

TEST_CASE("Weights that are not finite are errors") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const TestDirectory run;
  write_checkpoint(run.path(), nan);
  write_metrics(run.path(), 3, [](int, nlohmann::json&) {});
  const auto found = check_run(run.path(), nullptr);
  REQUIRE(found.size() == 1);
  CHECK(found[0].check == "nan");
  CHECK(found[0].key == "step-10:embedding.tokens");
  CHECK(found[0].count == 1);
  write_checkpoint(run.path(), -std::numeric_limits<float>::infinity());
  CHECK(names(run.path()) == "error:infinity");
  write_checkpoint(run.path(), std::numeric_limits<float>::max());
  CHECK(names(run.path()).empty());
}
