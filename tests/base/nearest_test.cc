#include "gato/base/nearest.h"

#include <catch2/catch.hpp>

using namespace gato;

TEST_CASE("the nearest name is suggested, none where none is near") {
  const std::vector<std::string> names = {"length", "width", "learning-rate",
                                          "control/cartpole-swingup"};
  REQUIRE(nearest_name("lenght", names) == "length");
  REQUIRE(nearest_name("learning_rate", names) == "learning-rate");
  REQUIRE(nearest_name("cartpole-swingup", names) ==
          "control/cartpole-swingup");
  REQUIRE(nearest_name("swim", names).empty());
  REQUIRE(nearest_name("", names).empty());
  REQUIRE(nearest_name("length", {}).empty());
  REQUIRE(suggestion("widht", names) == "; did you mean 'width'?");
  REQUIRE(suggestion("zzzz", names).empty());
}
