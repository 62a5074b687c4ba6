// arm/reach: the hand moves to a goal in the air.
//
// The goal is at least 0.25 m from the first position of the hand. Success: the
// hand is within 0.03 m of the goal.
// Observation after the hand's readings: the goal minus the hand (x, z).
// Reward without success: 0.7 x nearness of the hand to the goal (margin 0.15).
// Expert: moves straight to the goal.
//
// arm/reach-joints: the same goals, but the first two elements of the action
// are the velocities of the shoulder and the elbow, divided by 0.6 rad/s, and
// the observation continues with the angles of both joints, in radians.
// Expert: the same, through the inverse of the Jacobian.
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
    const PlanePoint to_goal = goal_ - world_.hand();
    values[0] = to_goal.x;
    values[1] = to_goal.z;
  }

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

  PlanePoint goal_;
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
    const PlanePoint change = hand_of_joints(joints) - world_.hand();
    constexpr double kStepLength = ArmWorld::kHandSpeed * ArmWorld::kTimeStep;
    world_.step({.x = change.x / kStepLength,
                 .z = change.z / kStepLength,
                 .grip = action[2]});
  }
  // Scales both velocities down if one of them is beyond its limit, which keeps
  // the direction.
  std::vector<double> action_of(const ArmCommand& command) const override {
    const ArmJoints velocities = joint_velocities(
        joints_of_hand(world_.hand()),
        {command.x * ArmWorld::kHandSpeed, command.z * ArmWorld::kHandSpeed});
    const double scale =
        std::max({kMaxJointSpeed, std::abs(velocities.shoulder),
                  std::abs(velocities.elbow)});
    return {velocities.shoulder / scale, velocities.elbow / scale,
            command.grip};
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
