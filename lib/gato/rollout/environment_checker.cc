// Each check is a function that returns what it observed and throws
// EnvironmentError if the contract is broken, as the environment itself does.
// Checks of what the spec does not promise are left out.
#include "gato/rollout/environment_checker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "gato/base/error.h"
#include "gato/data/episode.h"
#include "gato/rollout/action_sampling.h"

namespace gato::rollout {
namespace {

// Ends a check; see EnvironmentChecker::run_check.
[[noreturn]] void fail_check(const std::string& problem) {
  throw env::EnvironmentError(problem);
}

void require_valid(const std::string& what, const data::FieldValues& values,
                   const std::vector<data::Field>& fields) {
  if (std::string problem = data::find_invalid_value(values, fields);
      !problem.empty()) {
    fail_check(what + " " + problem);
  }
}

std::string describe_fields(const std::vector<data::Field>& fields) {
  std::vector<std::string> texts;
  for (const data::Field& field : fields) {
    texts.push_back(field.role == data::Role::text
                        ? fmt::format("{}: text", field.name)
                        : fmt::format("{}: {} {} [{}]", field.name,
                                      data::role_name(field.role),
                                      data::dtype_name(field.dtype),
                                      fmt::join(field.shape, ",")));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

bool are_equal(const data::FieldValues& a, const data::FieldValues& b) {
  for (size_t f = 0; f < a.size(); ++f) {
    if (a[f].index() != b[f].index()) {
      return false;
    }
    if (const auto* text = std::get_if<std::string>(&a[f])) {
      if (*text != std::get<std::string>(b[f])) {
        return false;
      }
    } else if (std::get<data::Array>(a[f]).bytes !=
               std::get<data::Array>(b[f]).bytes) {
      return false;
    }
  }
  return true;
}

// Returns the bound of element i, and `none` if there are no bounds.
double bound_at(const std::vector<double>& bounds, int64_t i, double none) {
  return i < std::ssize(bounds) ? bounds[static_cast<size_t>(i)] : none;
}

// Returns the first element of a continuous field that is outside its bounds by
// more than rounding, such as "'speed': element 2 is 7, outside [-1, 1]", or
// "".
std::string find_value_outside(const data::FieldValues& values,
                               const std::vector<data::Field>& fields) {
  constexpr double kTolerance = 1e-5;
  for (size_t f = 0; f < fields.size(); ++f) {
    const data::Field& field = fields[f];
    if (field.role != data::Role::continuous) {
      continue;
    }
    const data::Array& array = std::get<data::Array>(values[f]);
    for (int64_t i = 0; i < array.size(); ++i) {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      const double low = bound_at(field.low, i, -kInfinity);
      const double high = bound_at(field.high, i, kInfinity);
      const double value = array.as_double(i);
      if (low - value > kTolerance * std::max(1.0, std::abs(low)) ||
          value - high > kTolerance * std::max(1.0, std::abs(high))) {
        return fmt::format("'{}': element {} is {:g}, outside [{:g}, {:g}]",
                           field.name, i, value, low, high);
      }
    }
  }
  return "";
}

class EnvironmentChecker {
 public:
  EnvironmentChecker(env::Environment& environment, uint64_t seed,
                     int64_t max_steps)
      : environment_(environment),
        spec_(environment.spec()),
        seed_(seed >> 33),  // 31 bits, which every simulator accepts
        max_steps_(max_steps) {}

  std::vector<EnvironmentCheckResult> run() {
    run_check("spec", [&] { return check_spec(); });
    run_check("reset", [&] { return check_reset(); });
    run_check("step", [&] { return check_step(); });
    if (spec_.has_seed) {
      run_check("seed", [&] { return check_determinism(); });
    }
    if (spec_.has_expert) {
      run_check("expert", [&] { return check_expert(); });
    }
    if (spec_.has_render) {
      run_check("render", [&] { return check_render(); });
    }
    run_check("end", [&] { return check_end(); });
    if (!outside_.empty()) {
      results_.push_back(
          {"bounds", /*passed=*/true, /*is_warning=*/true, outside_});
    }
    return results_;
  }

 private:
  struct EpisodeTrace {
    std::vector<data::FieldValues> observations;
    std::vector<double> rewards;
    bool ended = false;
  };

  void run_check(const std::string& name,
                 const std::function<std::string()>& work) {
    try {
      results_.push_back({name, /*passed=*/true, /*is_warning=*/false, work()});
    } catch (const env::EnvironmentError& error) {
      results_.push_back(
          {name, /*passed=*/false, /*is_warning=*/false, error.what()});
    }
  }

  // Checks an observation and remembers the first one outside its space.
  void check_observation(const std::string& what,
                         const data::FieldValues& observation) {
    const std::vector<data::Field>& fields = spec_.task.observation_fields;
    require_valid(what, observation, fields);
    if (!outside_.empty()) {
      return;
    }
    if (const std::string problem = find_value_outside(observation, fields);
        !problem.empty()) {
      outside_ = what + ": " + problem;
    }
  }

  // Plays one episode of random actions, or its first max_steps_ steps.
  EpisodeTrace play_random_episode() {
    EpisodeTrace trace;
    trace.observations.push_back(environment_.reset(seed_));
    check_observation("the observation of a reset", trace.observations.back());
    base::RandomStream rng(seed_);
    while (!trace.ended && std::ssize(trace.rewards) < max_steps_) {
      env::StepResult result =
          environment_.step(random_action(spec_.task.action_fields, rng));
      check_observation("an observation", result.observation);
      if (!std::isfinite(result.reward)) {
        fail_check(fmt::format("a reward is {}", result.reward));
      }
      trace.observations.push_back(std::move(result.observation));
      trace.rewards.push_back(result.reward);
      trace.ended = result.terminated || result.truncated;
    }
    return trace;
  }

  std::string check_spec() const {
    if (spec_.task.name.empty()) {
      fail_check("the task has no name");
    }
    if (spec_.task.observation_fields.empty()) {
      fail_check("the observation has no fields");
    }
    if (spec_.task.action_fields.empty()) {
      fail_check("the action has no fields");
    }
    return fmt::format(
        "{}: observation {}; action {}; max_steps {}", spec_.task.name,
        describe_fields(spec_.task.observation_fields),
        describe_fields(spec_.task.action_fields), spec_.max_episode_steps);
  }

  std::string check_reset() {
    for (int i = 0; i < 3; ++i) {
      check_observation("the observation of a reset",
                        environment_.reset(seed_ + i));
    }
    return "three seeds";
  }

  std::string check_step() {
    const EpisodeTrace trace = play_random_episode();
    double total = 0;
    for (double reward : trace.rewards) {
      total += reward;
    }
    return fmt::format("{} random steps, return {:g}{}", trace.rewards.size(),
                       total, trace.ended ? ", ended" : "");
  }

  std::string check_determinism() {
    const EpisodeTrace first = play_random_episode(),
                       second = play_random_episode();
    const size_t rows =
        std::min(first.observations.size(), second.observations.size());
    for (size_t t = 0; t < rows; ++t) {
      if (!are_equal(first.observations[t], second.observations[t])) {
        fail_check(fmt::format(
            "observation {} differs between two episodes with the same seed "
            "and actions",
            t));
      }
    }
    if (first.rewards != second.rewards) {
      fail_check(
          "rewards differ between two episodes with the same seed and actions");
    }
    return "the same seed and actions give the same episode";
  }

  std::string check_expert() {
    environment_.reset(seed_);
    int64_t step = 0;
    bool ended = false;
    for (; step < max_steps_ && !ended; ++step) {
      const data::FieldValues action = environment_.expert_action();
      require_valid("the expert's action", action, spec_.task.action_fields);
      const env::StepResult result = environment_.step(action);
      ended = result.terminated || result.truncated;
    }
    return fmt::format("{} steps{}", step, ended ? ", ended" : "");
  }

  std::string check_render() {
    environment_.reset(seed_);
    const data::Image image = environment_.render();
    if (image.height <= 0 || image.width <= 0 ||
        std::ssize(image.pixels) != int64_t{3} * image.height * image.width) {
      fail_check("the image is empty or has a wrong size");
    }
    return fmt::format("{}x{}", image.height, image.width);
  }

  // Checks that a step after the end is refused and that the environment can be
  // reset after that.
  std::string check_end() {
    if (!play_random_episode().ended) {
      return fmt::format("not reached within {} random steps", max_steps_);
    }
    base::RandomStream rng(seed_);
    bool refused = false;
    try {
      environment_.step(random_action(spec_.task.action_fields, rng));
    } catch (const env::EnvironmentError&) {
      refused = true;
    }
    if (!refused) {
      fail_check("a step after the end of an episode is accepted");
    }
    check_observation("the observation of the next reset",
                      environment_.reset(seed_));
    return "a step after the end is rejected, and a reset works";
  }

  env::Environment& environment_;
  env::EnvironmentSpec spec_;
  uint64_t seed_;
  int64_t max_steps_;
  std::vector<EnvironmentCheckResult> results_;
  std::string outside_;  // the first value that was outside its space
};

}  // namespace

std::vector<EnvironmentCheckResult> check_environment(
    env::Environment& environment, uint64_t seed, int64_t max_steps) {
  return EnvironmentChecker(environment, base::random_bits(seed, {}), max_steps)
      .run();
}

}  // namespace gato::rollout
