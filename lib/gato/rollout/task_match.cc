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

// What keeps `field` from being read as `learned`: "is X, but Y".
std::string difference(const Field& field, const Field& learned,
                       bool is_action) {
  const bool is_text = field.role == Role::text;
  if (is_text != (learned.role == Role::text))
    return fmt::format("is {}, but {}", name_of(field.role),
                       name_of(learned.role));
  if (is_text) return "";
  const bool same_size =
      learned.role == Role::image
          ? field.shape == learned.shape
          : element_count(field.shape) == element_count(learned.shape);
  if (!same_size)
    return fmt::format("has the shape [{}], but [{}]",
                       fmt::join(field.shape, ","),
                       fmt::join(learned.shape, ","));
  if (field.n != learned.n || starts_of(field) != starts_of(learned))
    return fmt::format("has n [{}], start [{}], but n [{}], start [{}]",
                       fmt::join(field.n, ","), fmt::join(field.start, ","),
                       fmt::join(learned.n, ","),
                       fmt::join(learned.start, ","));
  if (is_action && (field.low != learned.low || field.high != learned.high))
    return fmt::format("has the range [{}] to [{}], but [{}] to [{}]",
                       fmt::join(field.low, ","), fmt::join(field.high, ","),
                       fmt::join(learned.low, ","),
                       fmt::join(learned.high, ","));
  return "";
}

// Who is compared, for messages.
struct Sides {
  const char* found;
  const char* wanted;
  const char* advice;
};
constexpr Sides environment_and_model{
    "the environment", "the model",
    "play it with a model of the same environment"};
constexpr Sides dataset_and_task{"the dataset", "the task",
                                 "give a dataset of the same environment"};

// Gives the fields that were found the order and roles of the wanted ones.
std::vector<Field> arrange(const std::string& task,
                           const std::vector<Field>& found,
                           const std::vector<Field>& wanted, const char* kind,
                           const Sides& sides, std::vector<size_t>& order) {
  if (found.size() != wanted.size())
    throw input_error("task '{}': the {} of {} is [{}], that of {} [{}]; {}",
                      task, kind, sides.found, fmt::join(names_of(found), ", "),
                      sides.wanted, fmt::join(names_of(wanted), ", "),
                      sides.advice);
  std::vector<Field> arranged;
  order.clear();
  for (const Field& field : wanted) {
    const auto same = std::find_if(
        found.begin(), found.end(),
        [&](const Field& candidate) { return candidate.name == field.name; });
    if (same == found.end())
      throw input_error("task '{}': {} '{}' of {} is missing in {}; {}", task,
                        kind, field.name, sides.wanted, sides.found,
                        sides.advice);
    const bool is_action = kind == std::string_view("action");
    const std::string problem = difference(*same, field, is_action);
    if (!problem.empty())
      throw input_error("task '{}': {} '{}' of {} {} in {}; {}", task, kind,
                        field.name, sides.found, problem, sides.wanted,
                        sides.advice);
    order.push_back(same - found.begin());
    arranged.push_back(*same);
    arranged.back().role = field.role;
  }
  return arranged;
}

void arrange(const TaskSpec& found, const TaskSpec& wanted, const Sides& sides,
             TaskMatch& match) {
  match.spec.observation =
      arrange(found.name, found.observation, wanted.observation, "observation",
              sides, match.observation_order);
  match.spec.action = arrange(found.name, found.action, wanted.action, "action",
                              sides, match.action_order);
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
  arrange(environment, learned, environment_and_model, match);
  return match;
}

TaskMatch match_dataset(const TaskSpec& dataset, const TaskSpec& spec) {
  TaskMatch match;
  match.spec = dataset;
  arrange(dataset, spec, dataset_and_task, match);
  return match;
}

}  // namespace gato
