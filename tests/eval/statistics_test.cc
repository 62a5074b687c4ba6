#include "gato/eval/statistics.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace gato;
using namespace gato::eval;

namespace {

nlohmann::json load_reference() {
  std::ifstream file(GATO_SOURCE_DIR "/tests/reference/rliable.json");
  return nlohmann::json::parse(file);
}

}  // namespace

TEST_CASE("Percentiles, standard deviation and median agree with numpy") {
  const nlohmann::json reference = load_reference();
  const auto values = reference["values"].get<std::vector<double>>();
  for (const auto& [percent, expected] : reference["percentiles"].items()) {
    REQUIRE(percentile(values, std::stod(percent)) ==
            Approx(expected.get<double>()));
  }
  REQUIRE(standard_deviation(values) == Approx(reference["std"].get<double>()));
  REQUIRE(median(values) ==
          Approx(reference["percentiles"]["50"].get<double>()));
}

TEST_CASE("Interquartile mean and gap agree with scipy and rliable") {
  const nlohmann::json reference = load_reference();
  std::vector<double> pooled;
  for (const auto& column : reference["ragged"]) {
    for (double value : column) {
      pooled.push_back(value);
    }
  }
  REQUIRE(interquartile_mean(pooled) ==
          Approx(reference["ragged_iqm"].get<double>()).epsilon(1e-12));
  REQUIRE(optimality_gap(pooled, 1) ==
          Approx(reference["ragged_gap"].get<double>()).epsilon(1e-12));
}

TEST_CASE("The interquartile mean cuts nothing of three values, two of four") {
  REQUIRE(interquartile_mean({5}) == 5);
  REQUIRE(interquartile_mean({1, 2, 9}) == 4);
  REQUIRE(interquartile_mean({100, 2, 4, -50}) == 3);
  REQUIRE(percentile({3}, 97.5) == 3);
  REQUIRE(std::isnan(mean({})));
  REQUIRE(std::isnan(interquartile_mean({})));
}

TEST_CASE("A resample has the size and the mean of its values") {
  const std::vector<double> values{1, 2, 3};
  base::RandomStream stream(1);
  std::vector<double> resampled;
  for (int i = 0; i < 1000; ++i) {
    resample(values, stream, resampled);
  }
  REQUIRE(resampled.size() == 3000);
  REQUIRE(mean(resampled) == Approx(2).margin(0.06));
}
