#include "gato/tokenize/mu_law.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Checks a value and its neighbors on both sides.
void check_bins(double x, int neighbors) {
  double low = x, high = x;
  for (int i = 0; i <= neighbors; ++i) {
    REQUIRE(MuLawQuantizer::instance()(low) == bin_index(mu_law_encode(low)));
    REQUIRE(MuLawQuantizer::instance()(high) == bin_index(mu_law_encode(high)));
    low = std::nextafter(low, -kInfinity);
    high = std::nextafter(high, kInfinity);
  }
}

}  // namespace

TEST_CASE("Mu-law encoding and bins agree with the reference") {
  for (const auto& vector : test::load_reference("continuous")) {
    const double x = vector["x"];
    CAPTURE(x);
    CHECK(mu_law_encode(x) == Approx(vector["y"].get<double>()).epsilon(1e-14));
    CHECK(bin_index(mu_law_encode(x)) == vector["bin"].get<int>());
    CHECK(mu_law_decode(bin_center(vector["bin"])) ==
          Approx(vector["decoded"].get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("The ends of the range fall into the end bins") {
  CHECK(bin_index(-1) == 0);
  CHECK(bin_index(0) == 512);
  CHECK(bin_index(std::nextafter(1, 0)) == 1023);
  CHECK(bin_index(1) == 1023);
  CHECK(bin_index(mu_law_encode(kInfinity)) == 1023);
  CHECK(bin_index(mu_law_encode(-kInfinity)) == 0);
}

TEST_CASE("A bin includes its left edge, and not its right edge") {
  for (int k = 1; k < 1024; ++k) {
    const double edge = 2.0 * k / 1024 - 1;
    REQUIRE(bin_index(edge) == k);
    REQUIRE(bin_index(edge - 1e-12) == k - 1);
  }
}

TEST_CASE("The center of every bin falls into the bin") {
  for (int k = 0; k < 1024; ++k) {
    REQUIRE(bin_index(bin_center(k)) == k);
    REQUIRE(bin_index(mu_law_encode(mu_law_decode(bin_center(k)))) == k);
  }
}

TEST_CASE("MuLawQuantizer agrees exactly with the logarithm") {
  for (int k = 0; k <= 1024; ++k) {
    check_bins(mu_law_decode(2.0 * k / 1024 - 1), 500);
  }
  for (double power = 0x1p-1074; power <= 0x1p1023; power *= 2) {
    check_bins(power, 3);
    check_bins(-power, 3);
    if (power == 0x1p1023) {
      break;
    }
  }
  for (double x : {0.0, -0.0, kInfinity, -kInfinity, 256.0, -256.0,
                   std::numeric_limits<double>::max()}) {
    check_bins(x, 20);
  }
  REQUIRE(rc::check("any value", [](uint64_t bits) {
    const auto x = std::bit_cast<double>(bits);
    RC_PRE(!std::isnan(x));
    RC_ASSERT(MuLawQuantizer::instance()(x) == bin_index(mu_law_encode(x)));
  }));
  REQUIRE(rc::check("values of the range", [](int64_t millionths) {
    const double x = static_cast<double>(millionths % 300'000'000) / 1e6;
    RC_ASSERT(MuLawQuantizer::instance()(x) == bin_index(mu_law_encode(x)));
  }));
}

TEST_CASE("Edges, ends and denormal numbers have known bins") {
  const double denormal = std::numeric_limits<double>::denorm_min();
  const std::vector<std::pair<double, int>> golden = {
      {0, 512},      {-0.0, 512},    {denormal, 512}, {-denormal, 512},
      {1e-300, 512}, {-1e-300, 512}, {1, 744},        {-1, 279},
      {256, 1023},   {-256, 0},      {255.9, 1023},   {-255.9, 0},
      {257, 1023},   {-257, 0},      {1e300, 1023},   {-1e300, 0},
      {0.0002, 512}, {-0.0002, 511}, {0.00021, 513},  {250, 1022},
      {251, 1023}};
  for (const auto& [x, bin] : golden) {
    CAPTURE(x);
    CHECK(bin_index(mu_law_encode(x)) == bin);
    CHECK(MuLawQuantizer::instance()(x) == bin);
  }
}

TEST_CASE("The decoding error is at most half a bin") {
  REQUIRE(rc::check("companded", [](int64_t thousandths) {
    const double x = static_cast<double>(thousandths % 256000) / 1000;
    const double y = bin_center(bin_index(mu_law_encode(x)));
    RC_ASSERT(std::abs(y - mu_law_encode(x)) <= 1.0 / 1024 + 1e-12);
  }));
}
