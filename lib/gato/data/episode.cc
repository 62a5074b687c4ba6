#include "gato/data/episode.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gato/base/error.h"

namespace gato::data {
namespace {

int64_t row_count(const FieldColumn& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return static_cast<int64_t>(texts->size());
  }
  const auto& array = std::get<Array>(column);
  return array.shape.empty() ? 0 : array.shape[0];
}

bool has_nan(const Array& array) {
  if (!is_floating(array.dtype)) {
    return false;
  }
  for (int64_t i = 0; i < array.size(); ++i) {
    if (std::isnan(array.as_double(i))) {
      return true;
    }
  }
  return false;
}

// Returns "" if `value` is a valid value of `field`.
std::string describe_problem(const FieldValue& value, const Field& field) {
  const bool is_text = std::holds_alternative<std::string>(value);
  if (is_text != (field.role == Role::text)) {
    return fmt::format(
        "'{}' is {}", field.name,
        is_text ? "text but should be numeric" : "numeric but should be text");
  }
  if (is_text) {
    return "";
  }
  const Array& array = std::get<Array>(value);
  if (array.dtype != field.dtype || array.shape != field.shape) {
    return fmt::format("'{}' is {} [{}] but should be {} [{}]", field.name,
                       dtype_name(array.dtype), fmt::join(array.shape, ","),
                       dtype_name(field.dtype), fmt::join(field.shape, ","));
  }
  if (has_nan(array)) {
    return fmt::format("'{}' contains NaN", field.name);
  }
  return "";
}

}  // namespace

std::string find_invalid_value(const FieldValues& values,
                               const std::vector<Field>& fields) {
  if (values.size() != fields.size()) {
    return fmt::format("has {} values instead of {}", values.size(),
                       fields.size());
  }
  for (size_t f = 0; f < fields.size(); ++f) {
    if (std::string problem = describe_problem(values[f], fields[f]);
        !problem.empty()) {
      return problem;
    }
  }
  return "";
}

int64_t Episode::step_count() const {
  if (!actions.empty()) {
    return row_count(actions.front());
  }
  return std::ssize(rewards);
}

double Episode::total_reward() const {
  if (rewards.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::accumulate(rewards.begin(), rewards.end(), 0.0);
}

std::optional<bool> success_from_infos(
    const std::map<std::string, std::vector<double>>& infos) {
  std::optional<bool> success;
  for (const char* key : kSuccessInfoKeys) {
    const auto found = infos.find(key);
    if (found == infos.end()) {
      continue;
    }
    success = success.value_or(false) ||
              std::ranges::any_of(found->second,
                                  [](double value) { return value > 0.5; });
  }
  return success;
}

std::optional<int64_t> steps_to_success(
    const std::map<std::string, std::vector<double>>& infos) {
  std::optional<int64_t> steps;
  for (const char* key : kSuccessInfoKeys) {
    const auto found = infos.find(key);
    if (found == infos.end()) {
      continue;
    }
    const auto first = std::ranges::find_if(
        found->second, [](double value) { return value > 0.5; });
    if (first != found->second.end()) {
      const int64_t step = first - found->second.begin();
      steps = std::min(steps.value_or(step), step);
    }
  }
  return steps;
}

void require_finite_rewards(const Episode& episode, const std::string& label) {
  for (size_t step = 0; step < episode.rewards.size(); ++step) {
    if (!std::isfinite(episode.rewards[step])) {
      throw base::input_error(
          "{}: episode {}: rewards: step {} is {}: repair or remove the "
          "episode",
          label, episode.id, step, episode.rewards[step]);
    }
  }
}

}  // namespace gato::data
