// The domain robot/: two cameras, joint readings and mixed actions.
#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> robot_tasks() { return {}; }

}  // namespace gato::env
