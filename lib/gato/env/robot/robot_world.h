// The world of the domain robot/: a gripper on a gantry above a table with
// three cubes. Lengths are in meters, angles in radians and times in seconds.
//
// The physics is quasi-static: the gripper moves as commanded unless something
// that cannot be pushed is in its way. Cubes stand upright. What is pushed
// moves without turning; the fingers turn a cube between them until its sides
// are parallel to them. What nothing supports falls. Nothing overlaps.
#pragma once

#include <array>
#include <numbers>

#include "gato/env/robot/cube_pusher.h"
#include "gato/env/robot/prism.h"

namespace gato::env {

// Velocities in [-1, 1], as fractions of the maximum speeds.
struct RobotCommand {
  double x = 0, y = 0, z = 0, yaw = 0;
  bool close = false;  // closes the gripper; false opens it
};

// The point midway between the fingertips, the direction in which the fingers
// move, and the distance between them.
struct GripperPose {
  TablePoint position;
  double z = 0, yaw = 0, gap = 0;
};

class RobotWorld {
 public:
  static constexpr double kTimeStep = 0.05;
  // Maximum speeds: of the gripper along each axis (m/s), about z (rad/s), and
  // of the fingers' motor (m/s).
  static constexpr double kSpeed = 0.3, kYawSpeed = 2, kMotorSpeed = 0.4;
  // The range of the gripper: |x| and |y|, z and |yaw|.
  static constexpr double kMaxPosition = 0.2, kMaxZ = 0.25,
                          kMaxYaw = std::numbers::pi / 2;
  static constexpr double kMaxGap = 0.1, kFingerThickness = 0.016,
                          kFingerHalfWidth = 0.012, kFingerLength = 0.06,
                          kPalmHalfWidth = 0.015;

  // Places the open gripper; pose.gap is ignored. Place all cubes next.
  void reset(const GripperPose& pose);
  // Places a cube on the table.
  void place_cube(int cube, TablePoint center, double yaw);

  // Advances the world by kTimeStep.
  void step(const RobotCommand& command);

  const GripperPose& gripper() const { return gripper_; }
  // Returns the position of the motor, which drives the fingers through
  // springs: the gap that the fingers would have without anything between them.
  double motor() const { return motor_; }
  const Prism& cube(int cube) const { return cubes_[cube].prism; }
  double cube_yaw(int cube) const { return cubes_[cube].yaw; }
  bool is_held(int cube) const { return cubes_[cube].is_held; }
  // Returns true if cube `upper` stands on cube `lower` alone, with its center
  // above it.
  bool stands_on(int upper, int lower) const;
  // Returns the two fingers and the palm, which extends upward without limit.
  std::array<Prism, 3> gripper_parts() const;

 private:
  void move_motor(bool close, double seconds);
  bool close_around(int cube, double& gap);
  void update_held();
  void move_sideways(const RobotCommand& command, double seconds);
  void move_vertically(double distance);
  bool try_pose(const GripperPose& pose, double max_push);
  double room_below(const Prism& prism, double distance) const;
  double room_of_gripper(double direction, double distance) const;
  void let_fall(int cube, double seconds);
  void slide_off(int cube, double distance);
  bool is_free(int cube, const Prism& prism) const;

  GripperPose gripper_;
  TablePoint axis_ = {1, 0};  // of gripper_.yaw
  double motor_ = kMaxGap;
  RobotCubes cubes_;
};

}  // namespace gato::env
