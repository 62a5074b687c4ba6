// The domain maze/: first-person mazes in pixels.
#include "gato/env/maze/maze_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> maze_tasks() {
  return {
      {"maze/apples", "visit all apple trees of a labyrinth", make_maze_apples},
      {"maze/goal", "find the beacon in a labyrinth", make_maze_goal},
      {"maze/object", "find the object that the mission names",
       make_maze_object},
      {"maze/seek-avoid", "collect apples and avoid lemons in an arena",
       make_maze_seek_avoid},
  };
}

}  // namespace gato::env
