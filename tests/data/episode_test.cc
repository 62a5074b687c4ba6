#include "gato/data/episode.h"

#include <catch2/catch.hpp>

using namespace gato::data;

TEST_CASE("An episode succeeds if a success info is above one half once") {
  CHECK(success_from_infos({{"success", {0, 0, 1, 0}}}) == true);
  CHECK(success_from_infos({{"is_success", {0, 1}}}) == true);
  CHECK(success_from_infos({{"success", {0, 0.51}}}) == true);
  CHECK(success_from_infos({{"success", {0, 0.5}}}) == false);
  CHECK(success_from_infos({{"success", {}}}) == false);
}

TEST_CASE("Either of two success infos is enough") {
  CHECK(success_from_infos({{"success", {1}}, {"is_success", {0}}}) == true);
  CHECK(success_from_infos({{"success", {0}}, {"is_success", {1}}}) == true);
  CHECK(success_from_infos({{"success", {0}}, {"is_success", {0}}}) == false);
}

TEST_CASE("Without a success info the outcome of an episode is unknown") {
  CHECK(success_from_infos({}) == std::nullopt);
  CHECK(success_from_infos({{"successes", {1}}}) == std::nullopt);
  CHECK(steps_to_success({{"successes", {1}}}) == std::nullopt);
  CHECK(steps_to_success({{"success", {0, 0.5, 0}}}) == std::nullopt);
  CHECK(steps_to_success({{"success", {0, 0, 1, 0}}}) == 2);
  CHECK(steps_to_success({{"success", {0, 0, 1}}, {"is_success", {0, 1, 1}}}) ==
        1);
}
