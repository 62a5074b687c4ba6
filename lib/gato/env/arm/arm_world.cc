// Motion along one axis at a time keeps the boxes apart: room_x() and room_z()
// (arm_contacts.cc) compute how far something can move before something
// immovable stops it, and push_x() moves what is in the way by exactly as much
// as is necessary. Each step has four substeps; in each the fingers move, then
// the hand along x, then the hand along z, and then all that is not supported
// falls.
#include "gato/env/arm/arm_world.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gato::env {
namespace {

constexpr int kSubsteps = 4;
constexpr double kGravity = 9.81;
// The speed at which a block slides off an edge that its center is beyond.
constexpr double kTipSpeed = 0.15;
// Fingertips are beveled: a finger that comes down on the outer kBevel of a box
// pushes it aside.
constexpr double kBevel = 0.012;
// The height that must be between the fingers to be held.
constexpr double kMinGripHeight = 0.01;

}  // namespace

void ArmWorld::reset(ArmPoint hand) {
  hand_ = hand;
  opening_ = gap_ = kMaxOpening;
  bodies_.clear();
  walls_.clear();
}

int ArmWorld::add_block(double x, double half_width, double half_height) {
  Body block;
  block.boxes[0] = {{x, half_height}, half_width, half_height};
  block.min_x = -kMaxBlockX + half_width;
  block.max_x = kMaxBlockX - half_width;
  bodies_.push_back(block);
  return body_count() - 1;
}

int ArmWorld::add_drawer(const PlaneBox& knob, const PlaneBox& panel,
                         double min_x, double max_x) {
  Body drawer;
  drawer.boxes = {knob, panel};
  drawer.box_count = 2;
  drawer.min_x = min_x;
  drawer.max_x = max_x;
  drawer.is_free = false;
  bodies_.push_back(drawer);
  return body_count() - 1;
}

void ArmWorld::step(const ArmCommand& command) {
  constexpr double kSeconds = kTimeStep / kSubsteps;
  for (int substep = 0; substep < kSubsteps; ++substep) {
    move_fingers(-command.grip * kGripSpeed * kSeconds);
    move_hand_x(command.x * kHandSpeed * kSeconds);
    move_hand_z(command.z * kHandSpeed * kSeconds);
    for (int body = 0; body < body_count(); ++body) {
      if (bodies_[body].is_free && !bodies_[body].is_held) {
        let_fall(body, kSeconds);
      }
    }
  }
}

std::array<PlaneBox, 3> ArmWorld::hand_boxes() const {
  constexpr double kPalmHalfHeight = 0.5;
  const double offset = gap_ / 2 + kFingerWidth / 2;
  const double finger_z = hand_.z + kFingerLength / 2;
  return {
      PlaneBox{
          {hand_.x - offset, finger_z}, kFingerWidth / 2, kFingerLength / 2},
      PlaneBox{
          {hand_.x + offset, finger_z}, kFingerWidth / 2, kFingerLength / 2},
      PlaneBox{{hand_.x, hand_.z + kFingerLength + kPalmHalfHeight},
               kHandHalfWidth,
               kPalmHalfHeight}};
}

bool ArmWorld::rests_on(int upper, int lower) const {
  for (const PlaneBox& below : boxes(lower)) {
    if (gap_z(bodies_[upper].boxes[0], below, -1) < kBoxTolerance) {
      return true;
    }
  }
  return false;
}

ArmWorld::Movers ArmWorld::hand_movers() const {
  Movers movers = kHand;
  for (int body = 0; body < body_count(); ++body) {
    if (bodies_[body].is_held) {
      movers |= bit(body);
    }
  }
  return movers;
}

void ArmWorld::move_hand_x(double distance) {
  if (distance == 0) {
    return;
  }
  const double direction = distance > 0 ? 1 : -1;
  const Movers movers = hand_movers();
  double room = std::min(std::abs(distance), kMaxHandX - direction * hand_.x);
  for (const PlaneBox& part : hand_boxes()) {
    room = room_x(part, direction, room, movers);
  }
  for (int body = 0; body < body_count(); ++body) {
    if (bodies_[body].is_held) {
      room = room_x(body, direction, room, movers);
    }
  }
  for (const PlaneBox& part : hand_boxes()) {
    push_x(part, direction, room, movers);
  }
  for (Body& body : bodies_) {
    if (body.is_held) {
      push_x(body.boxes[0], direction, room, movers);
    }
  }
  hand_.x += direction * room;
  for (Body& body : bodies_) {
    if (body.is_held) {
      body.boxes[0].center.x += direction * room;
    }
  }
}

double ArmWorld::room_z_of_hand(double direction, double distance) const {
  const Movers movers = hand_movers();
  double room = direction > 0 ? std::min(distance, kMaxHandZ - hand_.z)
                              : std::min(distance, hand_.z);
  for (const PlaneBox& part : hand_boxes()) {
    room = room_z(part, direction, room, movers);
  }
  for (const Body& body : bodies_) {
    if (body.is_held) {
      room = room_z(body.boxes[0], direction, room, movers);
    }
  }
  return room;
}

void ArmWorld::move_hand_z(double distance) {
  if (distance == 0) {
    return;
  }
  const double direction = distance > 0 ? 1 : -1;
  if (direction < 0) {
    slip_beside(hand_boxes()[0], -distance);
    slip_beside(hand_boxes()[1], -distance);
  }
  const double room = room_z_of_hand(direction, std::abs(distance));
  hand_.z += direction * room;
  for (Body& body : bodies_) {
    if (body.is_held) {
      body.boxes[0].center.z += direction * room;
    }
  }
}

// Pushes aside the boxes that only the bevel of a finger would meet if the
// finger moved down by `distance`.
void ArmWorld::slip_beside(const PlaneBox& finger, double distance) {
  for (int body = 0; body < body_count(); ++body) {
    if (bodies_[body].is_held) {
      continue;
    }
    for (int i = 0; i < bodies_[body].box_count; ++i) {
      const PlaneBox& box = bodies_[body].boxes[i];
      if (gap_z(finger, box, -1) >= distance) {
        continue;
      }
      const double direction = box.center.x > finger.center.x ? 1 : -1;
      const double overlap = direction > 0 ? finger.right() - box.left()
                                           : box.right() - finger.left();
      if (overlap <= kBevel &&
          room_x(body, direction, overlap, bit(body)) >= overlap) {
        shift_x(body, direction, overlap, bit(body));
      }
    }
  }
}

void ArmWorld::move_fingers(double change) {
  if (change > 0) {
    open_fingers(std::min(opening_ + change, kMaxOpening));
  } else if (change < 0) {
    close_fingers(std::max(opening_ + change, 0.0));
  }
  update_held();
}

// Opens the fingers, which push aside what is outside of them.
void ArmWorld::open_fingers(double opening) {
  opening_ = opening;
  if (opening <= gap_) {
    return;  // only the rubber expands
  }
  // Both fingers may push the same drawer, against each other. So each uses
  // half of the room that it would have if the other did not move.
  const std::array<PlaneBox, 3> parts = hand_boxes();
  const Movers movers = hand_movers() & ~kHand;
  const double wanted = opening - gap_;
  const double room = std::min(room_x(parts[0], -1, wanted, movers),
                               room_x(parts[1], 1, wanted, movers)) /
                      2;
  push_x(parts[0], -1, room, movers);
  push_x(parts[1], 1, room, movers);
  gap_ += 2 * room;
  opening_ = gap_;
}

bool ArmWorld::is_between_fingers(const PlaneBox& box) const {
  return std::abs(box.center.x - hand_.x) < gap_ / 2 &&
         shared_height(box, hand_boxes()[0]) > kBoxTolerance;
}

// Closes the fingers, which push what is between them to the middle. What
// cannot get there, and the width of what is there, stop them.
void ArmWorld::close_fingers(double opening) {
  double gap = std::min(gap_, opening);
  for (const PlaneBox& wall : walls_) {
    const double room = std::min(gap_x(hand_boxes()[0], wall, 1),
                                 gap_x(hand_boxes()[1], wall, -1));
    gap = std::max(gap, gap_ - 2 * room);
  }
  for (int body = 0; body < body_count(); ++body) {
    for (int i = 0; i < bodies_[body].box_count; ++i) {
      const PlaneBox& box = bodies_[body].boxes[i];
      if (!is_between_fingers(box)) {
        continue;
      }
      gap = std::max(gap, 2 * box.half_width);
      const double slack = gap / 2 - box.half_width;
      const double offset = box.center.x - hand_.x;
      const double excess = std::abs(offset) - slack;
      if (excess > 0) {
        const double direction = offset > 0 ? -1 : 1;
        const Movers movers = kHand | bit(body);
        const double room = room_x(body, direction, excess, movers);
        shift_x(body, direction, room, movers);
        gap += 2 * (excess - room);
      }
    }
  }
  gap_ = std::min(gap, gap_);
  opening_ = std::clamp(opening, gap_ - kMaxSqueeze, gap_);
}

// A block is held while both fingers touch it.
void ArmWorld::update_held() {
  for (Body& body : bodies_) {
    const PlaneBox& box = body.boxes[0];
    body.is_held = body.is_free && is_between_fingers(box) &&
                   shared_height(box, hand_boxes()[0]) >= kMinGripHeight &&
                   gap_ <= 2 * box.half_width + kBoxTolerance;
    if (body.is_held) {
      body.fall_speed = 0;
    }
  }
}

// Lets a block fall, or slide off what it rests on if its center is beyond the
// edges of all its supports.
void ArmWorld::let_fall(int index, double seconds) {
  Body& body = bodies_[index];
  PlaneBox& box = body.boxes[0];
  const double speed = body.fall_speed + kGravity * seconds;
  const double room = room_z(box, -1, speed * seconds, bit(index));
  box.center.z -= room;
  if (room >= speed * seconds) {
    body.fall_speed = speed;
    return;
  }
  body.fall_speed = 0;
  if (box.bottom() <= kBoxTolerance) {
    return;
  }
  double left = std::numeric_limits<double>::infinity(), right = -left;
  const auto add_support = [&](const PlaneBox& other) {
    if (gap_z(box, other, -1) < kBoxTolerance) {
      left = std::min(left, other.left());
      right = std::max(right, other.right());
    }
  };
  std::ranges::for_each(walls_, add_support);
  for (int other = 0; other < body_count(); ++other) {
    if (other != index) {
      std::ranges::for_each(boxes(other), add_support);
    }
  }
  if (left <= box.center.x && box.center.x <= right) {
    return;
  }
  const double direction = box.center.x < left ? -1 : 1;
  shift_x(index, direction,
          room_x(index, direction, kTipSpeed * seconds, bit(index)),
          bit(index));
}

}  // namespace gato::env
