// control/reacher-easy, control/reacher-hard: an arm of two links moves its tip
// to a target.
//
// Dynamics: rod_chain.h without gravity, with two rods of 1 kg and 0.5 m on a
// fixed pivot, and motors at both joints of 3 and 1.5 N m. The joints have a
// damping of 0.2 and 0.1 N m s. The torques are constant during a step of 0.05
// s (2 substeps). The arm starts at rest in any pose. The target is anywhere
// within reach, at least 0.25 m from the pivot, with a radius of 0.12 m (easy)
// or 0.04 m (hard). An episode has 80
// steps (4 s). Parameters that vary: masses, lengths, dampings and torques.
//
// Observation, float64 [8], in the frame of the upper link: cos(bend),
// sin(bend); the target along the link and to its side; the way from the tip to
// the target, along and to the side; the velocities of the shoulder and of the
// bend.
// Action, float64 [2]: the torques of shoulder and elbow divided by the largest
// ones, in [-1, 1].
// Reward: 1 while the tip is within the target, otherwise 0. "success" in the
// info is the same.
//
// Expert: the bend that the distance of the target asks for (law of cosines,
// with the elbow on the side where it is) and the angle of the shoulder that
// goes with it, approached like damped springs. The torques are those that give
// these accelerations (computed torque), so it knows the parameters. It reaches
// every target; the optimum is not known.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/rod_chain.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.05, kMaxSpeed = 30;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 80;

class Reacher : public ControlEnvironment {
 public:
  Reacher(const ControlVariant& variant, double target_radius)
      : ControlEnvironment(variant,
                           {.observation_low = std::vector<double>(8, -10),
                            .observation_high = std::vector<double>(8, 10),
                            .action_size = 2,
                            .max_episode_steps = kMaxEpisodeSteps,
                            .view = {.center = {0, 0}, .height = 2.3}}),
        target_radius_(target_radius) {
    add_parameter("upper_mass", arm_.mass[0]);
    add_parameter("lower_mass", arm_.mass[1]);
    add_parameter("upper_length", arm_.length[0]);
    add_parameter("lower_length", arm_.length[1]);
    add_parameter("damping", arm_.joint_damping[0]);
    add_parameter("elbow_damping", arm_.joint_damping[1]);
    add_parameter("shoulder_torque", shoulder_torque_);
    add_parameter("elbow_torque", elbow_torque_);
  }

 private:
  using Chain = RodChain<2, false>;

  void begin_episode(base::RandomStream& random) override {
    chain_ = Chain(arm_);
    const double upper = arm_.length[0], lower = arm_.length[1];
    for (double& angle : state_.position) {
      angle = random.uniform(-std::numbers::pi, std::numbers::pi);
    }
    state_.velocity = {};
    const double radius = random.uniform(
        std::max(0.25, std::abs(upper - lower) + 0.05), upper + lower - 0.05);
    const double bearing = random.uniform(-std::numbers::pi, std::numbers::pi);
    target_ = {radius * std::sin(bearing), radius * std::cos(bearing)};
  }

  PlanePoint elbow() const {
    return {arm_.length[0] * std::sin(state_.position[0]),
            arm_.length[0] * std::cos(state_.position[0])};
  }
  PlanePoint finger() const {
    const PlanePoint e = elbow();
    return {e.x + arm_.length[1] * std::sin(state_.position[1]),
            e.y + arm_.length[1] * std::cos(state_.position[1])};
  }

  data::Array observe_state() const override {
    const double sine = std::sin(state_.position[0]),
                 cosine = std::cos(state_.position[0]);
    const double bend = state_.position[1] - state_.position[0];
    const double along = target_.x * sine + target_.y * cosine;
    const double side = target_.x * cosine - target_.y * sine;
    const double cb = std::cos(bend), sb = std::sin(bend);
    return box_value({cb, sb, along, side,
                      along - arm_.length[0] - arm_.length[1] * cb,
                      side - arm_.length[1] * sb, state_.velocity[0],
                      state_.velocity[1] - state_.velocity[0]});
  }

  Transition apply_action(const BuiltinAction& action) override {
    chain_.step(state_,
                {shoulder_torque_ * action.continuous[0],
                 elbow_torque_ * action.continuous[1]},
                kTimeStep, kSubsteps, kMaxSpeed);
    const PlanePoint f = finger();
    Transition transition;
    transition.reward =
        std::hypot(f.x - target_.x, f.y - target_.y) < target_radius_ ? 1 : 0;
    transition.info["success"] = transition.reward;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const double sine = std::sin(state_.position[0]),
                 cosine = std::cos(state_.position[0]);
    const double bend = std::remainder(state_.position[1] - state_.position[0],
                                       2 * std::numbers::pi);
    const double along = target_.x * sine + target_.y * cosine;
    const double side = target_.x * cosine - target_.y * sine;
    const double upper = arm_.length[0], lower = arm_.length[1];
    const double cb = std::clamp(
        (along * along + side * side - upper * upper - lower * lower) /
            (2 * upper * lower),
        -1., 1.);
    const double wanted_bend = std::copysign(std::acos(cb), bend);
    const double shoulder_error = std::remainder(
        std::atan2(side, along) -
            std::atan2(lower * std::sin(wanted_bend), upper + lower * cb),
        2 * std::numbers::pi);
    const double bend_error = wanted_bend - bend;
    const double s = 4. * shoulder_error - 2. * state_.velocity[0];
    const double e =
        4. * bend_error - 2. * (state_.velocity[1] - state_.velocity[0]);
    const Chain::Vector free = chain_.accelerations(state_, {0, 0});
    const Chain::Vector a = chain_.accelerations(state_, {shoulder_torque_, 0}),
                        b = chain_.accelerations(state_, {0, elbow_torque_});
    const double m00 = a[0] - free[0], m10 = a[1] - free[1],
                 m01 = b[0] - free[0], m11 = b[1] - free[1];
    const double w0 = s - free[0], w1 = s + e - free[1];
    const double det = m00 * m11 - m01 * m10;
    const double u0 = (w0 * m11 - w1 * m01) / det,
                 u1 = (m00 * w1 - m10 * w0) / det;
    return {.continuous = {std::clamp(u0, -1., 1.), std::clamp(u1, -1., 1.)}};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_disc(target_, target_radius_, {60, 170, 90});
    canvas.fill_rod({0, 0}, elbow(), 0.12, {40, 60, 120});
    canvas.fill_rod(elbow(), finger(), 0.1, {200, 80, 40});
  }

  double target_radius_;
  Chain::Parameters arm_ = {.gravity = 0,
                            .mass = {1, 1},
                            .length = {.5, .5},
                            .joint_damping = {0.2, 0.1}};
  double shoulder_torque_ = 3, elbow_torque_ = 1.5;
  Chain chain_{arm_};
  Chain::State state_;
  PlanePoint target_;
};

}  // namespace

std::unique_ptr<Environment> make_reacher_easy(const ControlVariant& variant) {
  return std::make_unique<Reacher>(variant, 0.12);
}
std::unique_ptr<Environment> make_reacher_hard(const ControlVariant& variant) {
  return std::make_unique<Reacher>(variant, 0.04);
}

}  // namespace gato::env
