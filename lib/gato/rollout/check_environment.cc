#include "gato/rollout/check_environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>

#include "gato/base/error.h"
#include "gato/rollout/action_space.h"
#include "gato/rollout/recorder.h"

namespace gato {
namespace {

// What went wrong in a check; caught by Checker::check.
[[noreturn]] void reject(const std::string& problem) {
  throw EnvironmentError(problem);
}

void require_valid(const std::string& what, const Values& values,
                   const std::vector<Field>& fields) {
  if (std::string problem = problem_of(values, fields); !problem.empty())
    reject(what + " " + problem);
}

std::string describe(const std::vector<Field>& fields) {
  std::vector<std::string> texts;
  for (const Field& field : fields)
    texts.push_back(field.role == Role::text
                        ? fmt::format("{}: text", field.name)
                        : fmt::format("{}: {} {} [{}]", field.name,
                                      name_of(field.role), name_of(field.dtype),
                                      fmt::join(field.shape, ",")));
  return fmt::format("{}", fmt::join(texts, "; "));
}

bool same(const Values& a, const Values& b) {
  for (size_t f = 0; f < a.size(); ++f) {
    if (a[f].index() != b[f].index()) return false;
    if (const auto* text = std::get_if<std::string>(&a[f])) {
      if (*text != std::get<std::string>(b[f])) return false;
    } else if (std::get<Array>(a[f]).bytes != std::get<Array>(b[f]).bytes) {
      return false;
    }
  }
  return true;
}

class Checker {
 public:
  Checker(Environment& environment, uint64_t seed, int64_t steps)
      : environment_(environment),
        spec_(environment.spec()),
        seed_(seed >> 33),
        steps_(steps) {}

  std::vector<EnvironmentCheck> run() {
    check("spec", [&] { return spec(); });
    check("reset", [&] { return reset(); });
    check("step", [&] { return step(); });
    if (spec_.has_seed) check("seed", [&] { return repeat(); });
    if (spec_.has_expert) check("expert", [&] { return expert(); });
    if (spec_.has_render) check("render", [&] { return render(); });
    check("end", [&] { return end(); });
    return checks_;
  }

 private:
  struct Trace {
    std::vector<Values> observations;
    std::vector<double> rewards;
    bool ended = false;
  };

  void check(const std::string& name,
             const std::function<std::string()>& work) {
    try {
      checks_.push_back({name, true, work()});
    } catch (const EnvironmentError& error) {
      checks_.push_back({name, false, error.what()});
    }
  }

  // One episode of random actions, cut after steps_ steps.
  Trace play() {
    Trace trace;
    trace.observations.push_back(environment_.reset(seed_));
    require_valid("the observation of a reset", trace.observations.back(),
                  spec_.task.observation);
    RandomStream draws(seed_);
    while (!trace.ended && std::ssize(trace.rewards) < steps_) {
      StepResult result =
          environment_.step(random_action(spec_.task.action, draws));
      require_valid("an observation", result.observation,
                    spec_.task.observation);
      if (!std::isfinite(result.reward))
        reject(fmt::format("a reward is {}", result.reward));
      trace.observations.push_back(std::move(result.observation));
      trace.rewards.push_back(result.reward);
      trace.ended = result.terminated || result.truncated;
    }
    return trace;
  }

  std::string spec() const {
    if (spec_.task.name.empty()) reject("the task has no name");
    if (spec_.task.observation.empty()) reject("nothing is observed");
    if (spec_.task.action.empty()) reject("there is no action");
    return fmt::format("{}: observation {}; action {}; max_steps {}",
                       spec_.task.name, describe(spec_.task.observation),
                       describe(spec_.task.action), spec_.max_steps);
  }

  std::string reset() {
    for (int i = 0; i < 3; ++i)
      require_valid("the observation", environment_.reset(seed_ + i),
                    spec_.task.observation);
    return "three seeds";
  }

  std::string step() {
    const Trace trace = play();
    double total = 0;
    for (double reward : trace.rewards) total += reward;
    return fmt::format("{} random steps, return {:g}{}", trace.rewards.size(),
                       total, trace.ended ? ", ended" : "");
  }

  std::string repeat() {
    const Trace first = play(), second = play();
    const size_t rows =
        std::min(first.observations.size(), second.observations.size());
    for (size_t t = 0; t < rows; ++t)
      if (!same(first.observations[t], second.observations[t]))
        reject(fmt::format(
            "the same seed and actions give another observation {}", t));
    if (first.rewards != second.rewards)
      reject("the same seed and actions give other rewards");
    return "the same seed and actions give the same episode";
  }

  std::string expert() {
    environment_.reset(seed_);
    int64_t step = 0;
    bool ended = false;
    for (; step < steps_ && !ended; ++step) {
      const Values action = environment_.expert();
      require_valid("the expert's action", action, spec_.task.action);
      const StepResult result = environment_.step(action);
      ended = result.terminated || result.truncated;
    }
    return fmt::format("{} steps{}", step, ended ? ", ended" : "");
  }

  std::string render() {
    environment_.reset(seed_);
    const Image image = environment_.render();
    if (image.height <= 0 || image.width <= 0 ||
        std::ssize(image.pixels) != int64_t{3} * image.height * image.width)
      reject("the picture is empty or has a wrong size");
    return fmt::format("{}x{}", image.height, image.width);
  }

  // A step after the end is refused, and the environment can be used again.
  std::string end() {
    if (!play().ended)
      return fmt::format("not seen within {} random steps", steps_);
    RandomStream draws(seed_);
    bool refused = false;
    try {
      environment_.step(random_action(spec_.task.action, draws));
    } catch (const EnvironmentError&) {
      refused = true;
    }
    if (!refused) reject("a step after the end is accepted");
    require_valid("the observation of the next reset",
                  environment_.reset(seed_), spec_.task.observation);
    return "a step after the end is refused, a reset works";
  }

  Environment& environment_;
  EnvironmentSpec spec_;
  uint64_t seed_;
  int64_t steps_;
  std::vector<EnvironmentCheck> checks_;
};

}  // namespace

std::vector<EnvironmentCheck> check_environment(Environment& environment,
                                                uint64_t seed, int64_t steps) {
  return Checker(environment, random_bits(seed, {}), steps).run();
}

}  // namespace gato
