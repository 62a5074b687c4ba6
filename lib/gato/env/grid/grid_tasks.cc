// The domain grid/: missions in words, partial view.
#include "gato/env/grid/grid_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> grid_tasks() {
  return {
      {"grid/goto", "go to the object that the mission names", make_goto},
  };
}

}  // namespace gato::env
