// arm/reach: the hand moves to a goal in the air.
//
// The goal is at least 0.25 m from the first position of the hand. Success: the
// hand is within 0.03 m of the goal.
// Observation after the hand's readings: the goal minus the hand (x, z).
// Reward without success: 0.7 x nearness of the hand to the goal (margin 0.15).
// Expert: moves along both axes at full speed until it is near, which no policy
// can do in fewer steps (17.6).
//
// arm/reach-joints: the same goals, but the first two elements of the action
// are the velocities of the shoulder and the elbow, divided by 0.6 rad/s, and
// the observation continues with the angles of both joints, in radians.
// Expert: turns both joints to their angles at the goal, each at full speed
// until it is near (22.5 steps).
#include <algorithm>
#include <cmath>
#include <memory>

#include "gato/env/arm/arm_environment.h"
#include "gato/env/arm/arm_linkage.h"
#include "gato/env/arm/arm_tasks.h"

namespace gato::env {
namespace {

constexpr double kSuccessRadius = 0.03, kMinStartDistance = 0.25;
constexpr double kMaxJointSpeed = 0.6;  // rad/s

class Reach : public ArmEnvironment {
 public:
  Reach() : Reach("arm/reach", 5) {}

 protected:
  Reach(const std::string& name, int size) : ArmEnvironment(name, size) {}

  void observe_task(std::span<double> values) const override {
    const ArmPoint to_goal = goal_ - world_.hand();
    values[0] = to_goal.x;
    values[1] = to_goal.z;
  }
  ArmPoint goal() const { return goal_; }

 private:
  void set_up(base::RandomStream& random) override {
    do {
      goal_ = {random.uniform(-0.4, 0.4), random.uniform(0.05, 0.4)};
    } while (length(goal_ - world_.hand()) < kMinStartDistance);
  }
  bool has_succeeded() const override {
    return length(goal_ - world_.hand()) < kSuccessRadius;
  }
  double progress() const override {
    return 0.7 * nearness(goal_ - world_.hand(), 0.15);
  }
  ArmCommand expert_command() const override {
    return move_by(goal_ - world_.hand(), 0);
  }
  void draw_marks(Canvas& canvas) const override {
    draw_ring(canvas, goal_, kSuccessRadius);
  }

  ArmPoint goal_;
};

class ReachByJoints : public Reach {
 public:
  ReachByJoints() : Reach("arm/reach-joints", 7) {}

 private:
  void observe_task(std::span<double> values) const override {
    Reach::observe_task(values);
    const ArmJoints joints = joints_of_hand(world_.hand());
    values[2] = joints.shoulder;
    values[3] = joints.elbow;
  }
  // Moves the hand to where the joints would be after a step.
  void command(std::span<const double> action) override {
    ArmJoints joints = joints_of_hand(world_.hand());
    joints.shoulder += action[0] * kMaxJointSpeed * ArmWorld::kTimeStep;
    joints.elbow += action[1] * kMaxJointSpeed * ArmWorld::kTimeStep;
    const ArmPoint change = hand_of_joints(joints) - world_.hand();
    constexpr double kStepLength = ArmWorld::kHandSpeed * ArmWorld::kTimeStep;
    world_.step({.x = change.x / kStepLength,
                 .z = change.z / kStepLength,
                 .grip = action[2]});
  }
  std::vector<double> expert_values() const override {
    const ArmJoints joints = joints_of_hand(world_.hand()),
                    target = joints_of_hand(goal());
    return {drive_joint(target.shoulder - joints.shoulder),
            drive_joint(target.elbow - joints.elbow), 0};
  }
  static double drive_joint(double offset) {
    constexpr double kBrakingAngle = 2 * kMaxJointSpeed * ArmWorld::kTimeStep;
    return std::clamp(offset / kBrakingAngle, -1.0, 1.0);
  }
};

}  // namespace

std::unique_ptr<Environment> make_arm_reach() {
  return std::make_unique<Reach>();
}
std::unique_ptr<Environment> make_arm_reach_joints() {
  return std::make_unique<ReachByJoints>();
}

}  // namespace gato::env
