// The gripper moves in small substeps. A sideways motion is tried on a copy of
// the cubes: what the gripper would overlap is pushed out of it by the shortest
// move, and pushes other cubes in turn. The motion is rejected unless nothing
// overlaps in the end, so that nothing ever overlaps. Vertical motions stop
// exactly at the first contact.
#include "gato/env/robot/robot_world.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gato::env {
namespace {

constexpr int kSubsteps = 4;
constexpr double kGravity = 9.81;
// The speed at which a cube slides off what its center is not above.
constexpr double kSlideSpeed = 0.15;
// The longest move by which a cube is pushed in a substep. A finger that comes
// down on the outer kMaxPush of a cube, where it is beveled, pushes it aside.
constexpr double kMaxPush = 0.012;
// Fingers hold a cube if its center is within kMaxGripOffset of the line
// between them, and they have kMinGripHeight of it between them.
constexpr double kMaxGripOffset = 0.022, kMinGripHeight = 0.01;

TablePoint unit_vector(double angle) {
  return {std::cos(angle), std::sin(angle)};
}

// Returns the angle between two squares, in [-pi/4, pi/4], if one is turned by
// `angle` against the other.
double angle_between_squares(double angle) {
  constexpr double kRightAngle = std::numbers::pi / 2;
  return std::remainder(angle, kRightAngle);
}

std::array<Prism, 3> parts_of(const GripperPose& pose, TablePoint axis) {
  constexpr double kEndless = 100, kThickness = RobotWorld::kFingerThickness;
  const double palm_bottom = pose.z + RobotWorld::kFingerLength;
  const TablePoint offset = (pose.gap / 2 + kThickness / 2) * axis;
  const Prism finger = {.center = pose.position - offset,
                        .axis = axis,
                        .half_length = kThickness / 2,
                        .half_width = RobotWorld::kFingerHalfWidth,
                        .bottom = pose.z,
                        .top = palm_bottom};
  Prism other = finger;
  other.center = pose.position + offset;
  return {finger, other,
          Prism{.center = pose.position,
                .axis = axis,
                .half_length = RobotWorld::kMaxGap / 2 + kThickness,
                .half_width = RobotWorld::kPalmHalfWidth,
                .bottom = palm_bottom,
                .top = kEndless}};
}

}  // namespace

void RobotWorld::reset(const GripperPose& pose) {
  gripper_ = pose;
  gripper_.gap = motor_ = kMaxGap;
  axis_ = unit_vector(pose.yaw);
}

void RobotWorld::place_cube(int cube, TablePoint center, double yaw) {
  cubes_[cube] = {.prism = {.center = center,
                            .axis = unit_vector(yaw),
                            .half_length = kCubeHalfSize,
                            .half_width = kCubeHalfSize,
                            .bottom = 0,
                            .top = 2 * kCubeHalfSize},
                  .yaw = yaw};
}

std::array<Prism, 3> RobotWorld::gripper_parts() const {
  return parts_of(gripper_, axis_);
}

void RobotWorld::step(const RobotCommand& command) {
  constexpr double kSeconds = kTimeStep / kSubsteps;
  for (int substep = 0; substep < kSubsteps; ++substep) {
    move_motor(command.close, kSeconds);
    move_sideways(command, kSeconds);
    move_vertically(command.z * kSpeed * kSeconds);
    for (int cube = 0; cube < kCubeCount; ++cube) {
      if (!cubes_[cube].is_held) {
        let_fall(cube, kSeconds);
      }
    }
  }
}

bool RobotWorld::stands_on(int upper, int lower) const {
  const Prism& above = cubes_[upper].prism;
  for (int other = 0; other < kCubeCount; ++other) {
    const Prism& below = cubes_[other].prism;
    const bool is_support =
        std::abs(above.bottom - below.top) < kContactTolerance &&
        bases_overlap(above, below);
    if (is_support != (other == lower)) {
      return false;
    }
  }
  return contains(cubes_[lower].prism, above.center);
}

void RobotWorld::move_motor(bool close, double seconds) {
  motor_ = std::clamp(motor_ + (close ? -1 : 1) * kMotorSpeed * seconds, 0.0,
                      kMaxGap);
  GripperPose pose = gripper_;
  if (motor_ > gripper_.gap) {
    pose.gap = motor_;
    try_pose(pose, kMaxPush);
  } else if (motor_ < gripper_.gap) {
    const RobotCubes before = cubes_;
    pose.gap = motor_;
    bool can_close = true;
    for (int cube = 0; cube < kCubeCount; ++cube) {
      can_close = can_close && close_around(cube, pose.gap);
    }
    if (!can_close || !try_pose(pose, kMaxPush)) {
      cubes_ = before;
    }
  }
  update_held();
}

// Moves and turns a cube between the fingers so that it fits into `gap`, which
// is increased to the width of the cube. Returns false if the cube cannot move.
bool RobotWorld::close_around(int index, double& gap) {
  RobotCube& cube = cubes_[index];
  const Prism finger = gripper_parts()[0];
  const TablePoint offset = cube.prism.center - gripper_.position;
  const double along = dot(offset, axis_),
               across = dot(offset, perpendicular(axis_));
  if (!heights_overlap(finger, cube.prism) ||
      std::abs(along) > gripper_.gap / 2 || std::abs(across) > kMaxGripOffset) {
    return true;
  }
  gap = std::max(gap, 2 * kCubeHalfSize);
  // At an angle of a, half of the extent of the cube is
  // kCubeHalfSize (cos a + |sin a|), whose square is
  // kCubeHalfSize^2 (1 + sin |2a|).
  const double angle = angle_between_squares(cube.yaw - gripper_.yaw);
  const double ratio = gap / 2 / kCubeHalfSize;
  const double max_angle =
      std::asin(std::clamp(ratio * ratio - 1, 0.0, 1.0)) / 2;
  RobotCube moved = cube;
  if (std::abs(angle) > max_angle) {
    moved.yaw += std::copysign(max_angle, angle) - angle;
    moved.prism.axis = unit_vector(moved.yaw);
  }
  const double slack = std::max(gap / 2 - moved.prism.reach(axis_), 0.0);
  moved.prism.center =
      moved.prism.center + (std::clamp(along, -slack, slack) - along) * axis_;
  if (!is_on_table(moved.prism)) {
    return false;
  }
  for (int other = 0; other < kCubeCount; ++other) {
    if (other != index && heights_overlap(cubes_[other].prism, moved.prism) &&
        bases_overlap(cubes_[other].prism, moved.prism)) {
      return false;
    }
  }
  cube = moved;
  return true;
}

void RobotWorld::update_held() {
  const bool is_closed = gripper_.gap <= 2 * kCubeHalfSize + kContactTolerance;
  for (RobotCube& cube : cubes_) {
    const TablePoint offset = cube.prism.center - gripper_.position;
    const double height = std::min(cube.prism.top, gripper_.z + kFingerLength) -
                          std::max(cube.prism.bottom, gripper_.z);
    cube.is_held = is_closed &&
                   std::abs(dot(offset, axis_)) < kContactTolerance &&
                   std::abs(dot(offset, perpendicular(axis_))) <=
                       kMaxGripOffset + kContactTolerance &&
                   height >= kMinGripHeight;
    if (cube.is_held) {
      cube.fall_speed = 0;
    }
  }
}

// Tries the motion as a whole and, if something is in the way, along each axis.
void RobotWorld::move_sideways(const RobotCommand& command, double seconds) {
  GripperPose target = gripper_;
  target.position.x =
      std::clamp(target.position.x + command.x * kSpeed * seconds,
                 -kMaxPosition, kMaxPosition);
  target.position.y =
      std::clamp(target.position.y + command.y * kSpeed * seconds,
                 -kMaxPosition, kMaxPosition);
  target.yaw = std::clamp(target.yaw + command.yaw * kYawSpeed * seconds,
                          -kMaxYaw, kMaxYaw);
  if (try_pose(target, kMaxPush)) {
    return;
  }
  for (int axis = 0; axis < 3; ++axis) {
    GripperPose pose = gripper_;
    if (axis == 0) {
      pose.position.x = target.position.x;
    } else if (axis == 1) {
      pose.position.y = target.position.y;
    } else {
      pose.yaw = target.yaw;
    }
    try_pose(pose, kMaxPush);
  }
}

// Moves the gripper and the cubes that it holds to `pose`, and pushes what is
// in the way. Changes nothing and returns false if that is impossible.
bool RobotWorld::try_pose(const GripperPose& pose, double max_push) {
  const TablePoint axis =
      pose.yaw == gripper_.yaw ? axis_ : unit_vector(pose.yaw);
  RobotCubes cubes = cubes_;
  for (RobotCube& cube : cubes) {
    if (cube.is_held) {
      const double across =
          dot(cube.prism.center - gripper_.position, perpendicular(axis_));
      cube.prism.center = pose.position + across * perpendicular(axis);
      cube.prism.bottom += pose.z - gripper_.z;
      cube.prism.top += pose.z - gripper_.z;
      if (pose.yaw != gripper_.yaw) {
        cube.yaw += pose.yaw - gripper_.yaw;
        cube.prism.axis = unit_vector(cube.yaw);
      }
      if (!is_on_table(cube.prism)) {
        return false;
      }
    }
  }
  if (!push_cubes(cubes, parts_of(pose, axis), max_push)) {
    return false;
  }
  cubes_ = cubes;
  gripper_ = pose;
  axis_ = axis;
  return true;
}

// Returns how far a cube at `prism` can move down, at most `distance`, before
// it touches the table, another cube or the gripper.
double RobotWorld::room_below(const Prism& prism, double distance) const {
  distance = std::min(distance, std::max(prism.bottom, 0.0));
  const auto limit = [&](const Prism& below) {
    const double gap = prism.bottom - below.top;
    if (gap < distance && gap > -kContactTolerance &&
        bases_overlap(prism, below)) {
      distance = std::max(gap, 0.0);
    }
  };
  for (const RobotCube& cube : cubes_) {
    limit(cube.prism);
  }
  std::ranges::for_each(gripper_parts(), limit);
  return distance;
}

double RobotWorld::room_of_gripper(double direction, double distance) const {
  double room = direction > 0 ? std::min(distance, kMaxZ - gripper_.z)
                              : std::min(distance, gripper_.z);
  const auto limit = [&](const Prism& moved) {
    for (const RobotCube& cube : cubes_) {
      const double gap = direction > 0 ? cube.prism.bottom - moved.top
                                       : moved.bottom - cube.prism.top;
      if (!cube.is_held && gap < room && gap > -kContactTolerance &&
          bases_overlap(moved, cube.prism)) {
        room = std::max(gap, 0.0);
      }
    }
  };
  for (const Prism& part : gripper_parts()) {
    limit(part);
  }
  for (const RobotCube& cube : cubes_) {
    if (cube.is_held) {
      limit(cube.prism);
      if (direction < 0) {
        room = std::min(room, std::max(cube.prism.bottom, 0.0));
      }
    }
  }
  return room;
}

void RobotWorld::move_vertically(double distance) {
  if (distance == 0) {
    return;
  }
  const double direction = distance > 0 ? 1 : -1;
  GripperPose pose = gripper_;
  const double room = room_of_gripper(direction, std::abs(distance));
  if (direction < 0 && room < -distance && room < gripper_.z) {
    // Something is below. The fingers may slip in beside it.
    pose.z = std::max(gripper_.z + distance, 0.0);
    if (try_pose(pose, kMaxPush)) {
      return;
    }
  }
  pose.z = gripper_.z + direction * room;
  try_pose(pose, kMaxPush);
}

// Returns true if a cube could be at `prism`.
bool RobotWorld::is_free(int index, const Prism& prism) const {
  if (!is_on_table(prism)) {
    return false;
  }
  const auto collides = [&](const Prism& other) {
    return heights_overlap(other, prism) && bases_overlap(other, prism);
  };
  for (int other = 0; other < kCubeCount; ++other) {
    if (other != index && collides(cubes_[other].prism)) {
      return false;
    }
  }
  return std::ranges::none_of(gripper_parts(), collides);
}

void RobotWorld::let_fall(int index, double seconds) {
  RobotCube& cube = cubes_[index];
  if (cube.prism.bottom <= 0) {
    cube.fall_speed = 0;
    return;
  }
  const double speed = cube.fall_speed + kGravity * seconds;
  const double room = room_below(cube.prism, speed * seconds);
  cube.prism.bottom -= room;
  cube.prism.top = cube.prism.bottom + 2 * kCubeHalfSize;
  if (room >= speed * seconds) {
    cube.fall_speed = speed;
    return;
  }
  cube.fall_speed = 0;
  slide_off(index, kSlideSpeed * seconds);
}

// Slides a cube sideways if it stands on others and its center is neither above
// one of them nor between two.
void RobotWorld::slide_off(int index, double distance) {
  const Prism& prism = cubes_[index].prism;
  TablePoint direction, first;
  int supports = 0;
  for (int other = 0; other < kCubeCount; ++other) {
    const Prism& below = cubes_[other].prism;
    if (other == index ||
        std::abs(prism.bottom - below.top) >= kContactTolerance ||
        !bases_overlap(prism, below)) {
      continue;
    }
    const TablePoint offset = prism.center - below.center;
    if (contains(below, prism.center) ||
        (supports > 0 && dot(first, offset) < 0)) {
      return;
    }
    first = offset;
    direction = direction + offset;
    ++supports;
  }
  const double length = std::sqrt(dot(direction, direction));
  if (supports == 0 || length < kContactTolerance) {
    return;
  }
  Prism moved = prism;
  moved.center = moved.center + (distance / length) * direction;
  if (is_free(index, moved)) {
    cubes_[index].prism = moved;
  }
}

}  // namespace gato::env
