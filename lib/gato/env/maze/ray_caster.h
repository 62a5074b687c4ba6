// Draws what an agent sees in a maze, from its own perspective.
#pragma once

#include <array>
#include <vector>

#include "gato/data/image.h"
#include "gato/env/canvas.h"
#include "gato/env/maze/maze_scene.h"

namespace gato::env {

// Renders square images with a horizontal and vertical field of view of 90
// degrees. The walls are 0.7 cells high and the eye is at 0.5, so that things
// that are taller are seen above the walls.
class RayCaster {
 public:
  explicit RayCaster(int side);
  data::Image render(const MazeScene& scene, const MazePose& pose) const;

 private:
  struct Vector {
    double x = 0, y = 0;
  };
  // The view in a column of pixels: the distance of the wall, measured along
  // the view direction, and the first row below its upper edge.
  struct Column {
    double depth = 0;
    int wall_top = 0;
  };
  struct Hit {
    double depth = 0;
    double along = 0;  // where on the wall, 0 <= along < 1
    Labyrinth::Cell cell;
    int direction = 0;
  };
  using Frame = std::vector<Color>;  // [side][side]

  static Hit cast(const Labyrinth& labyrinth, Vector from, Vector ray);
  Column draw_wall(Frame& frame, int column, const MazeScene& scene,
                   const Hit& hit) const;
  void draw_thing(Frame& frame, const std::vector<Column>& columns,
                  const MazeThing& thing, Vector relative) const;

  int side_;
  double focal_length_;  // in pixels
  std::array<Vector, kHeadingCount> ahead_, right_;
  std::array<std::vector<Vector>, kHeadingCount> rays_;  // [heading][column]
  Frame background_;                                     // sky and floor
};

}  // namespace gato::env
