#include "gato/tokenize/continuous.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tokenize/reference.h"

using namespace gato;

TEST_CASE("companding, bins and their values follow the reference") {
  for (const auto& vector : test::reference("continuous")) {
    const double x = vector["x"];
    CAPTURE(x);
    CHECK(compand(x) == Approx(vector["y"].get<double>()).epsilon(1e-14));
    CHECK(bin_of(compand(x)) == vector["bin"].get<int>());
    CHECK(expand(bin_centre(vector["bin"])) ==
          Approx(vector["decoded"].get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("the ends of the range fall into the end bins") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(bin_of(-1) == 0);
  CHECK(bin_of(0) == 512);
  CHECK(bin_of(std::nextafter(1, 0)) == 1023);
  CHECK(bin_of(1) == 1023);
  CHECK(bin_of(compand(infinity)) == 1023);
  CHECK(bin_of(compand(-infinity)) == 0);
}

TEST_CASE("a bin's left edge is its own, and a step below it is the last's") {
  for (int k = 1; k < 1024; ++k) {
    const double edge = 2.0 * k / 1024 - 1;
    REQUIRE(bin_of(edge) == k);
    REQUIRE(bin_of(edge - 1e-12) == k - 1);
  }
}

TEST_CASE("every bin's centre falls into the bin") {
  for (int k = 0; k < 1024; ++k) {
    REQUIRE(bin_of(bin_centre(k)) == k);
    REQUIRE(bin_of(compand(expand(bin_centre(k)))) == k);
  }
}

TEST_CASE("decoding is off by half a bin at most") {
  REQUIRE(rc::check("companded", [](int64_t thousandths) {
    const double x = static_cast<double>(thousandths % 256000) / 1000;
    const double y = bin_centre(bin_of(compand(x)));
    RC_ASSERT(std::abs(y - compand(x)) <= 1.0 / 1024 + 1e-12);
  }));
}
