// The domain control/: continuous control from states.
#include "gato/env/control/control_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> control_tasks() {
  return {
      {"control/cartpole-swingup", "swing up a pole on a cart and balance it",
       make_cartpole_swingup},
  };
}

}  // namespace gato::env
