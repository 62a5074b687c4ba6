#include "gato/rollout/environment_checker.h"

#include <limits>

#include "catch.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

// The names of the checks that fail.
std::vector<std::string> failures(ToyEnvironment& environment) {
  std::vector<std::string> names;
  for (const EnvironmentCheckResult& check : check_environment(environment, 1))
    if (!check.passed) names.push_back(check.name);
  return names;
}

// Keeps the rule that a step after the end is refused.
std::unique_ptr<ToyEnvironment> good_environment() {
  auto environment = std::make_unique<ToyEnvironment>(5);
  environment->on_step = [](ToyEnvironment& toy, env::StepResult&) {
    if (toy.step_count() > 5)
      throw env::EnvironmentError("the episode has ended");
  };
  return environment;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an environment that keeps its contract passes every check") {
  const auto environment = good_environment();
  REQUIRE(failures(*environment).empty());
}

TEST_CASE("what an environment does wrong is found") {
  SECTION("it goes on after the end") {
    ToyEnvironment environment(5);
    REQUIRE(failures(environment) == Names{"end"});
  }
  SECTION("its rewards are not numbers") {
    ToyEnvironment environment(5);
    environment.on_step = [](ToyEnvironment&, env::StepResult& result) {
      result.reward = std::numeric_limits<double>::quiet_NaN();
    };
    REQUIRE(failures(environment) == Names{"step", "seed", "end"});
  }
  SECTION("the same seed gives another episode") {
    auto environment = good_environment();
    environment->on_step = [](ToyEnvironment& toy, env::StepResult& result) {
      if (toy.step_count() > 5)
        throw env::EnvironmentError("the episode has ended");
      result.reward += static_cast<double>(toy.reset_count);
    };
    REQUIRE(failures(*environment) == Names{"seed"});
  }
  SECTION("it promises a picture and draws none") {
    auto environment = good_environment();
    environment->mutable_spec().has_render = true;
    REQUIRE(failures(*environment) == Names{"render"});
  }
}
