// arm/stack: the hand puts the red block on the blue one and lets go of it.
//
// Both blocks are squares of 0.06 m on the table, at least 0.12 m apart.
// Success: the red block rests on the blue one, their centers are within 0.03 m
// along x, and the gripper does not hold the red block.
// Observation after the hand's readings: the center of the red block minus the
// hand (x, z), and that of the blue block minus that of the red one (x, z).
// Reward without success: 0.1 x nearness of the hand to the red block (margin
// 0.15) + 0.6 x nearness of the red block to its place above the blue one
// (margin 0.1).
// Expert: takes the red block as in arm/pick-place, comes down with it on the
// blue one, opens the gripper and withdraws upward. It needs 40.8 steps,
// and no policy fewer than 28.3.
#include <cmath>
#include <memory>

#include "gato/env/arm/arm_environment.h"
#include "gato/env/arm/arm_tasks.h"

namespace gato::env {
namespace {

constexpr double kHalfSize = ArmWorld::kBlockHalfSize, kMaxOffset = 0.03;

class Stack : public ArmEnvironment {
 public:
  Stack() : ArmEnvironment("arm/stack", 7) {}

 private:
  void set_up(base::RandomStream& random) override {
    const double red_x = random.uniform(-0.32, 0.32);
    double blue_x = 0;
    do {
      blue_x = random.uniform(-0.32, 0.32);
    } while (std::abs(blue_x - red_x) < 0.12);
    red_ = world_.add_block(red_x, kHalfSize, kHalfSize);
    blue_ = world_.add_block(blue_x, kHalfSize, kHalfSize);
  }
  ArmPoint to_red() const { return world_.position(red_) - world_.hand(); }
  ArmPoint to_blue() const {
    return world_.position(blue_) - world_.position(red_);
  }
  // Returns the vector from the red block to its position on the blue one.
  ArmPoint to_goal() const { return to_blue() + ArmPoint{0, 2 * kHalfSize}; }

  void observe_task(std::span<double> values) const override {
    values[0] = to_red().x;
    values[1] = to_red().z;
    values[2] = to_blue().x;
    values[3] = to_blue().z;
  }
  bool has_succeeded() const override {
    return !world_.is_held(red_) && world_.rests_on(red_, blue_) &&
           std::abs(to_blue().x) < kMaxOffset;
  }
  double progress() const override {
    return 0.1 * nearness(to_red(), 0.15) + 0.6 * nearness(to_goal(), 0.1);
  }

  ArmCommand expert_command() const override {
    const bool is_stacked =
        std::abs(to_goal().x) < 0.02 && std::abs(to_goal().z) < 0.005;
    if (is_stacked) {
      // Withdraws upward once the fingers are apart.
      const bool is_open = world_.opening() > 0.08;
      return {.z = is_open ? drive(to_red().z + 0.08) : 0, .grip = -1};
    }
    return holds_block(to_red(), world_.opening())
               ? descend_by(to_goal(), 1, {.clearance = 0.07})
               : grasp(to_red(), {});
  }

  void draw_marks(Canvas& canvas) const override {
    draw_ring(canvas, world_.position(blue_) + ArmPoint{0, 2 * kHalfSize},
              kMaxOffset);
  }

  int red_ = 0, blue_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_arm_stack() {
  return std::make_unique<Stack>();
}

}  // namespace gato::env
