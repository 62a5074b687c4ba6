// The cubes of RobotWorld, and how they move out of the way of the gripper.
#pragma once

#include <array>
#include <span>

#include "gato/env/robot/prism.h"

namespace gato::env {

inline constexpr int kCubeCount = 3;
// Cubes stay in the square |x|, |y| <= kTableHalfSize, so that the fingers
// reach all of their sides. In meters.
inline constexpr double kTableHalfSize = 0.17, kCubeHalfSize = 0.03;

struct RobotCube {
  Prism prism;
  double yaw = 0, fall_speed = 0;
  bool is_held = false;
};
using RobotCubes = std::array<RobotCube, kCubeCount>;

bool is_on_table(const Prism& prism);

// Pushes the cubes that are not held out of `parts`, which are those of the
// gripper, out of the cubes that are held and out of each other. Each push is
// the shortest move that separates two prisms, at most `max_push`. Returns
// false if that fails; the cubes are then in an undefined state.
bool push_cubes(RobotCubes& cubes, std::span<const Prism> parts,
                double max_push);

}  // namespace gato::env
