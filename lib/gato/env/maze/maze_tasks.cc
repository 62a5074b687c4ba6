// The domain maze/: first-person mazes in pixels.
#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> maze_tasks() { return {}; }

}  // namespace gato::env
