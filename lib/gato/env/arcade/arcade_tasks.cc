// The domain arcade/: pixel games on a screen.
#include "gato/env/arcade/arcade_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> arcade_tasks() {
  return {
      {"arcade/catch", "catch falling balls with a paddle", make_catch},
  };
}

}  // namespace gato::env
