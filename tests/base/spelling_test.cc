#include "gato/base/spelling.h"

#include <catch2/catch.hpp>

using namespace gato;
using namespace gato::base;

TEST_CASE("The closest name is suggested if there is one that is close") {
  const std::vector<std::string> names = {"length", "width", "learning-rate",
                                          "control/cartpole-swingup"};
  REQUIRE(closest_name("lenght", names) == "length");
  REQUIRE(closest_name("learning_rate", names) == "learning-rate");
  REQUIRE(closest_name("cartpole-swingup", names) ==
          "control/cartpole-swingup");
  REQUIRE(closest_name("swim", names).empty());
  REQUIRE(closest_name("", names).empty());
  REQUIRE(closest_name("length", {}).empty());
  REQUIRE(suggestion("widht", names) == "; did you mean 'width'?");
  REQUIRE(suggestion("zzzz", names).empty());
}

TEST_CASE("The beginning of a name stands for the shortest such name") {
  const std::vector<std::string> names = {
      "control/acrobot", "control/cartpole-swingup", "control/cartpole-balance",
      "control/cartpole-balance-pixels"};
  REQUIRE(closest_name("control/cartpole", names) ==
          "control/cartpole-swingup");
  REQUIRE(closest_name("control/cartpole-b", names) ==
          "control/cartpole-balance");
  REQUIRE(closest_name("control/acrobott", names) == "control/acrobot");
  REQUIRE(closest_name("c", names).empty());
}
