// control/pendulum
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gato/env/control/control_environment.h"
#include "gato/env/control/control_tasks.h"
#include "gato/env/control/rod_chain.h"

#ifdef GATO_TUNE
extern thread_local double P[64];
#define K(i, v) P[i]
#else
#define K(i, v) (v)
#endif
namespace gato::env {
namespace {

constexpr double kTimeStep = 0.05, kMaxSpeed = 20;
constexpr int kSubsteps = 2, kMaxEpisodeSteps = 200;

class Pendulum : public ControlEnvironment {
 public:
  explicit Pendulum(const ControlVariant& variant)
      : ControlEnvironment(variant, {.observation_low = {-1, -1, -kMaxSpeed},
                                     .observation_high = {1, 1, kMaxSpeed},
                                     .max_episode_steps = kMaxEpisodeSteps,
                                     .view = {.center = {0, 0}, .height = 2.4}}) {
    add_parameter("mass", rod_.mass[0]);
    add_parameter("length", rod_.length[0]);
    add_parameter("damping", rod_.joint_damping[0]);
    add_parameter("max_torque", max_torque_);
  }

 private:
  using Chain = RodChain<1, false>;

  void begin_episode(base::RandomStream& random) override {
    chain_ = Chain(rod_);
    state_.position = {random.uniform(-std::numbers::pi, std::numbers::pi)};
    state_.velocity = {0};
  }

  data::Array observe_state() const override {
    return box_value({std::cos(state_.position[0]),
                      std::sin(state_.position[0]), state_.velocity[0]});
  }

  Transition apply_action(const BuiltinAction& action) override {
    chain_.step(state_, {max_torque_ * action.continuous[0]}, kTimeStep,
                kSubsteps, kMaxSpeed);
    const bool is_upright = std::cos(state_.position[0]) > 0.99;
    Transition transition;
    transition.reward = is_upright ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const double velocity = state_.velocity[0];
    const double cosine = std::cos(state_.position[0]);
    const double angle = std::remainder(state_.position[0], 2 * std::numbers::pi);
    // In units of the gravity torque.
    const double gravity_torque = rod_.gravity * rod_.mass[0] * rod_.length[0] / 2;
    const double frequency = std::sqrt(1.5 * rod_.gravity / rod_.length[0]);
    const double w = velocity / frequency;
    const double energy = w * w / 2 + cosine - 1;  // 0 at upright rest
    const double pump = std::clamp(K(0, -4.0) * (energy - K(1, .05)) * w * 4, -1., 1.);
    const double hold = std::clamp(-gravity_torque / max_torque_ * (K(2, 1.5) * angle + K(3, 1.2) * w), -1., 1.);
    const double nearness = std::clamp((cosine - K(4, 0.8)) / K(5, .15), 0.0, 1.0);
    return {.continuous = {pump + nearness * (hold - pump)}};
  }

  void draw(WorldCanvas& canvas) const override {
    canvas.fill_rod({0, 0},
                    {rod_.length[0] * std::sin(state_.position[0]),
                     rod_.length[0] * std::cos(state_.position[0])},
                    0.12, {200, 80, 40});
    canvas.fill_disc({0, 0}, 0.1, {40, 60, 120});
  }

  Chain::Parameters rod_ = {.mass = {1}, .length = {1}, .joint_damping = {0.1}};
  double max_torque_ = 1.5;
  Chain chain_{rod_};
  Chain::State state_;
};

}  // namespace

std::unique_ptr<Environment> make_pendulum(const ControlVariant& variant) {
  return std::make_unique<Pendulum>(variant);
}

}  // namespace gato::env
