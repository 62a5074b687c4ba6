#include "gato/env/world_canvas.h"

#include <catch2/catch.hpp>
#include <numbers>

using namespace gato;
using namespace gato::env;

namespace {

constexpr Color kBlack = {0, 0, 0}, kWhite = {255, 255, 255};

// Returns the area that white shapes cover, in pixels.
double white_area(const WorldCanvas& canvas) {
  double sum = 0;
  for (const uint8_t value : canvas.image().pixels) {
    sum += value / 255.0 / 3;
  }
  return sum;
}

}  // namespace

TEST_CASE("Shapes cover their areas, with parts of pixels", "[world_canvas]") {
  // 10 pixels per unit.
  WorldCanvas disc(40, 60, {.center = {1, 2}, .height = 4}, kBlack);
  disc.fill_disc({1.33, 2.21}, 0.87, kWhite);
  REQUIRE(white_area(disc) ==
          Approx(std::numbers::pi * 8.7 * 8.7).epsilon(0.01));

  WorldCanvas box(40, 60, {.center = {1, 2}, .height = 4}, kBlack);
  box.fill_box({1.33, 2.21}, 1.23, 0.57, kWhite);
  REQUIRE(white_area(box) == Approx(12.3 * 5.7).epsilon(0.01));

  WorldCanvas rod(40, 60, {.center = {1, 2}, .height = 4}, kBlack);
  rod.fill_rod({0.1, 1.2}, {2.1, 2.7}, 0.4, kWhite);
  REQUIRE(white_area(rod) ==
          Approx(25 * 4 + std::numbers::pi * 4).epsilon(0.02));
}

TEST_CASE("The plane's y axis points up in an image", "[world_canvas]") {
  WorldCanvas canvas(32, 32, {.center = {0, 0}, .height = 2}, kBlack);
  canvas.fill_disc({-0.5, 0.5}, 0.2, kWhite);
  const auto value = [&canvas](int row, int column) {
    return static_cast<int>(canvas.image().pixels[3 * (row * 32 + column)]);
  };
  REQUIRE(value(8, 8) == 255);
  REQUIRE(value(24, 8) == 0);
}

TEST_CASE("Shapes are clipped at the edges of the image", "[world_canvas]") {
  WorldCanvas canvas(16, 16, {.center = {0, 0}, .height = 2}, kBlack);
  canvas.fill_box({1e6, 1e6}, 3, 3, kWhite);
  canvas.fill_disc({-1e6, 0}, 5, kWhite);
  canvas.fill_rod({-50, -40}, {-50, 1e9}, 1, kWhite);
  REQUIRE(white_area(canvas) == 0);
  canvas.fill_rod({-1e3, -1e3}, {1e3, 1e3}, 100, kWhite);
  REQUIRE(white_area(canvas) == Approx(256));
}
