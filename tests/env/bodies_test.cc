#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "env/extreme_actions.h"
#include "env/play.h"
#include "gato/env/bodies/swimming_chain.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

template <int kRods>
typename SwimmingChain<kRods>::State bent_state() {
  typename SwimmingChain<kRods>::State state;
  for (int i = 0; i < kRods + 2; ++i) {
    state.position[i] = 0.3 * i * (i % 2 == 0 ? 1 : -1);
    state.velocity[i] = 0.5 - 0.2 * i;
  }
  return state;
}

}  // namespace

TEST_CASE("Swimmers' experts swim and random policies do not", "[bodies]") {
  struct Expectation {
    std::string name;
    double min_expert, min_noisy;
  };
  const Expectation expectations[] = {{"bodies/swimmer-3", 86, 72},
                                      {"bodies/swimmer-4", 112, 95},
                                      {"bodies/swimmer-5", 130, 112},
                                      {"bodies/swimmer-6", 140, 120}};
  constexpr int kEpisodes = 50;
  for (const Expectation& expected : expectations) {
    CAPTURE(expected.name);
    CHECK(mean_reward(expected.name, kEpisodes, expert_policy) >
          expected.min_expert);
    CHECK(mean_reward(expected.name, kEpisodes, noisy_expert(0.3)) >
          expected.min_noisy);
    CHECK(std::abs(mean_reward(expected.name, kEpisodes, random_policy)) < 3);
  }
}

TEST_CASE("All swimmers have the same keys with other sizes", "[bodies]") {
  for (int rods = 3; rods <= 6; ++rods) {
    const auto environment =
        make_builtin_environment("bodies/swimmer-" + std::to_string(rods));
    const data::TaskSpec& task = environment->spec().task;
    std::string names;
    for (const data::Field& field : task.observation_fields) {
      names += field.name + " ";
    }
    REQUIRE(names == "heading joint_angles joint_velocities nose_velocity ");
    REQUIRE(task.observation_fields[1].shape == std::vector<int64_t>{rods - 1});
    REQUIRE(task.observation_fields[2].shape == std::vector<int64_t>{rods - 1});
    REQUIRE(task.action_fields[0].shape == std::vector<int64_t>{rods - 1});
  }
}

TEST_CASE("Drag and dampers take energy from a swimmer", "[bodies]") {
  const SwimmingChain<5> chain(SwimmingChainParameters{});
  auto state = bent_state<5>();
  double energy = chain.energy(state);
  for (int step = 0; step < 400; ++step) {
    chain.step(state, {}, 0.05, 2, 40);
    REQUIRE(chain.energy(state) < energy);
    energy = chain.energy(state);
  }
}

TEST_CASE("Without drag a swimmer cannot change its momentum", "[bodies]") {
  const SwimmingChain<4> chain({.normal_drag = 0, .axial_drag = 0});
  auto state = bent_state<4>();
  for (int step = 0; step < 40; ++step) {
    chain.step(state, {0.5, -1, 0.25}, 0.05, 2, 40);
    REQUIRE(state.velocity[0] == Approx(0.5));
    REQUIRE(state.velocity[1] == Approx(0.3));
  }
}

TEST_CASE("A swimmer's rods stay joined", "[bodies]") {
  const SwimmingChain<6> chain(SwimmingChainParameters{});
  auto state = bent_state<6>();
  for (int step = 0; step < 20; ++step) {
    chain.step(state, {1, -1, 1, -1, 1}, 0.05, 2, 40);
    for (int rod = 0; rod + 1 < 6; ++rod) {
      const PlanePoint tail = chain.point_at(state, rod, -0.5),
                       head = chain.point_at(state, rod + 1, 0.5);
      REQUIRE(tail.x == Approx(head.x).margin(1e-9));
      REQUIRE(tail.y == Approx(head.y).margin(1e-9));
    }
  }
}

TEST_CASE("Swimmers stay finite under extreme actions", "[bodies]") {
  for (int rods = 3; rods <= 6; ++rods) {
    const auto environment =
        make_builtin_environment("bodies/swimmer-" + std::to_string(rods));
    for (int seed = 0; seed < 10; ++seed) {
      REQUIRE(is_finite_under_extreme_actions(*environment, seed));
    }
  }
}
