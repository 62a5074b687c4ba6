// The domain bodies/: one task for bodies of several sizes.
#include "gato/env/bodies/bodies_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> bodies_tasks() {
  std::vector<BuiltinTask> tasks;
  for (int rods = 3; rods <= 6; ++rods) {
    const std::string number = std::to_string(rods);
    tasks.push_back({"bodies/swimmer-" + number,
                     "swim forward with a chain of " + number + " rods",
                     [rods] { return make_swimmer(rods); }});
  }
  return tasks;
}

}  // namespace gato::env
