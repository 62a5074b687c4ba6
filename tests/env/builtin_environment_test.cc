#include <catch2/catch.hpp>
#include <string>

#include "env/play.h"
#include "gato/base/error.h"
#include "gato/env/environment.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

bool are_equal(const data::FieldValues& a, const data::FieldValues& b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].index() != b[i].index()) {
      return false;
    }
    if (const auto* array = std::get_if<data::Array>(&a[i])) {
      if (array->bytes != std::get<data::Array>(b[i]).bytes) {
        return false;
      }
    } else if (std::get<std::string>(a[i]) != std::get<std::string>(b[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("Built-in environments are created by name") {
  const std::vector<std::string> names = builtin_environment_names();
  REQUIRE(std::ranges::is_sorted(names));
  for (const std::string& name : names) {
    CAPTURE(name);
    const EnvironmentSpec spec = make_builtin_environment(name)->spec();
    REQUIRE(spec.task.name == name);
    REQUIRE(spec.task.domain == name.substr(0, name.find('/')));
  }
  try {
    make_builtin_environment("grid/gotto");
    FAIL("an unknown name was accepted");
  } catch (const base::Error& error) {
    REQUIRE(error.status() == base::ExitStatus::usage);
    REQUIRE(std::string(error.what()).find("grid/goto") != std::string::npos);
  }
}

TEST_CASE("A built-in environment refuses steps outside an episode") {
  for (const std::string& name : builtin_environment_names()) {
    const auto environment = make_builtin_environment(name);
    base::RandomStream noise(0);
    const data::FieldValues action = random_policy(*environment, noise);
    REQUIRE_THROWS_AS(environment->step(action), EnvironmentError);
    play(*environment, 0, expert_policy);
    REQUIRE_THROWS_AS(environment->step(action), EnvironmentError);
    REQUIRE_THROWS_AS(environment->expert_action(), EnvironmentError);
    REQUIRE_NOTHROW(environment->render());
    environment->reset(0);
    REQUIRE_NOTHROW(environment->step(action));
  }
}

TEST_CASE("A built-in environment refuses an action that is out of range") {
  const auto environment = make_builtin_environment("arcade/catch");
  environment->reset(0);
  data::Array action = data::Array::zeros(data::DType::int64, {});
  action.set_integer(0, 3);
  REQUIRE_THROWS_AS(environment->step({action}), EnvironmentError);
}

TEST_CASE("Experts score high and random policies low") {
  SECTION("cartpole") {
    const char* name = "control/cartpole-swingup";
    REQUIRE(mean_reward(name, 50, expert_policy) > 205);
    REQUIRE(mean_reward(name, 50, noisy_expert(0.5)) > 185);
    REQUIRE(mean_reward(name, 50, random_policy) < 25);
  }
  SECTION("catch") {
    REQUIRE(mean_reward("arcade/catch", 50, expert_policy) == 5);
    REQUIRE(mean_reward("arcade/catch", 50, noisy_expert(0.3)) > 4.2);
    REQUIRE(mean_reward("arcade/catch", 200, random_policy) < 1.5);
  }
  SECTION("goto") {
    REQUIRE(mean_reward("grid/goto", 200, expert_policy) > 0.85);
    REQUIRE(mean_reward("grid/goto", 200, random_policy) < 0.3);
  }
}

TEST_CASE("The goto expert arrives from every start, and under noise") {
  constexpr int kSeeds = GATO_SANITIZED ? 500 : 10000;
  const auto environment = make_builtin_environment("grid/goto");
  for (int seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(seed);
    const Played played = play(*environment, seed, expert_policy);
    REQUIRE(played.last.info.at("success") == 1);
    REQUIRE(played.reward == Approx(1 - 0.9 * played.steps / 32.0));
  }
  int arrived = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    arrived +=
        play(*environment, seed, noisy_expert(0.3)).last.info.at("success") ==
        1;
  }
  REQUIRE(arrived > 0.995 * kSeeds);  // the others ran out of steps
}

TEST_CASE("A seed determines the episode") {
  for (const std::string& name : builtin_environment_names()) {
    const auto first = make_builtin_environment(name),
               second = make_builtin_environment(name);
    play(*first, 1, random_policy);  // must leave no trace
    base::RandomStream noise(0);
    REQUIRE(are_equal(first->reset(7), second->reset(7)));
    REQUIRE_FALSE(are_equal(first->reset(8), second->reset(9)));
    REQUIRE(are_equal(first->reset(7), second->reset(7)));
    for (int step = 0; step < 4; ++step) {
      const data::FieldValues action = random_policy(*first, noise);
      const StepResult one = first->step(action), two = second->step(action);
      REQUIRE(are_equal(one.observation, two.observation));
      REQUIRE(one.reward == two.reward);
      if (one.terminated) {
        break;
      }
    }
  }
}

TEST_CASE("The goto mission names an object") {
  const auto environment = make_builtin_environment("grid/goto");
  for (int seed = 0; seed < 20; ++seed) {
    const data::FieldValues observation = environment->reset(seed);
    const std::string mission = std::get<std::string>(observation[0]);
    REQUIRE(mission.rfind("go to the ", 0) == 0);
    REQUIRE(std::get<data::Array>(observation[1]).shape ==
            std::vector<int64_t>{48, 48, 3});
  }
}
