#include "gato/base/random.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace gato;
using namespace gato::base;

TEST_CASE("A random number depends only on the words that key it") {
  REQUIRE(random_bits(1, {2, 3}) == random_bits(1, {2, 3}));
  REQUIRE(random_bits(1, {2, 3}) != random_bits(1, {3, 2}));
  REQUIRE(random_bits(1, {2}) != random_bits(2, {1}));
  RandomStream first(7, {1}), second(7, {1});
  first();
  second();
  REQUIRE(first() == second());
}

TEST_CASE(
    "Integers are uniform, and normal numbers have mean 0 and variance 1") {
  RandomStream stream(3);
  std::vector<int> counts(10);
  double sum = 0, sum_of_squares = 0;
  for (int i = 0; i < 100000; ++i) {
    ++counts[stream.uniform_int(10)];
    const double normal = stream.normal();
    sum += normal;
    sum_of_squares += normal * normal;
  }
  for (int count : counts) {
    REQUIRE(std::abs(count - 10000) < 500);
  }
  REQUIRE(std::abs(sum / 100000) < 0.02);
  REQUIRE(sum_of_squares / 100000 == Approx(1).margin(0.02));
}
