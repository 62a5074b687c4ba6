// The family of tasks robot/stack-COLOR-on-COLOR, described in stacking.cc.
#pragma once

#include <memory>
#include <string>

#include "gato/env/environment.h"

namespace gato::env {

// The cubes by color, as indices of RobotWorld.
enum class CubeColor { red, green, blue };

// Returns the task `name`, to put cube `upper` on cube `lower`.
std::unique_ptr<Environment> make_stacking(const std::string& name,
                                           CubeColor upper, CubeColor lower);

}  // namespace gato::env
