// Contacts in ArmWorld: the things that a motion along x pushes, and the
// distance that a thing can move along x and z.
#include <algorithm>
#include <cmath>

#include "gato/env/arm/arm_world.h"

namespace gato::env {

// Returns how far `box` can move along x, at most `distance`, if it pushes
// ahead all bodies that are in its way. `movers` move with it.
double ArmWorld::room_x(const PlaneBox& box, double direction, double distance,
                        Movers movers) const {
  for (const PlaneBox& wall : walls_) {
    distance = std::min(distance, gap_x(box, wall, direction));
  }
  if (!(movers & kHand)) {
    for (const PlaneBox& part : hand_boxes()) {
      distance = std::min(distance, gap_x(box, part, direction));
    }
  }
  for (int body = 0; body < body_count(); ++body) {
    if (movers & bit(body)) {
      continue;
    }
    for (const PlaneBox& other : boxes(body)) {
      const double gap = gap_x(box, other, direction);
      if (gap >= distance) {
        continue;
      }
      distance = bodies_[body].is_held
                     ? gap
                     : gap + room_x(body, direction, distance - gap,
                                    movers | bit(body));
    }
  }
  return distance;
}

// Does the same for all boxes of a body that is not held.
double ArmWorld::room_x(int body, double direction, double distance,
                        Movers movers) const {
  const Body& moved = bodies_[body];
  const double x = moved.boxes[0].center.x;
  distance = std::min(distance, std::max(0.0, direction > 0 ? moved.max_x - x
                                                            : x - moved.min_x));
  for (const PlaneBox& box : moved.span()) {
    distance = room_x(box, direction, distance, movers);
  }
  return distance;
}

// Makes way for `box`, which is about to move by `distance`, at most what
// room_x() returned.
void ArmWorld::push_x(const PlaneBox& box, double direction, double distance,
                      Movers movers) {
  for (int body = 0; body < body_count(); ++body) {
    if (movers & bit(body)) {
      continue;
    }
    double gap = distance;
    for (const PlaneBox& other : boxes(body)) {
      gap = std::min(gap, gap_x(box, other, direction));
    }
    if (gap < distance) {
      shift_x(body, direction, distance - gap, movers | bit(body));
    }
  }
}

// Moves a body, what is in its way and, as far as they can, the blocks that
// rest on it.
void ArmWorld::shift_x(int body, double direction, double distance,
                       Movers movers) {
  Movers riders = 0;
  for (int other = 0; other < body_count(); ++other) {
    if (!(movers & bit(other)) && bodies_[other].is_free &&
        !bodies_[other].is_held && rests_on(other, body)) {
      riders |= bit(other);
    }
  }
  Body& moved = bodies_[body];
  for (int i = 0; i < moved.box_count; ++i) {
    push_x(moved.boxes[i], direction, distance, movers);
  }
  for (int i = 0; i < moved.box_count; ++i) {
    moved.boxes[i].center.x += direction * distance;
  }
  for (int rider = 0; rider < body_count(); ++rider) {
    if (riders & bit(rider)) {
      const Movers with_rider = movers | bit(rider);
      shift_x(rider, direction, room_x(rider, direction, distance, with_rider),
              with_rider);
    }
  }
}

// Returns how far `box` can move along z, at most `distance`. Nothing is pushed
// up or down.
double ArmWorld::room_z(const PlaneBox& box, double direction, double distance,
                        Movers movers) const {
  if (direction < 0) {
    distance = std::min(distance, std::max(0.0, box.bottom()));
  }
  for (const PlaneBox& wall : walls_) {
    distance = std::min(distance, gap_z(box, wall, direction));
  }
  if (!(movers & kHand)) {
    for (const PlaneBox& part : hand_boxes()) {
      distance = std::min(distance, gap_z(box, part, direction));
    }
  }
  for (int body = 0; body < body_count(); ++body) {
    if (!(movers & bit(body))) {
      for (const PlaneBox& other : boxes(body)) {
        distance = std::min(distance, gap_z(box, other, direction));
      }
    }
  }
  return distance;
}

}  // namespace gato::env
