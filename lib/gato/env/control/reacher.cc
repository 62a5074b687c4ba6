// control/reacher-easy, control/reacher-hard: move the tip of a jointed arm to
// a target and hold it there.
//
// Dynamics: rod_chain.h without gravity, with two rods of 1 kg and 0.5 m on a
// fixed pivot. The motors of shoulder and elbow have torques of 3 and 1.5 N m
// times the action, constant during a step of 0.05 s (2 Runge-Kutta steps), and
// dampings of 0.4 and 0.2 N m s. The arm starts at rest with random angles; the
// target is in a random direction, at least 0.25 m from the shoulder and 0.05 m
// within reach. An episode has 80 steps (4 s). Parameters that vary:
// upper_mass, lower_mass, upper_length, lower_length, shoulder_damping,
// elbow_damping, shoulder_torque, elbow_torque.
//
// Observation, float64 [8]: cos(bend) and sin(bend), with the bend being the
// angle of the lower arm relative to the upper arm; the target's position
// relative to the shoulder (2 numbers) and to the tip (2); angle' of the upper
// arm and bend'. Positions are along and across the upper arm, since the task
// is the same in every direction. Pixels: 48 x 48. Action, float64 [2]: the
// torques of shoulder and elbow divided by the largest ones, in [-1, 1].
// Reward: 1 while the tip is within the target's radius, 0.12 m (easy) or 0.04
// m (hard), otherwise 0, as in reacher of the DeepMind Control Suite (Tassa et
// al. 2018). `success` in info is the same.
//
// Expert: computes the angles that put the tip on the target, with the bend to
// the same side as now, and the torques for the acceleration of a damped spring
// toward them, clipped (computed torque; Spong & Vidyasagar 1989). If the
// parameters vary, it knows them. Hill climbing over its actions (5,000 trials
// for each of 20 starts) raises its return from 66 to 70 (easy) and from 63 to
// 68 (hard); with parameters that vary by up to 40%, from 64 to 68 and from 59
// to 65.
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

double wrap_angle(double angle) {
  return std::remainder(angle, 2 * std::numbers::pi);
}

class Reacher : public ControlEnvironment {
 public:
  Reacher(const ControlVariant& variant, double target_radius)
      : ControlEnvironment(
            variant,
            {.observation_low = {-1, -1, -kUnbounded, -kUnbounded, -kUnbounded,
                                 -kUnbounded, -kUnbounded, -kUnbounded},
             .observation_high = {1, 1, kUnbounded, kUnbounded, kUnbounded,
                                  kUnbounded, kUnbounded, kUnbounded},
             .action_size = 2,
             .max_episode_steps = kMaxEpisodeSteps,
             .view = {.center = {0, 0}, .height = 2.1}}),
        target_radius_(target_radius) {
    add_parameter("upper_mass", arm_.mass[0]);
    add_parameter("lower_mass", arm_.mass[1]);
    add_parameter("upper_length", arm_.length[0]);
    add_parameter("lower_length", arm_.length[1]);
    add_parameter("shoulder_damping", arm_.joint_damping[0]);
    add_parameter("elbow_damping", arm_.joint_damping[1]);
    add_parameter("shoulder_torque", max_torque_[0]);
    add_parameter("elbow_torque", max_torque_[1]);
  }

 private:
  using Chain = RodChain<2, false>;

  void begin_episode(base::RandomStream& random) override {
    constexpr double kPi = std::numbers::pi;
    chain_ = Chain(arm_);
    for (double& angle : state_.position) {
      angle = random.uniform(-kPi, kPi);
    }
    state_.velocity = {};
    const double upper = arm_.length[0], lower = arm_.length[1];
    const double nearest = std::max(0.25, std::abs(upper - lower) + 0.05);
    const double distance = random.uniform(nearest, upper + lower - 0.05);
    target_ = rod_end({0, 0}, distance, random.uniform(-kPi, kPi));
  }

  double bend() const { return state_.position[1] - state_.position[0]; }
  PlanePoint elbow() const {
    return rod_end({0, 0}, arm_.length[0], state_.position[0]);
  }
  PlanePoint tip() const {
    return rod_end(elbow(), arm_.length[1], state_.position[1]);
  }
  // Returns the target's position along (x) and across (y) the upper arm.
  PlanePoint target_from_shoulder() const {
    const double sine = std::sin(state_.position[0]);
    const double cosine = std::cos(state_.position[0]);
    return {target_.x * sine + target_.y * cosine,
            target_.x * cosine - target_.y * sine};
  }

  data::Array observe_state() const override {
    const PlanePoint target = target_from_shoulder();
    const double cosine = std::cos(bend()), sine = std::sin(bend());
    return box_value({cosine, sine, target.x, target.y,
                      target.x - arm_.length[0] - arm_.length[1] * cosine,
                      target.y - arm_.length[1] * sine, state_.velocity[0],
                      state_.velocity[1] - state_.velocity[0]});
  }

  Transition apply_action(const BuiltinAction& action) override {
    chain_.step(state_,
                {max_torque_[0] * action.continuous[0],
                 max_torque_[1] * action.continuous[1]},
                kTimeStep, kSubsteps, kMaxSpeed);
    const PlanePoint position = tip();
    Transition transition;
    transition.reward = std::hypot(position.x - target_.x,
                                   position.y - target_.y) < target_radius_
                            ? 1
                            : 0;
    transition.info["success"] = transition.reward;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const double upper = arm_.length[0], lower = arm_.length[1];
    const PlanePoint target = target_from_shoulder();
    // The law of cosines gives the bend; the rest of the angle to the target
    // remains for the shoulder.
    const double cosine =
        std::clamp((target.x * target.x + target.y * target.y - upper * upper -
                    lower * lower) /
                       (2 * upper * lower),
                   -1.0, 1.0);
    const double present_bend = wrap_angle(bend());
    const double wanted_bend = std::copysign(std::acos(cosine), present_bend);
    const double shoulder_error = wrap_angle(
        std::atan2(target.y, target.x) -
        std::atan2(lower * std::sin(wanted_bend), upper + lower * cosine));
    const double bend_velocity = state_.velocity[1] - state_.velocity[0];
    const double shoulder = 68 * shoulder_error - 18 * state_.velocity[0];
    const double elbow = 90 * (wanted_bend - present_bend) - 20 * bend_velocity;
    return {.continuous = actions_for({shoulder, shoulder + elbow})};
  }

  // Returns the actions, clipped, under which the angles of both rods have the
  // given accelerations. These are linear in the actions.
  std::vector<double> actions_for(const Chain::Vector& wanted) const {
    const Chain::Vector none = chain_.accelerations(state_, {0, 0});
    const Chain::Vector first =
        chain_.accelerations(state_, {max_torque_[0], 0});
    const Chain::Vector second =
        chain_.accelerations(state_, {0, max_torque_[1]});
    const double a = first[0] - none[0], b = second[0] - none[0];
    const double c = first[1] - none[1], d = second[1] - none[1];
    const double x = wanted[0] - none[0], y = wanted[1] - none[1];
    const double determinant = a * d - b * c;
    return {std::clamp((d * x - b * y) / determinant, -1.0, 1.0),
            std::clamp((a * y - c * x) / determinant, -1.0, 1.0)};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_disc(target_, target_radius_, {60, 170, 90});
    canvas.fill_rod({0, 0}, elbow(), 0.1, {40, 60, 120});
    canvas.fill_rod(elbow(), tip(), 0.1, {200, 80, 40});
    canvas.fill_disc(tip(), 0.03, {255, 255, 255});
  }

  double target_radius_;
  Chain::Parameters arm_ = {.gravity = 0,
                            .mass = {1, 1},
                            .length = {0.5, 0.5},
                            .joint_damping = {0.4, 0.2}};
  std::array<double, 2> max_torque_ = {3, 1.5};
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
