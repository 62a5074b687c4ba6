#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "env/extreme_actions.h"
#include "env/play.h"
#include "gato/env/control/cart_pole.h"
#include "gato/env/control/control_environment.h"
#include "gato/env/control/linear_quadratic_regulator.h"
#include "gato/env/control/rod_chain.h"
#include "gato/env/control/tolerance.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

constexpr int kEpisodes = 50;

std::vector<std::string> control_names() {
  std::vector<std::string> names;
  for (const std::string& name : builtin_environment_names()) {
    if (name.starts_with("control/")) {
      names.push_back(name);
    }
  }
  return names;
}

// Mean returns over kEpisodes.
struct Expectation {
  std::string task;
  double min_expert, min_noisy, max_random;
  double min_large;  // of the expert, if the physics varies by up to 40 %
};

const std::vector<Expectation> kExpectations = {
    {"acrobot", 0.78, 0.73, 0.05, 0.6},
    {"cartpole-balance", 198, 188, 25, 195},
    {"cartpole-swingup", 213, 203, 25, 203},
    {"cartpole-swingup-sparse", 185, 172, 1, 168},
    {"cartpole-two-poles", 197, 175, 20, 185},
    {"mountain-car", 0.73, 0.7, 0.02, 0.68},
    {"pendulum", 148, 140, 5, 115},
    {"point-mass", 50.5, 48.5, 3, 48},
    {"reacher-easy", 59, 57, 4, 56},
    {"reacher-hard", 56, 52, 1, 50},
};

}  // namespace

TEST_CASE("Control experts score high and random policies low", "[control]") {
  for (const Expectation& expected : kExpectations) {
    CAPTURE(expected.task);
    const std::string name = "control/" + expected.task;
    CHECK(mean_reward(name, kEpisodes, expert_policy) > expected.min_expert);
    CHECK(mean_reward(name, kEpisodes, noisy_expert(0.3)) > expected.min_noisy);
    CHECK(mean_reward(name, kEpisodes, random_policy) < expected.max_random);
    CHECK(mean_reward(name + "-random-small", kEpisodes, expert_policy) >
          0.95 * expected.min_expert);
    CHECK(mean_reward(name + "-random-large", kEpisodes, expert_policy) >
          expected.min_large);
  }
}

TEST_CASE("Control tasks report success", "[control]") {
  for (const char* task :
       {"acrobot", "cartpole-swingup-sparse", "mountain-car", "pendulum",
        "point-mass", "reacher-easy", "reacher-hard"}) {
    CAPTURE(task);
    const std::string name = std::string("control/") + task;
    CHECK(success_rate(name, kEpisodes, expert_policy) == 1);
    CHECK(success_rate(name, kEpisodes, random_policy) < 0.3);
  }
}

TEST_CASE("Rewards of control tasks are in [0, 1]", "[control]") {
  for (const std::string& name : control_names()) {
    CAPTURE(name);
    const auto environment = make_builtin_environment(name);
    for (int seed = 0; seed < 2; ++seed) {
      base::RandomStream noise(seed);
      environment->reset(seed);
      StepResult result;
      do {
        result = environment->step(noisy_expert(0.5)(*environment, noise));
        REQUIRE((result.reward >= 0 && result.reward <= 1));
      } while (!result.terminated && !result.truncated);
    }
  }
}

TEST_CASE("cartpole-swingup plays as in the first version", "[control]") {
  const auto environment = make_builtin_environment("control/cartpole-swingup");
  CHECK(play(*environment, 0, expert_policy).reward ==
        Approx(216.393525984144));
  CHECK(play(*environment, 1, expert_policy).reward ==
        Approx(216.135308285738));
  CHECK(play(*environment, 0, random_policy).reward == Approx(14.323542415150));
}

TEST_CASE("Physical parameters vary within their intervals", "[control]") {
  int tasks = 0;
  for (const std::string& name : control_names()) {
    CAPTURE(name);
    const bool is_small = name.ends_with("-random-small"),
               is_large = name.ends_with("-random-large");
    const auto environment = make_builtin_environment(name);
    const auto& control = dynamic_cast<ControlEnvironment&>(*environment);
    REQUIRE(control.parameters().size() >= 3);
    int smaller = 0, larger = 0;
    for (int seed = 0; seed < 20; ++seed) {
      environment->reset(seed);
      for (const PhysicalParameter& parameter : control.parameters()) {
        CAPTURE(parameter.name);
        const double factor = *parameter.value / parameter.nominal;
        (factor < 1 ? smaller : larger) += 1;
        if (is_small) {
          REQUIRE(((factor >= 0.9 && factor <= 0.95) ||
                   (factor >= 1.05 && factor <= 1.1)));
        } else if (is_large) {
          REQUIRE(((factor >= 0.6 && factor <= 0.8) ||
                   (factor >= 1.2 && factor <= 1.4)));
        } else {
          REQUIRE(factor == 1);
        }
      }
    }
    if (is_small || is_large) {
      ++tasks;
      REQUIRE((smaller > 15 && larger > 15));
    }
  }
  REQUIRE(tasks == 2 * std::ssize(kExpectations));
}

TEST_CASE("A task from pixels is the same task", "[control]") {
  int tasks = 0;
  for (const std::string& name : control_names()) {
    if (!name.ends_with("-pixels")) {
      continue;
    }
    CAPTURE(name);
    ++tasks;
    const auto pixels = make_builtin_environment(name);
    const auto state =
        make_builtin_environment(name.substr(0, name.size() - 7));
    const data::Field& field = pixels->spec().task.observation_fields.at(0);
    REQUIRE(pixels->spec().task.observation_fields.size() == 1);
    REQUIRE(field.role == data::Role::image);
    REQUIRE((field.shape[0] % 16 == 0 && field.shape[1] % 16 == 0));
    REQUIRE(play(*pixels, 3, noisy_expert(0.3)).reward ==
            play(*state, 3, noisy_expert(0.3)).reward);
  }
  REQUIRE(tasks >= 3);
}

TEST_CASE("Images show small motions", "[control]") {
  const auto environment =
      make_builtin_environment("control/cartpole-balance-pixels");
  data::FieldValues before = environment->reset(0);
  int changes = 0;
  for (int step = 0; step < 20; ++step) {
    const data::FieldValues after =
        environment->step(environment->expert_action()).observation;
    changes += std::get<data::Array>(before[0]).bytes !=
               std::get<data::Array>(after[0]).bytes;
    before = after;
  }
  REQUIRE(changes >= 15);
}

TEST_CASE("Control environments stay finite under extreme actions",
          "[control]") {
  for (const std::string& name : control_names()) {
    CAPTURE(name);
    const auto environment = make_builtin_environment(name);
    for (int seed = 0; seed < (name.ends_with("-pixels") ? 1 : 10); ++seed) {
      REQUIRE(is_finite_under_extreme_actions(*environment, seed));
    }
  }
}

TEST_CASE("A chain of rods keeps its energy without motors and damping",
          "[control]") {
  const RodChain<2, false> arm({.mass = {1, 2}, .length = {1, 0.5}});
  RodChain<2, false>::State arm_state = {.position = {0.5, -1},
                                         .velocity = {1, -2}};
  const RodChain<2, true> cart({.mass = {0.1, 0.2}, .length = {0.6, 0.4}});
  RodChain<2, true>::State cart_state = {.position = {0, 0.5, -1},
                                         .velocity = {-1, 1, -2}};
  const double arm_energy = arm.energy(arm_state),
               cart_energy = cart.energy(cart_state);
  for (int step = 0; step < 200; ++step) {
    arm.step(arm_state, {0, 0}, 0.05, 50, 100);
    cart.step(cart_state, {0, 0, 0}, 0.05, 50, 100);
    REQUIRE(arm.energy(arm_state) == Approx(arm_energy).margin(1e-3));
    REQUIRE(cart.energy(cart_state) == Approx(cart_energy).margin(1e-3));
  }
}

TEST_CASE("Motors change the energy of a chain by their work", "[control]") {
  const RodChain<2, false> arm({.mass = {1, 2}, .length = {1, 0.5}});
  RodChain<2, false>::State state = {.position = {0.5, -1},
                                     .velocity = {1, -2}};
  const double shoulder = 2, elbow = -3, before = arm.energy(state);
  const auto start = state.position;
  arm.step(state, {shoulder, elbow}, 0.2, 50, 100);
  const double turn = state.position[0] - start[0];
  const double bend = state.position[1] - start[1] - turn;
  REQUIRE(arm.energy(state) - before ==
          Approx(shoulder * turn + elbow * bend).epsilon(1e-6));
}

TEST_CASE("A pendulum swings with the frequency of a rod", "[control]") {
  const RodChain<1, false> rod({.mass = {3}, .length = {0.7}});
  RodChain<1, false>::State state;
  state.position[0] = std::numbers::pi + 1e-3;
  const double period = 2 * std::numbers::pi * std::sqrt(2 * 0.7 / (3 * 9.81));
  rod.step(state, {0}, period, 200, 100);
  REQUIRE(state.position[0] - std::numbers::pi == Approx(1e-3).epsilon(1e-3));
  rod.step(state, {0}, period / 2, 200, 100);
  REQUIRE(state.position[0] - std::numbers::pi == Approx(-1e-3).epsilon(1e-3));
}

TEST_CASE("Both engines agree on a cart with one pole", "[control]") {
  const RodChain<1, true> chain({.cart_mass = 1, .mass = {0.1}, .length = {1}});
  RodChain<1, true>::State chain_state = {.position = {0.1, 2},
                                          .velocity = {0.2, -0.5}};
  CartPoleState pole = {
      .x = 0.1, .angle = 2, .velocity = 0.2, .angular_velocity = -0.5};
  for (int step = 0; step < 10; ++step) {
    chain.step(chain_state, {3, 0}, 0.04, 4, 100);
    step_cart_pole(pole, 0.3, CartPoleParameters{});
  }
  // The Euler steps of the latter are less precise.
  REQUIRE(chain_state.position[0] == Approx(pole.x).epsilon(0.05));
  REQUIRE(chain_state.position[1] == Approx(pole.angle).epsilon(0.05));
}

TEST_CASE("The regulator of a known system is found", "[control]") {
  // x' = x + u with equal costs: the value is the golden ratio.
  const auto system =
      linearize<1>([](const std::array<double, 1>& state, double input) {
        return std::array{state[0] + input + state[0] * state[0]};
      });
  REQUIRE(system.a[0][0] == Approx(1));
  REQUIRE(system.b[0] == Approx(1));
  REQUIRE(regulator_gains<1>(system, {1}, 1)[0] ==
          Approx(-1 / std::numbers::phi));
}

TEST_CASE("Tolerances are 1 inside and known at the margin", "[control]") {
  REQUIRE(gaussian_tolerance(0.5, 0, 1, 2) == 1);
  REQUIRE(gaussian_tolerance(3, 0, 1, 2) == Approx(0.1));
  REQUIRE(gaussian_tolerance(-4, 0, 1, 2) == Approx(1e-4));
  REQUIRE(quadratic_tolerance(0, 0, 0, 1) == 1);
  REQUIRE(quadratic_tolerance(0.5, 0, 0, 1) == Approx(0.75));
  REQUIRE(quadratic_tolerance(-2, 0, 0, 1) == 0);
}
