// The domain arm/: a planar arm with a gripper.
#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> arm_tasks() { return {}; }

}  // namespace gato::env
