// The domain grid/: missions in words, partial view.
#include "gato/env/grid/grid_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> grid_tasks() {
  return {
      {"grid/boss", "follow one or two instructions of any kind in four rooms",
       grid::make_boss},
      {"grid/goto", "go to the object that the mission names", grid::make_goto},
      {"grid/goto-door", "go to the door of a color", grid::make_goto_door},
      {"grid/goto-maze", "go to an object in four rooms with closed doors",
       grid::make_goto_maze},
      {"grid/goto-rooms", "go to an object in two rooms with a closed door",
       grid::make_goto_rooms},
      {"grid/open", "open the door of a color", grid::make_open},
      {"grid/pickup", "pick up an object", grid::make_pickup},
      {"grid/pickup-rooms", "pick up an object in two rooms with a closed door",
       grid::make_pickup_rooms},
      {"grid/put-next", "put an object next to another", grid::make_put_next},
      {"grid/put-next-rooms",
       "put an object next to another in two rooms with a closed door",
       grid::make_put_next_rooms},
      {"grid/sequence", "go to or pick up one object, then another",
       grid::make_sequence},
      {"grid/unlock", "fetch the key of a door and unlock it",
       grid::make_unlock},
      {"grid/unlock-pickup", "pick up an object behind a locked door",
       grid::make_unlock_pickup},
  };
}

}  // namespace gato::env
