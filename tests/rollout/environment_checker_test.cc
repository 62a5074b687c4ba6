#include "gato/rollout/environment_checker.h"

#include <limits>

#include "catch.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

// Returns the names of the checks that fail.
std::vector<std::string> failed_checks(ToyEnvironment& environment) {
  std::vector<std::string> names;
  for (const EnvironmentCheckResult& check :
       check_environment(environment, 1)) {
    if (!check.passed) {
      names.push_back(check.name);
    }
  }
  return names;
}

// Returns an environment that refuses a step after the end of an episode.
std::unique_ptr<ToyEnvironment> good_environment() {
  auto environment = std::make_unique<ToyEnvironment>(5);
  environment->on_step = [](ToyEnvironment& toy, env::StepResult&) {
    if (toy.step_count() > 5) {
      throw env::EnvironmentError("the episode has ended");
    }
  };
  return environment;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("An environment that keeps its contract passes every check") {
  const auto environment = good_environment();
  REQUIRE(failed_checks(*environment).empty());
}

TEST_CASE("An observation outside its space is a warning with key and value") {
  const auto environment = good_environment();
  const auto warnings = [&] {
    std::vector<std::string> details;
    for (const EnvironmentCheckResult& check :
         check_environment(*environment, 1)) {
      CHECK(check.passed);
      if (check.is_warning) {
        CHECK(check.name == "bounds");
        details.push_back(check.detail);
      }
    }
    return details;
  };
  CHECK(warnings().empty());
  data::Field& state = environment->mutable_spec().task.observation_fields[0];
  SECTION("after a step") {
    state.high[1] = 2;  // the number of steps
    CHECK(warnings() == Names{"an observation: 'observation': element 1 is 3, "
                              "outside [-1000, 2]"});
  }
  SECTION("after a reset") {
    state.low[1] = 1;
    CHECK(warnings() == Names{"the observation of a reset: 'observation': "
                              "element 1 is 0, outside [1, 1000]"});
  }
  SECTION("except for rounding") {
    state.high[1] = 5 - 1e-7;
    CHECK(warnings().empty());
  }
}

TEST_CASE("A broken contract is detected") {
  SECTION("A step after the end is accepted") {
    ToyEnvironment environment(5);
    REQUIRE(failed_checks(environment) == Names{"end"});
  }
  SECTION("A reward is NaN") {
    ToyEnvironment environment(5);
    environment.on_step = [](ToyEnvironment&, env::StepResult& result) {
      result.reward = std::numeric_limits<double>::quiet_NaN();
    };
    REQUIRE(failed_checks(environment) == Names{"step", "seed", "end"});
  }
  SECTION("The same seed gives another episode") {
    auto environment = good_environment();
    environment->on_step = [](ToyEnvironment& toy, env::StepResult& result) {
      if (toy.step_count() > 5) {
        throw env::EnvironmentError("the episode has ended");
      }
      result.reward += static_cast<double>(toy.reset_count);
    };
    REQUIRE(failed_checks(*environment) == Names{"seed"});
  }
  SECTION("The promised image is empty") {
    auto environment = good_environment();
    environment->mutable_spec().has_render = true;
    REQUIRE(failed_checks(*environment) == Names{"render"});
  }
}
