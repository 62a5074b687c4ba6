#include <catch2/catch.hpp>
#include <cmath>

#include "env/play.h"

using namespace gato;
using namespace gato::test;

namespace {

constexpr int kEpisodes = GATO_SANITIZED ? 15 : 30;

// Least mean returns of the expert, without noise and with Gaussian noise of
// 0.3, and the largest of random actions. The noise keeps the tip of
// reacher-hard out of its small target most of the time.
struct Returns {
  const char* task;
  double expert, noisy_expert, random;
};
const Returns kReturns[] = {{"control/acrobot", 0.65, 0.3, 0.2},
                            {"control/cartpole-balance", 195, 180, 25},
                            {"control/cartpole-swingup", 205, 185, 30},
                            {"control/cartpole-swingup-sparse", 170, 130, 10},
                            {"control/cartpole-two-poles", 190, 120, 25},
                            {"control/mountain-car", 0.65, 0.3, 0.1},
                            {"control/pendulum", 140, 100, 10},
                            {"control/point-mass", 45, 20, 5},
                            {"control/reacher-easy", 35, 15, 8},
                            {"control/reacher-hard", 20, 1, 3}};

// Plays a few episodes with the largest torques and forces in random
// directions, and checks that all values stay finite.
void play_extreme_actions(const std::string& name) {
  const auto environment = env::make_builtin_environment(name);
  const Policy extreme = [](Environment& played, base::RandomStream& noise) {
    data::FieldValues action = random_action(played, noise);
    auto& values = std::get<data::Array>(action[0]);
    for (int64_t i = 0; i < values.size(); ++i) {
      values.set(i, values.as_double(i) > 0 ? 1 : -1);
    }
    return action;
  };
  for (int seed = 0; seed < 5; ++seed) {
    const Played played = play(*environment, seed, extreme);
    REQUIRE(std::isfinite(played.reward));
    for (const data::FieldValue& value : played.last.observation) {
      const auto& array = std::get<data::Array>(value);
      for (int64_t i = 0; i < array.size(); ++i) {
        REQUIRE(std::isfinite(array.as_double(i)));
      }
    }
  }
}

}  // namespace

TEST_CASE("Experts of control tasks score high and random actions low",
          "[control]") {
  for (const Returns& expected : kReturns) {
    CAPTURE(expected.task);
    CHECK(mean_reward(expected.task, kEpisodes, expert_policy) >
          expected.expert);
    CHECK(mean_reward(expected.task, kEpisodes, noisy_expert(0.3)) >
          expected.noisy_expert);
    CHECK(mean_reward(expected.task, kEpisodes, random_policy) <
          expected.random);
  }
}

TEST_CASE("Experts of control tasks cope with varied physics", "[control]") {
  for (const Returns& expected : kReturns) {
    CAPTURE(expected.task);
    CHECK(mean_reward(std::string(expected.task) + "-random-small", kEpisodes,
                      expert_policy) > 0.8 * expected.expert);
    CHECK(mean_reward(std::string(expected.task) + "-random-large", kEpisodes,
                      expert_policy) > 0.65 * expected.expert);
  }
}

TEST_CASE("A control task from pixels is the same task", "[control]") {
  const std::string task = "control/cartpole-balance";
  const auto states = env::make_builtin_environment(task),
             pixels = env::make_builtin_environment(task + "-pixels");
  const auto& fields = pixels->spec().task.observation_fields;
  REQUIRE(fields.size() == 1);
  REQUIRE(fields[0].role == data::Role::image);
  for (int seed = 0; seed < 3; ++seed) {
    REQUIRE(play(*states, seed, random_policy).reward ==
            play(*pixels, seed, random_policy).reward);
  }
}

TEST_CASE("No sequence of actions makes control or bodies unstable",
          "[control][bodies]") {
  for (const std::string& name : env::builtin_environment_names()) {
    const bool has_states = !name.ends_with("-pixels");
    if ((name.starts_with("control/") || name.starts_with("bodies/")) &&
        has_states) {
      CAPTURE(name);
      play_extreme_actions(name);
    }
  }
}

TEST_CASE("Chains of all lengths swim forward", "[bodies]") {
  double previous_return = 70;
  for (const char* task : {"bodies/swimmer-3", "bodies/swimmer-4",
                           "bodies/swimmer-5", "bodies/swimmer-6"}) {
    CAPTURE(task);
    const double expert = mean_reward(task, kEpisodes, expert_policy);
    // Longer chains are faster.
    CHECK(expert > previous_return);
    CHECK(mean_reward(task, kEpisodes, noisy_expert(0.3)) > 0.8 * expert);
    CHECK(std::abs(mean_reward(task, kEpisodes, random_policy)) < 5);
    previous_return = expert;
  }
}
