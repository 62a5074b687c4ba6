// The world of the domain arm/: a hand with two fingers, blocks, a drawer and
// walls in a vertical plane, with x to the right and z up. All shapes are boxes
// that never rotate. Lengths are in meters and times in seconds.
//
// The physics is quasi-static: the hand moves as commanded unless something
// immovable is in its way. What it pushes moves along, with what rests on it;
// what nothing supports falls. Boxes touch but never overlap.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "gato/env/arm/plane_box.h"

namespace gato::env {

// The velocities of the hand and of the gripper, as fractions of
// ArmWorld::kHandSpeed and ArmWorld::kGripSpeed.
struct ArmCommand {
  double x = 0, z = 0;
  double grip = 0;  // positive closes the fingers
};

class ArmWorld {
 public:
  // The duration of a step, and the speeds of the hand along each axis (m/s)
  // and of the fingers toward each other (m/s) that a command of 1 gives.
  static constexpr double kTimeStep = 0.05, kHandSpeed = 0.4, kGripSpeed = 0.4;
  // The range of the hand, which is the point midway between the fingertips.
  static constexpr double kMaxHandX = 0.45, kMaxHandZ = 0.45;
  // Blocks stay between -kMaxBlockX and kMaxBlockX, so that the fingers reach
  // both of their sides.
  static constexpr double kMaxBlockX = 0.38;
  // Fingers are kFingerLength high. Above them is the palm, which is as wide as
  // the open gripper and extends upward without limit.
  static constexpr double kMaxOpening = 0.1, kFingerWidth = 0.02,
                          kFingerLength = 0.06;
  static constexpr double kHandHalfWidth = kMaxOpening / 2 + kFingerWidth;
  // The rubber of the fingers yields by this much: a gripper that holds
  // something closes this much further.
  static constexpr double kMaxSqueeze = 0.02;
  // A block that a gripper can hold.
  static constexpr double kBlockHalfSize = 0.03;

  // Removes everything, and places the open hand.
  void reset(ArmPoint hand);
  // Add a body and return its index. A block is placed on the table.
  int add_block(double x, double half_width, double half_height);
  // A drawer consists of two boxes that slide along x together. The first box
  // is its knob, whose center stays in [min_x, max_x].
  int add_drawer(const PlaneBox& knob, const PlaneBox& panel, double min_x,
                 double max_x);
  void add_wall(const PlaneBox& box) { walls_.push_back(box); }

  // Advances the world by kTimeStep.
  void step(const ArmCommand& command);

  ArmPoint hand() const { return hand_; }
  // The distance between the fingers minus what their rubber yields.
  double opening() const { return opening_; }
  // The distance between the fingers.
  double gap() const { return gap_; }
  bool is_held(int body) const { return bodies_[body].is_held; }
  // Returns the center of the (first) box of a body.
  ArmPoint position(int body) const { return bodies_[body].boxes[0].center; }
  // Returns true if body `upper` touches body `lower` from above.
  bool rests_on(int upper, int lower) const;

  // Used for drawing and in tests.
  int body_count() const { return static_cast<int>(bodies_.size()); }
  std::span<const PlaneBox> boxes(int body) const {
    return bodies_[body].span();
  }
  std::span<const PlaneBox> walls() const { return walls_; }
  // The left finger, the right finger and the palm.
  std::array<PlaneBox, 3> hand_boxes() const;

 private:
  struct Body {
    std::array<PlaneBox, 2> boxes;
    int box_count = 1;
    double min_x = 0, max_x = 0;  // range of the center of the first box
    bool is_free = true;          // falls, and can be held
    bool is_held = false;
    double fall_speed = 0;

    std::span<const PlaneBox> span() const {
      return {boxes.data(), static_cast<size_t>(box_count)};
    }
  };
  // A set of things that move together: bit i is body i.
  using Movers = unsigned;
  static constexpr Movers kHand = 1U << 31;
  static Movers bit(int body) { return 1U << body; }

  void move_hand_x(double distance);
  void move_hand_z(double distance);
  void move_fingers(double change);
  void open_fingers(double opening);
  void close_fingers(double opening);
  void update_held();
  void let_fall(int body, double seconds);

  Movers hand_movers() const;
  double room_x(const PlaneBox& box, double direction, double distance,
                Movers movers) const;
  double room_x(int body, double direction, double distance,
                Movers movers) const;
  void push_x(const PlaneBox& box, double direction, double distance,
              Movers movers);
  void shift_x(int body, double direction, double distance, Movers movers);
  double room_z(const PlaneBox& box, double direction, double distance,
                Movers movers) const;
  double room_z_of_hand(double direction, double distance) const;
  void slip_beside(const PlaneBox& finger, double distance);
  bool is_between_fingers(const PlaneBox& box) const;

  ArmPoint hand_;
  double opening_ = kMaxOpening, gap_ = kMaxOpening;
  std::vector<Body> bodies_;
  std::vector<PlaneBox> walls_;
};

}  // namespace gato::env
