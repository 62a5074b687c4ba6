// bodies/swimmer-N
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "gato/env/bodies/bodies_tasks.h"
#include "gato/env/bodies/swimming_chain.h"
#include "gato/env/builtin_environment.h"
#include "gato/env/world_canvas.h"

#ifdef GATO_TUNE
extern thread_local double P[64];
#define K(i, v) P[i]
#else
#define K(i, v) (v)
#endif
namespace gato::env {
namespace {

constexpr double kTimeStep = 0.05, kMaxSpeed = 40;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

template <int kRods>
class Swimmer : public BuiltinEnvironment {
 public:
  Swimmer() : BuiltinEnvironment(make_spec()) {}

 private:
  static constexpr int kJoints = kRods - 1;
  using Chain = SwimmingChain<kRods>;

  static EnvironmentSpec make_spec() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return builtin_spec("bodies/swimmer-" + std::to_string(kRods),
                        {box_field("heading", 2, -1, 1),
                         box_field("joint_angles", kJoints, -kInfinity, kInfinity),
                         box_field("joint_velocities", kJoints, -kInfinity, kInfinity),
                         box_field("nose_velocity", 3, -kInfinity, kInfinity)},
                        {box_field("action", kJoints, -1, 1)},
                        kMaxEpisodeSteps);
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
    const double c = std::cos(angle(0)), s = std::sin(angle(0));
    double vx = state_.velocity[0], vy = state_.velocity[1];
    for (int j = 0; j < kRods; ++j) {
      const double w = (chain_.offset()[0][j] + (j == 0 ? 0.5 : 0)) * state_.velocity[j + 2];
      vx -= w * std::sin(angle(j));
      vy += w * std::cos(angle(j));
    }
    return {box_value({c, s}), box_value(angles), box_value(velocities),
            box_value({vx * c + vy * s, vy * c - vx * s, state_.velocity[2]})};
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

  // omega, beta(est), beta(act), lead, gain, steer, steer damp
  BuiltinAction compute_expert_action() override {
    double re = 0, im = 0, mean = 0, mean_velocity = 0;
    const double omega = K(0, 5.), beta = K(1, 1.5);
    for (int k = 0; k < kJoints; ++k) {
      const double c = std::cos(beta * k), s = std::sin(beta * k);
      const double r = bend_velocity(k) / omega, b = bend(k);
      re += r * c - b * s;
      im += b * c + r * s;
    }
    for (int i = 0; i < kRods; ++i) {
      mean += angle(i) / kRods;
      mean_velocity += state_.velocity[i + 2] / kRods;
    }
    const double size = std::sqrt(re * re + im * im + .01);
    const double steer = K(5, 1.) * std::sin(mean) + K(6, .2) * mean_velocity;
    BuiltinAction action;
    action.continuous.resize(kJoints);
    for (int k = 0; k < kJoints; ++k) {
      const double phase = K(3, .5) - K(2, 1.5) * k;
      const double wave = (im * std::cos(phase) + re * std::sin(phase)) / size;
      action.continuous[k] = std::clamp(K(4, 1.) * wave + steer * (1 + K(7, 0.) * k) + K(8, 0) * bend(k) + K(9, 0) * bend_velocity(k) + K(10, 0) * mean * mean * mean, -1., 1.);
    }
    return action;
  }

  data::Image render_frame() const override {
    WorldCanvas canvas(160, 320, {.center = {state_.position[0], 0}, .height = kRods * .8 + 1.}, {210, 230, 245});
    for (int i = 0; i < 40; ++i) {
      canvas.fill_box({std::floor(state_.position[0]) + i - 20, 0}, .03, 40, {180, 205, 225});
    }
    for (int i = 0; i < kRods; ++i) {
      PlanePoint c = {state_.position[0], state_.position[1]};
      for (int j = 0; j < kRods; ++j) {
        c.x += chain_.offset()[i][j] * std::cos(angle(j));
        c.y += chain_.offset()[i][j] * std::sin(angle(j));
      }
      const double dx = std::cos(angle(i)) / 2, dy = std::sin(angle(i)) / 2;
      canvas.fill_rod({c.x - dx, c.y - dy}, {c.x + dx, c.y + dy}, .25, i ? Color{40, 60, 120} : Color{200, 80, 40});
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
