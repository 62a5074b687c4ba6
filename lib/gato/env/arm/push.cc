// arm/push: the hand pushes a block along the table to a goal.
//
// The block, 0.12 m wide and 0.06 m high, is too wide to be held. The goal is
// 0.15 to 0.3 m from its first position, on either side. Success: the center of
// the block is within 0.03 m of the goal.
// Observation after the hand's readings: the center of the block minus the hand
// (x, z), and the x of the goal minus that of the block.
// Reward without success: 0.1 x nearness of the hand to the block (margin 0.15)
// + 0.6 x nearness of the block to the goal (margin 0.1).
// Expert: closes the gripper, goes over the block if it must push it back from
// the other side, pushes, and withdraws when the block is at the goal. It
// needs 26.3 steps, and no policy fewer than 24.0.
#include <cmath>
#include <memory>

#include "gato/env/arm/arm_environment.h"
#include "gato/env/arm/arm_tasks.h"

namespace gato::env {
namespace {

constexpr double kHalfWidth = 0.06, kHalfHeight = 0.03, kSuccessDistance = 0.03;
constexpr double kMaxBlockX = ArmWorld::kMaxBlockX - kHalfWidth - 0.02;

class Push : public ArmEnvironment {
 public:
  Push() : ArmEnvironment("arm/push", 6) {}

 private:
  void set_up(base::RandomStream& random) override {
    const double start = random.uniform(-0.2, 0.2);
    do {
      const double distance = random.uniform(0.15, 0.3);
      goal_ = start + (random.uniform() < 0.5 ? -distance : distance);
    } while (std::abs(goal_) > kMaxBlockX);
    block_ = world_.add_block(start, kHalfWidth, kHalfHeight);
  }
  ArmPoint to_block() const { return world_.position(block_) - world_.hand(); }
  double to_goal() const { return goal_ - world_.position(block_).x; }

  void observe_task(std::span<double> values) const override {
    values[0] = to_block().x;
    values[1] = to_block().z;
    values[2] = to_goal();
  }
  bool has_succeeded() const override {
    return std::abs(to_goal()) < kSuccessDistance;
  }
  double progress() const override {
    return 0.1 * nearness(to_block(), 0.15) +
           0.6 * nearness({to_goal(), 0}, 0.1);
  }

  ArmCommand expert_command() const override {
    // Half of the width of the closed gripper, and the height of the fingertips
    // above the table when pushing.
    constexpr double kReach = kHalfWidth + ArmWorld::kFingerWidth,
                     kPushHeight = 0.02;
    const ArmPoint block = to_block();
    const double down = block.z - kHalfHeight + kPushHeight;
    if (std::abs(to_goal()) < kSuccessDistance / 2) {
      // Withdraws from the block on the side where the hand is.
      const double side = block.x > 0 ? 1 : -1;
      const double gap = side * block.x - kReach;
      const double retreat = std::fmax(0.02 - gap, 0);
      return {.x = gap < -0.01 ? 0 : -side * drive(retreat), .grip = 1};
    }
    const double side = to_goal() > 0 ? 1 : -1;
    const double gap = side * block.x - kReach;
    if (gap > -0.002 && down > -0.03) {
      return {.x = drive(to_goal() + side * gap), .z = drive(down), .grip = 1};
    }
    // The obstacle is beside the target, up to the far side of the block.
    return descend_by({block.x - side * (kReach + 0.015), down}, 1,
                      {.half_width = 0.2});
  }

  void draw_marks(Canvas& canvas) const override {
    draw_ring(canvas, {goal_, kHalfHeight}, kSuccessDistance);
  }

  double goal_ = 0;
  int block_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_arm_push() {
  return std::make_unique<Push>();
}

}  // namespace gato::env
