// bodies/swimmer-3 ... bodies/swimmer-6: a chain of 3 to 6 rods swims forward,
// one task for bodies of several sizes.
//
// Dynamics: swimming_chain.h, with steps of 0.05 s. The chain starts at rest,
// within 0.5 rad of the direction of the x axis and with joints bent by up to
// 0.3 rad. An episode is truncated after 200 steps (10 s).
//
// Observation, for N rods: heading, float64 [2], cosine and sine of the angle
// of the first rod; joint_angles and joint_velocities, float64 [N-1];
// nose_velocity, float64 [3]: along the first rod, across it, and its angular
// velocity.
// Action, float64 [N-1]: the torques of the joints.
// Reward: the speed of the center of mass along the x axis, in rods per second.
//
// Expert: a traveling wave. The joint angles and velocities are projected on a
// wave along the chain, which gives its present phase, and each joint is driven
// ahead of its own phase, so no memory and no clock are needed. The mean
// heading is fed back to all joints, which turns the chain toward the x axis.
// The constants of each length were found by an evolution strategy (CMA-ES,
// four runs from different beginnings, 8 constants) that maximized the mean
// return without noise and with Gaussian noise of 0.3; the best runs agree
// within 2 to 6 %. The optimal gait is not known.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "gato/env/bodies/bodies_tasks.h"
#include "gato/env/bodies/swimming_chain.h"
#include "gato/env/builtin_environment.h"
#include "gato/env/world_canvas.h"

namespace gato::env {
namespace {

constexpr double kTimeStep = 0.05, kMaxSpeed = 40;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

// Constants of the expert for a chain.
struct Gait {
  double frequency;     // rad/s, relates joint velocities to joint angles
  double wave_number;   // phase between neighboring joints when it is estimated
  double drive_number;  // the same when the joints are driven
  double lead;          // phase by which the drive is ahead of the wave
  double strength;      // of the drive
  double steering, steering_damping;  // feedback of the mean heading
  double steering_slope;              // its increase from joint to joint
};

// Returns the constants for a chain of so many rods.
constexpr Gait gait(int rods) {
  switch (rods) {
    case 3:
      return {0.930, 0.369, 1.300, 2.591, 4.436, 0.709, 0.007, 0.032};
    case 4:
      return {4.526, 1.925, 1.343, 1.239, 2.728, 0.529, 0.024, -0.110};
    case 5:
      return {0.619, 1.100, 1.450, 2.559, 3.559, 0.153, 0.229, 0.159};
    default:
      return {2.557, 1.990, 1.424, 0.781, 1.978, 0.103, 0.226, 0.108};
  }
}

template <int kRods>
class Swimmer : public BuiltinEnvironment {
 public:
  Swimmer() : BuiltinEnvironment(make_spec()) {}

 private:
  static constexpr int kJoints = kRods - 1;
  using Chain = SwimmingChain<kRods>;

  static EnvironmentSpec make_spec() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return builtin_spec(
        "bodies/swimmer-" + std::to_string(kRods),
        {box_field("heading", 2, -1, 1),
         box_field("joint_angles", kJoints, -kInfinity, kInfinity),
         box_field("joint_velocities", kJoints, -kInfinity, kInfinity),
         box_field("nose_velocity", 3, -kInfinity, kInfinity)},
        {box_field("action", kJoints, -1, 1)}, kMaxEpisodeSteps);
  }

  void reset_state(base::RandomStream random) override {
    state_ = {};
    const double heading = random.uniform(-0.5, 0.5);
    double angle = heading;
    for (int i = 0; i < kRods; ++i) {
      state_.position[i + 2] = angle;
      angle += random.uniform(-0.3, 0.3);
    }
  }

  double angle(int rod) const { return state_.position[rod + 2]; }
  double bend(int joint) const { return angle(joint + 1) - angle(joint); }
  double bend_velocity(int joint) const {
    return state_.velocity[joint + 3] - state_.velocity[joint + 2];
  }

  data::FieldValues observe() const override {
    std::array<double, kJoints> angles, velocities;
    for (int i = 0; i < kJoints; ++i) {
      angles[i] = bend(i);
      velocities[i] = bend_velocity(i);
    }
    const double cosine = std::cos(angle(0)), sine = std::sin(angle(0));
    // The velocity of the nose: that of the center of mass, and what the rods
    // between them add by turning.
    double x_velocity = state_.velocity[0], y_velocity = state_.velocity[1];
    for (int j = 0; j < kRods; ++j) {
      const double speed =
          (chain_.offset()[0][j] + (j == 0 ? 0.5 : 0)) * state_.velocity[j + 2];
      x_velocity -= speed * std::sin(angle(j));
      y_velocity += speed * std::cos(angle(j));
    }
    return {box_value({cosine, sine}), box_value(angles), box_value(velocities),
            box_value({x_velocity * cosine + y_velocity * sine,
                       y_velocity * cosine - x_velocity * sine,
                       state_.velocity[2]})};
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
    constexpr Gait kGait = gait(kRods);
    // The component of the chain's shape on the wave, as a complex number.
    double real = 0, imaginary = 0;
    for (int k = 0; k < kJoints; ++k) {
      const double cosine = std::cos(kGait.wave_number * k),
                   sine = std::sin(kGait.wave_number * k);
      const double velocity = bend_velocity(k) / kGait.frequency;
      real += velocity * cosine - bend(k) * sine;
      imaginary += bend(k) * cosine + velocity * sine;
    }
    double heading = 0, heading_velocity = 0;
    for (int i = 0; i < kRods; ++i) {
      heading += angle(i) / kRods;
      heading_velocity += state_.velocity[i + 2] / kRods;
    }
    const double size = std::hypot(real, imaginary, 0.1);
    const double steering = kGait.steering * std::sin(heading) +
                            kGait.steering_damping * heading_velocity;
    BuiltinAction action;
    action.continuous.resize(kJoints);
    for (int k = 0; k < kJoints; ++k) {
      const double phase = kGait.lead - kGait.drive_number * k;
      const double wave =
          (imaginary * std::cos(phase) + real * std::sin(phase)) / size;
      action.continuous[k] = std::clamp(
          kGait.strength * wave + steering * (1 + kGait.steering_slope * k),
          -1.0, 1.0);
    }
    return action;
  }

  data::Image render_frame() const override {
    constexpr Color kWater = {210, 230, 245}, kGrid = {180, 205, 225},
                    kNose = {200, 80, 40}, kRod = {40, 60, 120};
    constexpr int kGridLines = 40;
    WorldCanvas canvas(
        160, 320,
        {.center = {state_.position[0], 0}, .height = kRods * 0.8 + 1}, kWater);
    for (int i = 0; i < kGridLines; ++i) {
      const double x = std::floor(state_.position[0]) + i - 0.5 * kGridLines;
      canvas.fill_box({x, 0}, 0.03, kGridLines, kGrid);
    }
    for (int i = 0; i < kRods; ++i) {
      PlanePoint center = {state_.position[0], state_.position[1]};
      for (int j = 0; j < kRods; ++j) {
        center.x += chain_.offset()[i][j] * std::cos(angle(j));
        center.y += chain_.offset()[i][j] * std::sin(angle(j));
      }
      const double dx = std::cos(angle(i)) / 2, dy = std::sin(angle(i)) / 2;
      canvas.fill_rod({center.x - dx, center.y - dy},
                      {center.x + dx, center.y + dy}, 0.25,
                      i == 0 ? kNose : kRod);
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
