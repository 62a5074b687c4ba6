// arm/pick-place: the hand takes a block to a goal in the air.
//
// The block is a square of 0.06 m on the table. The goal is 0.1 to 0.35 m high
// and at least 0.15 m from the block. Success: the center of the block is
// within 0.03 m of the goal.
// Observation after the hand's readings: the center of the block minus the hand
// (x, z), and the goal minus the center of the block (x, z).
// Reward without success: 0.1 x nearness of the hand to the block (margin 0.15)
// + 0.6 x nearness of the block to the goal (margin 0.1).
// Expert: comes down on the block, closes the gripper, and moves the block to
// the goal. It needs 32.2 steps, and no policy fewer than 26.8.
//
// arm/pick-place-wall: a wall that is 0.14 m high is in the middle of the
// table, between the block and the goal, which is on the table. The reward and
// the observation are the same. Expert: the same, over the wall. It needs 48.8
// steps, and no policy fewer than 37.0, even if there were no wall.
#include <algorithm>
#include <cmath>
#include <memory>

#include "gato/env/arm/arm_environment.h"
#include "gato/env/arm/arm_tasks.h"

namespace gato::env {
namespace {

constexpr double kHalfSize = ArmWorld::kBlockHalfSize, kSuccessRadius = 0.03;

class PickPlace : public ArmEnvironment {
 public:
  PickPlace() : PickPlace("arm/pick-place") {}

 protected:
  explicit PickPlace(const std::string& name) : ArmEnvironment(name, 7) {}

  void set_up(base::RandomStream& random) override {
    place_block(random.uniform(-0.3, 0.3));
    do {
      goal_ = {random.uniform(-0.33, 0.33), random.uniform(0.1, 0.35)};
    } while (length(to_goal()) < 0.15);
  }
  void place_block(double x) {
    block_ = world_.add_block(x, kHalfSize, kHalfSize);
  }
  ArmPoint to_block() const { return world_.position(block_) - world_.hand(); }
  ArmPoint to_goal() const { return goal_ - world_.position(block_); }

  ArmCommand expert_command() const override {
    return holds_block(to_block(), world_.opening()) ? move_by(to_goal(), 1)
                                                     : grasp(to_block(), {});
  }

  ArmPoint goal_;

 private:
  void observe_task(std::span<double> values) const override {
    values[0] = to_block().x;
    values[1] = to_block().z;
    values[2] = to_goal().x;
    values[3] = to_goal().z;
  }
  bool has_succeeded() const override {
    return length(to_goal()) < kSuccessRadius;
  }
  double progress() const override {
    return 0.1 * nearness(to_block(), 0.15) + 0.6 * nearness(to_goal(), 0.1);
  }
  void draw_marks(Canvas& canvas) const override {
    draw_ring(canvas, goal_, kSuccessRadius);
  }

  int block_ = 0;
};

class PickPlaceWall : public PickPlace {
 public:
  PickPlaceWall() : PickPlace("arm/pick-place-wall") {}

 private:
  static constexpr double kWallHeight = 0.14, kWallHalfWidth = 0.015;

  void set_up(base::RandomStream& random) override {
    const double side = random.uniform() < 0.5 ? -1 : 1;
    world_.add_wall({{0, kWallHeight / 2}, 0.015, kWallHeight / 2});
    place_block(side * random.uniform(0.14, 0.32));
    goal_ = {-side * random.uniform(0.14, 0.32), kHalfSize};
  }
  // Returns how far the hand must rise now to pass over the wall with its
  // lowest point, which is at height `bottom`, if it rises as fast as it moves
  // sideways; -1 if it is on the side of `target_x`.
  double rise_for_wall(double bottom, double target_x) const {
    constexpr double kMargin = 0.04,
                     kHalfWidth = kWallHalfWidth + ArmWorld::kHandHalfWidth;
    const double x = world_.hand().x, distance = std::abs(x) - kHalfWidth;
    if (x * target_x > 0 && distance > 0) {
      return -1;
    }
    return kWallHeight + kMargin - std::max(distance - kMargin, 0.0) - bottom;
  }
  ArmCommand expert_command() const override {
    const ArmPoint block = world_.hand() + to_block();
    if (holds_block(to_block(), world_.opening())) {
      const double rise =
          rise_for_wall(block.z - kHalfSize, block.x + to_goal().x);
      return descend_by(to_goal(), 1, {.clearance = 0, .min_rise = rise});
    }
    return grasp(to_block(),
                 {.min_rise = rise_for_wall(world_.hand().z, block.x)});
  }
};

}  // namespace

std::unique_ptr<Environment> make_arm_pick_place() {
  return std::make_unique<PickPlace>();
}
std::unique_ptr<Environment> make_arm_pick_place_wall() {
  return std::make_unique<PickPlaceWall>();
}

}  // namespace gato::env
