// The base class of the tasks of the domain arm/.
//
// The arm (arm_linkage.h) hangs above a table and carries a hand with two
// fingers (arm_world.h). A step takes 0.05 s, and an episode is truncated after
// 100 steps; success does not end it, so that an episode is worth more the
// earlier its task is solved, and keeping it solved counts.
//
// Observation, float64 [n], in meters: the x and z of the hand and the opening
// of the gripper, then what the task adds: positions relative to the hand or to
// each other, since tokens resolve numbers near zero best.
// Action, float64 [3], in [-1, 1]: the velocities of the hand along x and z,
// divided by 0.4 m/s, and the velocity of the fingers; 1 closes the gripper in
// 0.25 s.
// Reward: 1 at success, and otherwise below 0.8, rising with progress.
// Experts are functions of the observation alone. Each solves all episodes with
// the seeds 0 to 9,999; the comments of the tasks give the mean number of steps
// and a lower bound for any policy: the time in which the hand and then the
// object cover their distances at full speed, each along its longer axis.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gato/env/arm/arm_world.h"
#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"

namespace gato::env {

class ArmEnvironment : public BuiltinEnvironment {
 protected:
  static constexpr int kMaxEpisodeSteps = 100;

  // The observation has `size` elements.
  ArmEnvironment(const std::string& name, int size);

  // Places the goal and the objects of the task in a world that contains only
  // the hand.
  virtual void set_up(base::RandomStream& random) = 0;
  // Fills in the elements of the observation after the first three.
  virtual void observe_task(std::span<double> values) const = 0;
  virtual bool has_succeeded() const = 0;
  // Returns the reward of a step without success.
  virtual double progress() const = 0;
  virtual ArmCommand expert_command() const = 0;
  // Draws the marks of the task, such as goals, in front of everything.
  virtual void draw_marks(Canvas& canvas) const = 0;
  // Executes the continuous action.
  virtual void command(std::span<const double> action);
  // Returns the continuous action of the expert.
  virtual std::vector<double> expert_values() const;

  // Returns 1 at distance 0, 0.1 at `margin`, and less beyond it: the "long
  // tail" tolerance of the DeepMind Control Suite (Tassa et al. 2018).
  static double nearness(ArmPoint offset, double margin);
  static double length(ArmPoint offset);

  // Parts of experts. `drive` returns a velocity in [-1, 1] that covers an
  // offset fast and without overshoot. `move_by` does so along both axes.
  static double drive(double offset);
  static ArmCommand move_by(ArmPoint offset, double grip);
  // Comes down from above on the target at `offset`, over an obstacle that
  // extends `clearance` above the target and `half_width` to its sides. Rises
  // by at least `min_rise` before moving sideways.
  struct Obstacle {
    double clearance = 0.1, half_width = 0.11, min_rise = -1;
  };
  static ArmCommand descend_by(ArmPoint offset, double grip,
                               const Obstacle& obstacle);
  // Comes down on a block whose center is at `offset` from the hand, and closes
  // the gripper when the block is between the fingers.
  static ArmCommand grasp(ArmPoint offset, const Obstacle& obstacle);
  // Returns true if the observation shows that the gripper holds a block whose
  // center is at `offset` from the hand.
  static bool holds_block(ArmPoint offset, double opening);

  static void draw_ring(Canvas& canvas, ArmPoint center, double radius);

  ArmWorld world_;

 private:
  void reset_state(base::RandomStream random) override;
  data::FieldValues observe() const override;
  Transition apply_action(const BuiltinAction& action) override;
  BuiltinAction compute_expert_action() override;
  data::Image render_frame() const override;
};

}  // namespace gato::env
