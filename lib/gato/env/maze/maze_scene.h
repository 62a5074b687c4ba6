// The visible contents of a maze: walls with textures, and things.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gato/env/canvas.h"
#include "gato/env/maze/labyrinth.h"
#include "gato/env/maze/maze_navigation.h"

namespace gato::env {

// A flat image that always faces the viewer. In its mask, '#' has the color of
// the thing, '+' a darker shade of it, 'g' is green, 'b' brown, 'w' white, and
// everything else is transparent.
struct MazeSprite {
  std::span<const std::string_view> mask;  // rows from top to bottom
  double width = 0, bottom = 0, top = 0;   // in cells, above the floor
};
// A pole that is seen from afar, an apple tree that is as tall as two walls, an
// apple and a lemon on the floor, and signs on poles.
extern const MazeSprite kBeaconSprite, kTreeSprite, kAppleSprite, kLemonSprite,
    kBallSprite, kBoxSprite, kStarSprite;

struct MazeThing {
  const MazeSprite* sprite = nullptr;
  Color color = {};
  MazePosition position;
  bool is_present = true;
};

// A texture that covers one side of a wall, [column][row from the top].
inline constexpr int kTexels = 16;
using WallTexture = std::array<std::array<Color, kTexels>, kTexels>;

struct MazeScene {
  Labyrinth labyrinth{1, 1};
  std::vector<MazeThing> things;
  // The poster on each side of a wall, 0 for none, [cell][direction].
  std::vector<uint8_t> posters;

  // Hangs posters of random colors and shapes on a third of the walls.
  void sample_posters(base::RandomStream& random);
  // Returns the texture of a wall as seen from `cell`: bricks whose color
  // depends on the quarter of the maze, darker on the walls between north and
  // south, with a poster if there is one.
  const WallTexture& texture(Labyrinth::Cell cell, int direction) const;
};

// Returns a view from above for people, side x side pixels, north up. The first
// `framed_count` things have a white frame.
Canvas draw_maze_map(const MazeScene& scene, const MazePose& agent, int side,
                     int framed_count);

}  // namespace gato::env
