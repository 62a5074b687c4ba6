// The appearance of cells, objects and doors, and the words for their colors
// and shapes.
#pragma once

#include <array>
#include <string_view>

#include "gato/env/canvas.h"

namespace gato::env::grid {

struct NamedColor {
  std::string_view name;
  Color color;
};
inline constexpr std::array<NamedColor, 6> kColors = {
    {{"red", {255, 40, 40}},
     {"green", {40, 220, 40}},
     {"blue", {70, 90, 255}},
     {"yellow", {250, 230, 30}},
     {"purple", {190, 60, 230}},
     {"white", {255, 255, 255}}}};
inline constexpr Color kFloorColor = {25, 25, 25}, kWallColor = {130, 130, 130},
                       kAgentColor = {255, 255, 255},
                       kHiddenColor = {0, 0, 0};  // of cells out of view

// Masks are 4 x 4; in the agent's view each of their points is 2 x 2 pixels.
inline constexpr int kMaskSize = 4;
using Mask = std::array<std::string_view, kMaskSize>;
struct Shape {
  std::string_view name;
  Mask mask;
};
inline constexpr int kBall = 0, kBox = 1, kKey = 2;
inline constexpr std::array<Shape, 3> kShapes = {{
    {"ball", {".##.", "####", "####", ".##."}},
    {"box", {"####", "#..#", "#..#", "####"}},
    {"key", {".##.", ".##.", "..#.", ".##."}},
}};
inline constexpr Mask kAgentMask = {".##.", ".##.", "####", "#..#"};

}  // namespace gato::env::grid
