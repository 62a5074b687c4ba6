// The domain puzzle/: puzzles that are solved by search.
#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> puzzle_tasks() { return {}; }

}  // namespace gato::env
