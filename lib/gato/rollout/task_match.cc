#include "gato/rollout/task_match.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato {
namespace {

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

// The first value of every discrete element; 0 where none is stated.
std::vector<int64_t> starts_of(const Field& field) {
  std::vector<int64_t> starts = field.start;
  starts.resize(field.n.size());
  return starts;
}

// What keeps `field` of the environment from being read as `learned`.
std::string difference(const Field& field, const Field& learned,
                       bool is_action) {
  const bool is_text = field.role == Role::text;
  if (is_text != (learned.role == Role::text))
    return fmt::format("is {} and was {}", name_of(field.role),
                       name_of(learned.role));
  if (is_text) return "";
  const bool same_size =
      learned.role == Role::image
          ? field.shape == learned.shape
          : element_count(field.shape) == element_count(learned.shape);
  if (!same_size)
    return fmt::format("has the shape [{}] and had [{}]",
                       fmt::join(field.shape, ","),
                       fmt::join(learned.shape, ","));
  if (field.n != learned.n || starts_of(field) != starts_of(learned))
    return fmt::format("has n [{}], start [{}] and had n [{}], start [{}]",
                       fmt::join(field.n, ","), fmt::join(field.start, ","),
                       fmt::join(learned.n, ","),
                       fmt::join(learned.start, ","));
  if (is_action && (field.low != learned.low || field.high != learned.high))
    return fmt::format("has the range [{}] to [{}] and had [{}] to [{}]",
                       fmt::join(field.low, ","), fmt::join(field.high, ","),
                       fmt::join(learned.low, ","),
                       fmt::join(learned.high, ","));
  return "";
}

// Gives the environment's fields the order and roles of the learned ones.
std::vector<Field> arrange(const TaskSpec& environment,
                           const std::vector<Field>& fields,
                           const std::vector<Field>& learned,
                           std::vector<size_t>& order, bool is_action) {
  const char* kind = is_action ? "action" : "observation";
  if (fields.size() != learned.size())
    throw input_error(
        "task '{}': the environment's {} is [{}], the model learned [{}]; play "
        "it with a model of the same environment",
        environment.name, kind, fmt::join(names_of(fields), ", "),
        fmt::join(names_of(learned), ", "));
  std::vector<Field> arranged;
  order.clear();
  for (const Field& wanted : learned) {
    const auto found = std::find_if(
        fields.begin(), fields.end(),
        [&](const Field& field) { return field.name == wanted.name; });
    std::string problem = found == fields.end()
                              ? "is missing from the environment"
                              : difference(*found, wanted, is_action);
    if (!problem.empty())
      throw input_error(
          "task '{}': {} '{}' {} when the model learned it; play it with a "
          "model of the same environment",
          environment.name, kind, wanted.name, problem);
    order.push_back(found - fields.begin());
    arranged.push_back(*found);
    arranged.back().role = wanted.role;
  }
  return arranged;
}

}  // namespace

Values TaskMatch::observation_of(const Values& environment) const {
  Values values;
  for (size_t field : observation_order) values.push_back(environment[field]);
  return values;
}

Values TaskMatch::action_for_environment(Values action) const {
  Values values(action.size());
  for (size_t i = 0; i < action.size(); ++i)
    values[action_order[i]] = std::move(action[i]);
  return values;
}

TaskMatch match_task(const TaskSpec& environment, const TaskTable& tasks) {
  TaskMatch match;
  match.spec = environment;
  TaskSpec learned = environment;
  const auto known = std::find_if(tasks.tasks.begin(), tasks.tasks.end(),
                                  [&](const TaskEntry& entry) {
                                    return entry.spec.name == environment.name;
                                  });
  if (known != tasks.tasks.end()) {
    match.task = static_cast<int32_t>(known - tasks.tasks.begin());
    learned = known->spec;
  } else {
    spdlog::warn(
        "the model knows no task '{}'; it is played without a prompt of its "
        "own, with the environment's roles",
        environment.name);
    sort_fields(learned.observation);
    sort_fields(learned.action);
  }
  match.spec.observation =
      arrange(environment, environment.observation, learned.observation,
              match.observation_order, false);
  match.spec.action = arrange(environment, environment.action, learned.action,
                              match.action_order, true);
  return match;
}

}  // namespace gato
