// The built-in environments of all domains, by name.
#include <algorithm>

#include "gato/base/error.h"
#include "gato/base/spelling.h"
#include "gato/env/builtin_environment.h"

namespace gato::env {

const std::vector<BuiltinTask>& builtin_tasks() {
  static const std::vector<BuiltinTask> kTasks = [] {
    std::vector<BuiltinTask> tasks;
    for (const auto& domain_tasks :
         {arcade_tasks, arm_tasks, bodies_tasks, control_tasks, grid_tasks,
          maze_tasks, puzzle_tasks, robot_tasks}) {
      std::ranges::move(domain_tasks(), std::back_inserter(tasks));
    }
    std::ranges::sort(tasks, {}, &BuiltinTask::name);
    return tasks;
  }();
  return kTasks;
}

std::vector<std::string> builtin_environment_names() {
  std::vector<std::string> names;
  for (const BuiltinTask& task : builtin_tasks()) {
    names.push_back(task.name);
  }
  return names;
}

std::unique_ptr<Environment> make_builtin_environment(const std::string& name) {
  const auto task =
      std::ranges::lower_bound(builtin_tasks(), name, {}, &BuiltinTask::name);
  if (task == builtin_tasks().end() || task->name != name) {
    throw base::usage_error(
        "there is no environment '{}'{} (--list-envs lists them)", name,
        base::suggestion(name, builtin_environment_names()));
  }
  return task->make();
}

}  // namespace gato::env
