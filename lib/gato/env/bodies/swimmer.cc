// bodies/swimmer-3 ... bodies/swimmer-6: one task for chains of 3 to 6 rods:
// swim in the direction of positive x.
//
// Dynamics: swimming_chain.h, with rods of 1 kg and 1 m. The torques of the
// joints' motors, 5 N m times the actions, are constant during a step of 0.05 s
// (2 semi-implicit steps). The chain starts at rest; the nose points within
// 0.5 rad of positive x, and each joint is bent by at most 0.3 rad. An episode
// has 200 steps (10 s).
//
// Observation, with N rods:
//   heading            float64 [2]: cosine and sine of the nose rod's angle to
//                      the x axis
//   joint_angles       float64 [N-1]: angle of each rod relative to the rod in
//                      front of it, from the nose to the tail (rad)
//   joint_velocities   float64 [N-1]: their derivatives (rad/s)
//   nose_velocity      float64 [3]: velocity of the nose's tip along and across
//                      the nose rod (m/s), and the rod's angular velocity
// Action, float64 [N-1]: the torque of each joint divided by 5 N m, in [-1, 1].
// Reward: the mean velocity of the center of mass along x during the step
// (m/s), which an expert keeps between 0.4 and 0.7.
//
// Expert: a traveling wave. The angles and velocities of the joints give the
// phase of the wave that runs through the body now; the torques are a wave that
// leads it. A term in the mean angle of the rods and its derivative steers. The
// action is therefore a smooth function of the observation. Its constants were
// tuned by CMA-ES (Hansen 2016), 60 generations with each of 4 random seeds per
// length. Its mean returns are 89, 115, 134 and 144 with 3 to 6 rods. Hill
// climbing over its actions (10,000 trials for each of 10 starts) reaches 92,
// 118, 140 and 155; clipped linear policies, all of whose weights CMA-ES chose,
// reach 93, 124, 141 and 157.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "gato/env/bodies/bodies_tasks.h"
#include "gato/env/bodies/swimming_chain.h"
#include "gato/env/builtin_environment.h"
#include "gato/env/world_canvas.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.05, kMaxSpeed = 40;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

// Constants of the expert.
struct Gait {
  double frequency;        // rad/s, by which joint velocities are divided
  double body_lag;         // phase between joints of the wave that is measured
  double torque_lag;       // phase between joints of the torques
  double lead;             // of the torque of the first joint
  double strength;         // amplitude of the torques before clipping
  double turn, turn_rate;  // gains of the mean angle and its derivative
  double turn_growth;      // of these gains from joint to joint
};

constexpr Gait gait_for(int rods) {
  switch (rods) {
    case 3:
      return {1.94, 0.73, 1.25, 2.15, 5.3, 0.37, 0.10, 0.13};
    case 4:
      return {3.89, 2.00, 1.41, 1.14, 3.0, 0.32, 0.33, 0.07};
    case 5:
      return {8.14, 1.78, 1.55, 1.39, 3.3, 0.46, 0.15, 0.26};
    default:
      return {3.30, 1.75, 1.50, 1.27, 3.8, 0.32, 0.25, 0.07};
  }
}

template <int kRods>
class Swimmer : public BuiltinEnvironment {
 public:
  Swimmer() : BuiltinEnvironment(make_spec()) {}

 private:
  static constexpr int kJoints = kRods - 1;
  static constexpr Gait kGait = gait_for(kRods);
  using Chain = SwimmingChain<kRods>;

  static EnvironmentSpec make_spec() {
    constexpr double kUnbounded = std::numeric_limits<double>::infinity();
    return builtin_spec(
        "bodies/swimmer-" + std::to_string(kRods),
        {box_field("heading", 2, -1, 1),
         box_field("joint_angles", kJoints, -kUnbounded, kUnbounded),
         box_field("joint_velocities", kJoints, -kUnbounded, kUnbounded),
         box_field("nose_velocity", 3, -kUnbounded, kUnbounded)},
        {box_field("action", kJoints, -1, 1)}, kMaxEpisodeSteps);
  }

  void reset_state(base::RandomStream random) override {
    state_ = {};
    double angle = random.uniform(-0.5, 0.5);
    for (int rod = 0; rod < kRods; ++rod) {
      state_.position[rod + 2] = angle;
      angle += random.uniform(-0.3, 0.3);
    }
  }

  double angle(int rod) const { return state_.position[rod + 2]; }
  double angular_velocity(int rod) const { return state_.velocity[rod + 2]; }
  double bend(int joint) const { return angle(joint + 1) - angle(joint); }
  double bend_velocity(int joint) const {
    return angular_velocity(joint + 1) - angular_velocity(joint);
  }

  data::FieldValues observe() const override {
    std::array<double, kJoints> angles, velocities;
    for (int joint = 0; joint < kJoints; ++joint) {
      angles[joint] = bend(joint);
      velocities[joint] = bend_velocity(joint);
    }
    const double cosine = std::cos(angle(0)), sine = std::sin(angle(0));
    const PlanePoint nose = chain_.velocity_at(state_, 0, 0.5);
    return {box_value({cosine, sine}), box_value(angles), box_value(velocities),
            box_value({nose.x * cosine + nose.y * sine,
                       nose.y * cosine - nose.x * sine, angular_velocity(0)})};
  }

  Transition apply_action(const BuiltinAction& action) override {
    std::array<double, kJoints> torque;
    std::ranges::copy(action.continuous, torque.begin());
    const double x = state_.position[0];
    chain_.step(state_, torque, kTimeStep, kSubsteps, kMaxSpeed);
    Transition transition;
    transition.reward = (state_.position[0] - x) / kTimeStep;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    // A wave bend = A sin(phase - lag * joint), with the derivative A frequency
    // cos(...), has cosine_part + i sine_part = kJoints * A exp(i phase).
    double cosine_part = 0, sine_part = 0;
    for (int joint = 0; joint < kJoints; ++joint) {
      const double cosine = std::cos(kGait.body_lag * joint);
      const double sine = std::sin(kGait.body_lag * joint);
      const double rate = bend_velocity(joint) / kGait.frequency;
      cosine_part += rate * cosine - bend(joint) * sine;
      sine_part += bend(joint) * cosine + rate * sine;
    }
    const double size =
        std::sqrt(cosine_part * cosine_part + sine_part * sine_part + 0.01);
    double mean = 0, mean_velocity = 0;
    for (int rod = 0; rod < kRods; ++rod) {
      mean += angle(rod) / kRods;
      mean_velocity += angular_velocity(rod) / kRods;
    }
    const double turn =
        kGait.turn * std::sin(mean) + kGait.turn_rate * mean_velocity;
    BuiltinAction action;
    action.continuous.resize(kJoints);
    for (int joint = 0; joint < kJoints; ++joint) {
      const double lead = kGait.lead - kGait.torque_lag * joint;
      const double wave = (sine_part * std::cos(lead) +  // sin(phase + lead)
                           cosine_part * std::sin(lead)) /
                          size;
      action.continuous[joint] = std::clamp(
          kGait.strength * wave + (1 + kGait.turn_growth * joint) * turn, -1.0,
          1.0);
    }
    return action;
  }

  // The view moves with the body. Its grid lines, 1 m apart, do not.
  data::Image render_frame() const override {
    constexpr double kHeight = 1.5 + 0.5 * kRods;
    constexpr Color kLineColor = {185, 208, 228}, kArrowColor = {60, 170, 90};
    const PlanePoint center = {state_.position[0], state_.position[1]};
    WorldCanvas canvas(160, 320, {.center = center, .height = kHeight},
                       {215, 232, 246});
    for (int i = -kRods - 4; i <= kRods + 4; ++i) {
      canvas.fill_box({std::floor(center.x) + i, center.y}, 0.03, kHeight,
                      kLineColor);
      canvas.fill_box({center.x, std::floor(center.y) + i}, 2 * kHeight, 0.03,
                      kLineColor);
    }
    const PlanePoint arrow = {center.x + 0.9 * kHeight, center.y};
    for (double side : {-0.2, 0.2}) {
      canvas.fill_rod({arrow.x - 0.2, arrow.y + side}, arrow, 0.08,
                      kArrowColor);
    }
    for (int rod = kRods - 1; rod >= 0; --rod) {
      canvas.fill_rod(chain_.point_at(state_, rod, -0.5),
                      chain_.point_at(state_, rod, 0.5), 0.2,
                      rod == 0 ? Color{200, 80, 40} : Color{40, 60, 120});
    }
    return canvas.image();
  }

  Chain chain_{SwimmingChainParameters{}};
  typename Chain::State state_;
};

}  // namespace

std::unique_ptr<Environment> make_swimmer(int rods) {
  switch (rods) {
    case 3:
      return std::make_unique<Swimmer<3>>();
    case 4:
      return std::make_unique<Swimmer<4>>();
    case 5:
      return std::make_unique<Swimmer<5>>();
    default:
      return std::make_unique<Swimmer<6>>();
  }
}

}  // namespace gato::env
