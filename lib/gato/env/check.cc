#include "gato/env/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "gato/base/random.h"

namespace gato {
namespace {

constexpr int64_t kRepeatedSteps = 20;  // of the episodes that are compared
constexpr int64_t kLongestEpisode = 10000;
constexpr double kWidestRandom = 1;  // where an action has no bound
constexpr int64_t kDiscreteValues = 1024;

class Check {
 public:
  explicit Check(Environment& environment)
      : environment_(environment), spec_(environment.spec()) {}

  std::vector<std::string> run() {
    check_spec();
    if (!findings_.empty()) return findings_;
    check_seeds();
    check_whole_episode();
    return findings_;
  }

 private:
  template <class... Args>
  void find(fmt::format_string<Args...> format, Args&&... args) {
    std::string finding = fmt::format(format, std::forward<Args>(args)...);
    if (std::find(findings_.begin(), findings_.end(), finding) ==
        findings_.end())
      findings_.push_back(std::move(finding));
  }

  // Runs `work`; says what failed where the environment breaks down.
  template <class Work>
  bool attempt(const char* what, const Work& work) {
    try {
      work();
      return true;
    } catch (const EnvironmentError& error) {
      find("{} failed: {}", what, error.what());
      return false;
    }
  }

  void check_spec() {
    if (spec_.task.name.empty()) find("the task has no name");
    if (spec_.max_steps < 0) find("max_steps is {}", spec_.max_steps);
    check_fields("observation", spec_.task.observation);
    check_fields("action", spec_.task.action);
    for (const Field& field : spec_.task.action)
      if (field.role == Role::text || field.role == Role::image)
        find("action '{}' is {}; actions are discrete or continuous",
             field.name, name_of(field.role));
  }

  void check_fields(const char* kind, const std::vector<Field>& fields) {
    if (fields.empty()) find("there is no {}", kind);
    std::vector<Field> sorted = fields;
    sort_fields(sorted);
    if (sorted != fields) find("the {} fields are not in token order", kind);
    std::set<std::string> names;
    for (const Field& field : fields) {
      if (!names.insert(field.name).second)
        find("{} '{}' stands there twice", kind, field.name);
      const auto count = static_cast<size_t>(element_count(field.shape));
      for (const size_t size : {field.low.size(), field.high.size(),
                                field.n.size(), field.start.size()})
        if (field.role != Role::text && size != 0 && size != count)
          find("{} '{}' has {} bounds for {} elements", kind, field.name, size,
               count);
      for (const int64_t n : field.n)
        if (n < 1 || n > kDiscreteValues)
          find("{} '{}' has {} values; 1 to {} can be told apart", kind,
               field.name, n, kDiscreteValues);
      for (size_t i = 0; i < std::min(field.low.size(), field.high.size()); ++i)
        if (!(field.low[i] <= field.high[i]))
          find("{} '{}' has a low of {} and a high of {}", kind, field.name,
               field.low[i], field.high[i]);
    }
  }

  // The same seed must give the same episode, twice on one object.
  void check_seeds() {
    const std::vector<Values> first = short_episode(1),
                              second = short_episode(1);
    if (first.empty() || second.empty()) return;
    if (!spec_.has_seed) return;
    if (!are_equal(first[0], second[0]))
      find("two resets with the seed 1 gave different observations");
    else if (!std::equal(first.begin(), first.end(), second.begin(),
                         second.end(), are_equal))
      find("the same actions after the same seed gave different observations");
  }

  std::vector<Values> short_episode(uint64_t seed) {
    std::vector<Values> observations;
    RandomStream random(seed);
    attempt("an episode", [&] {
      observations.push_back(environment_.reset(seed));
      for (int64_t i = 0; i < kRepeatedSteps; ++i) {
        const StepResult result = environment_.step(random_action(random));
        observations.push_back(result.observation);
        if (result.terminated || result.truncated) return;
      }
    });
    return observations;
  }

  void check_whole_episode() {
    const int64_t limit =
        spec_.max_steps > 0 ? spec_.max_steps : kLongestEpisode;
    RandomStream random(3);
    StepResult result;
    const bool has_ended = attempt("an episode", [&] {
      check_observation(environment_.reset(3));
      if (spec_.has_expert) check_expert();
      if (spec_.has_render) check_picture();
      int64_t steps = 0;
      while (!result.terminated && !result.truncated && steps < limit) {
        result = environment_.step(random_action(random));
        ++steps;
        check_observation(result.observation);
        if (!std::isfinite(result.reward))
          find("the reward of step {} is {}", steps, result.reward);
      }
      if (spec_.max_steps > 0 && !result.terminated && !result.truncated)
        find("max_steps is {}, yet the episode goes on after {} steps",
             spec_.max_steps, steps);
    });
    if (has_ended && (result.terminated || result.truncated)) check_after_end();
  }

  void check_after_end() {
    RandomStream random(4);
    try {
      environment_.step(random_action(random));
      find("a step after the end of an episode was taken; it must be refused");
    } catch (const EnvironmentError&) {
      // As it should be.
    }
    attempt("a reset after the end of an episode",
            [&] { check_observation(environment_.reset(5)); });
  }

  void check_expert() {
    attempt("the expert", [&] {
      check_values("the expert's action", spec_.task.action,
                   environment_.expert());
    });
  }

  void check_picture() {
    attempt("render", [&] {
      const Image image = environment_.render();
      if (image.height < 1 || image.width < 1 ||
          image.pixels.size() != size_t{3} * image.height * image.width)
        find("render gave a picture of {} x {} pixels and {} bytes",
             image.height, image.width, image.pixels.size());
    });
  }

  void check_observation(const Values& values) {
    check_values("the observation", spec_.task.observation, values);
  }

  void check_values(const char* what, const std::vector<Field>& fields,
                    const Values& values) {
    if (values.size() != fields.size()) {
      find("{} has {} fields, the spec {}", what, values.size(), fields.size());
      return;
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      const Field& field = fields[i];
      const auto* array = std::get_if<Array>(&values[i]);
      if ((array == nullptr) != (field.role == Role::text))
        find("{}: '{}' is {}", what, field.name,
             array == nullptr ? "a text" : "no text");
      else if (array != nullptr &&
               (array->dtype != field.dtype || array->shape != field.shape))
        find("{}: '{}' is {} [{}], the spec says {} [{}]", what, field.name,
             name_of(array->dtype), fmt::join(array->shape, ", "),
             name_of(field.dtype), fmt::join(field.shape, ", "));
      else if (array != nullptr)
        check_range(what, field, *array);
    }
  }

  void check_range(const char* what, const Field& field, const Array& array) {
    for (int64_t i = 0; i < array.size(); ++i) {
      const double value = array.as_double(i);
      double low = -std::numeric_limits<double>::infinity(), high = -low;
      if (!field.n.empty()) {
        low = static_cast<double>(field.start.empty() ? 0 : field.start[i]);
        high = low + static_cast<double>(field.n[i]) - 1;
      } else if (!field.low.empty()) {
        low = field.low[i];
        high = field.high[i];
      }
      if (!(value >= low && value <= high))
        find("{}: element {} of '{}' left its range from {} to {}", what, i,
             field.name, low, high);
    }
  }

  Values random_action(RandomStream& random) const {
    Values action;
    for (const Field& field : spec_.task.action) {
      Array array = Array::zeros(field.dtype, field.shape);
      for (int64_t i = 0; i < array.size(); ++i) {
        if (!field.n.empty()) {
          array.set_integer(i,
                            (field.start.empty() ? 0 : field.start[i]) +
                                static_cast<int64_t>(random.below(field.n[i])));
          continue;
        }
        double low = -kWidestRandom, high = kWidestRandom;
        if (!field.low.empty() && std::isfinite(field.low[i])) {
          low = field.low[i];
          high = std::isfinite(field.high[i]) ? field.high[i]
                                              : low + kWidestRandom;
        } else if (!field.high.empty() && std::isfinite(field.high[i])) {
          high = field.high[i];
          low = high - kWidestRandom;
        }
        const double value = random.uniform(low, high);
        array.set(i, is_integer(field.dtype) ? std::round(value) : value);
      }
      action.push_back(std::move(array));
    }
    return action;
  }

  static bool are_equal(const Values& a, const Values& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Value& left, const Value& right) {
                        if (left.index() != right.index()) return false;
                        if (const auto* array = std::get_if<Array>(&left))
                          return array->bytes == std::get<Array>(right).bytes;
                        return std::get<std::string>(left) ==
                               std::get<std::string>(right);
                      });
  }

  Environment& environment_;
  const EnvironmentSpec& spec_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> check_environment(Environment& environment) {
  return Check(environment).run();
}

}  // namespace gato
