// The domain robot/: two cameras, joint readings and mixed actions.
#include <functional>

#include "gato/env/builtin_environment.h"
#include "gato/env/robot/stacking.h"

namespace gato::env {
namespace {

BuiltinTask stacking_task(const std::string& name,
                          const std::string& description, CubeColor upper,
                          CubeColor lower) {
  return {name, description, [=] { return make_stacking(name, upper, lower); }};
}

}  // namespace

std::vector<BuiltinTask> robot_tasks() {
  return {
      stacking_task("robot/stack-blue-on-green",
                    "put the blue cube on the green one", CubeColor::blue,
                    CubeColor::green),
      stacking_task("robot/stack-red-on-blue",
                    "put the red cube on the blue one", CubeColor::red,
                    CubeColor::blue),
  };
}

}  // namespace gato::env
