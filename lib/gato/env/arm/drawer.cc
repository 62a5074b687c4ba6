// arm/open-drawer and arm/close-drawer: the hand pulls a drawer out of a
// cabinet by its knob, or pushes it in.
//
// The cabinet is at the right end of the table. The knob, 0.04 m wide and 0.06
// m high, is 0.06 m in front of the panel of the drawer; its height is 0.1 to
// 0.22 m. A closed drawer must be opened by 0.12 to 0.18 m of its 0.22 m; a
// drawer that is open by as much must be closed. Success: the knob is within
// 0.02 m of the goal.
// Observation after the hand's readings: the knob minus the hand (x, z), and
// the x of the goal minus that of the knob.
// Reward without success: 0.1 x nearness of the hand to the knob (margin 0.15)
// + 0.6 x the fraction of the distance that the knob has covered.
// Experts: open-drawer takes the knob between the fingers and pulls;
// close-drawer closes the gripper and pushes the knob from the left. They need
// 32.8 and 22.6 steps, and no policy fewer than 29.0 and 18.7.
#include <algorithm>
#include <cmath>
#include <memory>

#include "gato/env/arm/arm_environment.h"
#include "gato/env/arm/arm_tasks.h"

namespace gato::env {
namespace {

constexpr double kCabinetX = 0.36;  // the front of the cabinet
constexpr double kCabinetHeight = 0.3;
constexpr double kKnobHalfWidth = 0.02, kKnobHalfHeight = 0.03,
                 kPanelHalfWidth = 0.01, kPanelHalfHeight = 0.05,
                 kKnobGap = 0.06;
// The position of the knob if the drawer is closed.
constexpr double kClosedX =
    kCabinetX - 2 * kPanelHalfWidth - kKnobGap - kKnobHalfWidth;
constexpr double kTravel = 0.22, kSuccessDistance = 0.02;

class Drawer : public ArmEnvironment {
 public:
  explicit Drawer(bool is_opening)
      : ArmEnvironment(is_opening ? "arm/open-drawer" : "arm/close-drawer", 6),
        is_opening_(is_opening) {}

 private:
  void set_up(base::RandomStream& random) override {
    // Left of the drawer.
    world_.reset({random.uniform(-0.35, -0.05), random.uniform(0.1, 0.35)});
    const double open_x = kClosedX - random.uniform(0.12, 0.18);
    const double height = random.uniform(0.1, 0.22);
    start_ = is_opening_ ? kClosedX : open_x;
    goal_ = {is_opening_ ? open_x : kClosedX, height};
    const PlaneBox knob = {{start_, height}, kKnobHalfWidth, kKnobHalfHeight};
    const PlaneBox panel = {{knob.right() + kKnobGap + kPanelHalfWidth, height},
                            kPanelHalfWidth,
                            kPanelHalfHeight};
    drawer_ = world_.add_drawer(knob, panel, kClosedX - kTravel, kClosedX);
    world_.add_wall({{(kCabinetX + 1) / 2, kCabinetHeight / 2},
                     (1 - kCabinetX) / 2,
                     kCabinetHeight / 2});
  }
  ArmPoint to_knob() const { return world_.position(drawer_) - world_.hand(); }
  double to_goal() const { return goal_.x - world_.position(drawer_).x; }

  void observe_task(std::span<double> values) const override {
    values[0] = to_knob().x;
    values[1] = to_knob().z;
    values[2] = to_goal();
  }
  bool has_succeeded() const override {
    return std::abs(to_goal()) < kSuccessDistance;
  }
  double progress() const override {
    const double remaining = std::abs(to_goal() / (goal_.x - start_));
    return 0.1 * nearness(to_knob(), 0.15) +
           0.6 * std::clamp(1 - remaining, 0.0, 1.0);
  }

  ArmCommand expert_command() const override {
    return is_opening_ ? pull() : push();
  }
  ArmCommand pull() const {
    // The distance to the position in which the knob is between the fingertips.
    const ArmPoint to_grip = to_knob() - ArmPoint{0, 0.02};
    if (std::abs(to_grip.x) < 0.03 && std::abs(to_grip.z) < 0.025) {
      return {.x = drive(to_goal()), .z = drive(to_grip.z), .grip = 1};
    }
    return descend_by(to_grip, -1, {});
  }
  ArmCommand push() const {
    constexpr double kReach = kKnobHalfWidth + ArmWorld::kFingerWidth;
    const ArmPoint to_tip = to_knob() - ArmPoint{0, 0.02};
    const double gap = to_tip.x - kReach;
    if (gap > -0.002 && std::abs(to_tip.z) < 0.03) {
      return {.x = drive(to_goal() + gap), .z = drive(to_tip.z), .grip = 1};
    }
    return descend_by(to_tip - ArmPoint{kReach + 0.015, 0}, 1, {});
  }

  void draw_marks(Canvas& canvas) const override {
    draw_ring(canvas, goal_, kSuccessDistance);
  }

  bool is_opening_;
  ArmPoint goal_;
  double start_ = 0;
  int drawer_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_arm_open_drawer() {
  return std::make_unique<Drawer>(true);
}
std::unique_ptr<Environment> make_arm_close_drawer() {
  return std::make_unique<Drawer>(false);
}

}  // namespace gato::env
