// Fields are matched by name. A token means the same to a model only if the
// field has the same kind, number of elements and discrete values, and, for
// actions, the same bounds. Text differs from numbers in kind, but images,
// discrete and continuous observations are all numbers, whose role the model
// decides.
#include "gato/tokenize/task_match.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/error.h"

namespace gato::tokenize {
namespace {

std::vector<std::string> field_names(const std::vector<data::Field>& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const data::Field& field : fields) {
    names.push_back(field.name);
  }
  return names;
}

// Returns the first value of every discrete element, 0 by default.
std::vector<int64_t> discrete_starts(const data::Field& field) {
  std::vector<int64_t> starts = field.start;
  starts.resize(field.n.size());
  return starts;
}

// Returns why `field` cannot be read as `learned`, as "is X, but Y", or an
// empty string if it can. Bounds matter for actions only: those of a continuous
// action define what its tokens mean.
std::string describe_difference(const data::Field& field,
                                const data::Field& learned, bool is_action) {
  const bool is_text = field.role == data::Role::text;
  if (is_text != (learned.role == data::Role::text)) {
    return fmt::format("is {}, but {}", data::role_name(field.role),
                       data::role_name(learned.role));
  }
  if (is_text) {
    return "";
  }
  const bool same_size = learned.role == data::Role::image
                             ? field.shape == learned.shape
                             : data::element_count(field.shape) ==
                                   data::element_count(learned.shape);
  if (!same_size) {
    return fmt::format("has the shape [{}], but [{}]",
                       fmt::join(field.shape, ","),
                       fmt::join(learned.shape, ","));
  }
  if (field.n != learned.n ||
      discrete_starts(field) != discrete_starts(learned)) {
    return fmt::format("has n [{}], start [{}], but n [{}], start [{}]",
                       fmt::join(field.n, ","), fmt::join(field.start, ","),
                       fmt::join(learned.n, ","),
                       fmt::join(learned.start, ","));
  }
  if (is_action && (field.low != learned.low || field.high != learned.high)) {
    return fmt::format("has the range [{}] to [{}], but [{}] to [{}]",
                       fmt::join(field.low, ","), fmt::join(field.high, ","),
                       fmt::join(learned.low, ","),
                       fmt::join(learned.high, ","));
  }
  return "";
}

// The names of the two sides in messages, and the advice of the messages.
struct MatchWording {
  const char* found;
  const char* wanted;
  std::string advice;
};

// Returns the fields of `found` in the order and with the roles of `wanted`.
// matched[i] is found[order[i]].
std::vector<data::Field> match_fields(const std::string& task,
                                      const std::vector<data::Field>& found,
                                      const std::vector<data::Field>& wanted,
                                      const char* kind,
                                      const MatchWording& wording,
                                      std::vector<size_t>& order) {
  if (found.size() != wanted.size()) {
    throw base::input_error(
        "task '{}': the {} of {} has the fields [{}], but that of {} has [{}]: "
        "{}",
        task, kind, wording.found, fmt::join(field_names(found), ", "),
        wording.wanted, fmt::join(field_names(wanted), ", "), wording.advice);
  }
  std::vector<data::Field> matched;
  order.clear();
  for (const data::Field& field : wanted) {
    const auto position = std::find_if(found.begin(), found.end(),
                                       [&](const data::Field& candidate) {
                                         return candidate.name == field.name;
                                       });
    if (position == found.end()) {
      throw base::input_error("task '{}': {} '{}' of {} is missing from {}: {}",
                              task, kind, field.name, wording.wanted,
                              wording.found, wording.advice);
    }
    const bool is_action = kind == std::string_view("action");
    const std::string problem =
        describe_difference(*position, field, is_action);
    if (!problem.empty()) {
      throw base::input_error("task '{}': {} '{}' of {} {} in {}: {}", task,
                              kind, field.name, wording.found, problem,
                              wording.wanted, wording.advice);
    }
    order.push_back(position - found.begin());
    matched.push_back(*position);
    matched.back().role = field.role;
  }
  return matched;
}

void match_specs(const data::TaskSpec& found, const data::TaskSpec& wanted,
                 const MatchWording& wording, TaskMatch& match) {
  match.spec.observation_fields = match_fields(
      found.name, found.observation_fields, wanted.observation_fields,
      "observation", wording, match.observation_order);
  match.spec.action_fields =
      match_fields(found.name, found.action_fields, wanted.action_fields,
                   "action", wording, match.action_order);
}

std::vector<data::FieldColumn> reorder_columns(
    std::vector<data::FieldColumn> columns, const std::vector<size_t>& order) {
  std::vector<data::FieldColumn> reordered;
  reordered.reserve(order.size());
  for (size_t field : order) {
    reordered.push_back(std::move(columns[field]));
  }
  return reordered;
}

// Returns the first names of the tasks, such as " (it knows 'a', 'b')"; empty
// if there are none.
std::string describe_known_tasks(const data::TaskTable& tasks) {
  constexpr size_t kMaxNames = 3;
  std::vector<std::string> names;
  for (const data::TaskEntry& task : tasks.tasks) {
    if (names.size() == kMaxNames) {
      names.emplace_back("...");
      break;
    }
    names.push_back(fmt::format("'{}'", task.spec.name));
  }
  return names.empty() ? ""
                       : fmt::format(" (it knows {})", fmt::join(names, ", "));
}

}  // namespace

data::FieldValues TaskMatch::observation_for_model(
    const data::FieldValues& environment_observation) const {
  data::FieldValues values;
  for (size_t field : observation_order) {
    values.push_back(environment_observation[field]);
  }
  return values;
}

data::FieldValues TaskMatch::action_for_environment(
    data::FieldValues action) const {
  data::FieldValues values(action.size());
  for (size_t i = 0; i < action.size(); ++i) {
    values[action_order[i]] = std::move(action[i]);
  }
  return values;
}

data::Episode TaskMatch::episode_for_model(data::Episode episode) const {
  episode.observations =
      reorder_columns(std::move(episode.observations), observation_order);
  episode.actions = reorder_columns(std::move(episode.actions), action_order);
  if (!episode.expert_actions.empty()) {
    episode.expert_actions =
        reorder_columns(std::move(episode.expert_actions), action_order);
  }
  return episode;
}

TaskMatch match_task(const data::TaskSpec& environment,
                     const data::TaskTable& tasks) {
  TaskMatch match;
  match.spec = environment;
  data::TaskSpec learned = environment;
  match.task_index = tasks.find(environment.name);
  if (match.task_index) {
    learned = tasks.tasks[*match.task_index].spec;
  } else {
    spdlog::warn(
        "the model does not know the task '{}'{}: it is played with the roles "
        "that the environment's fields have by default, and the model has no "
        "prompt for it",
        environment.name, describe_known_tasks(tasks));
    data::sort_fields(learned.observation_fields);
    data::sort_fields(learned.action_fields);
  }
  match_specs(environment, learned,
              {"the environment", "the model",
               "use a model that was trained on this environment"},
              match);
  return match;
}

TaskMatch match_dataset(const data::TaskSpec& dataset,
                        const data::TaskSpec& spec) {
  TaskMatch match;
  match.spec = dataset;
  match_specs(dataset, spec,
              {"the dataset", "the task",
               fmt::format("use a dataset of '{}'", spec.name)},
              match);
  return match;
}

}  // namespace gato::tokenize
