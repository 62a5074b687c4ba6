// The environments of the domain arm/, which arm_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_arm_close_drawer();
std::unique_ptr<Environment> make_arm_open_drawer();
std::unique_ptr<Environment> make_arm_pick_place();
std::unique_ptr<Environment> make_arm_pick_place_wall();
std::unique_ptr<Environment> make_arm_push();
std::unique_ptr<Environment> make_arm_reach();
std::unique_ptr<Environment> make_arm_reach_joints();
std::unique_ptr<Environment> make_arm_stack();

}  // namespace gato::env
