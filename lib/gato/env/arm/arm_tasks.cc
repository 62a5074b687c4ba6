// The domain arm/: a planar arm with a gripper.
#include "gato/env/arm/arm_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {

std::vector<BuiltinTask> arm_tasks() {
  return {
      {"arm/close-drawer", "push a drawer in", make_arm_close_drawer},
      {"arm/open-drawer", "pull a drawer out by its knob",
       make_arm_open_drawer},
      {"arm/pick-place", "take a block to a goal in the air",
       make_arm_pick_place},
      {"arm/pick-place-wall", "take a block over a wall",
       make_arm_pick_place_wall},
      {"arm/push", "push a block along a table to a goal", make_arm_push},
      {"arm/reach", "move the hand to a goal", make_arm_reach},
      {"arm/reach-joints", "move the hand to a goal by joint velocities",
       make_arm_reach_joints},
      {"arm/stack", "put the red block on the blue one", make_arm_stack},
  };
}

}  // namespace gato::env
