// The built-in environments of all domains, by name.
#include <map>

#include "gato/base/error.h"
#include "gato/base/spelling.h"
#include "gato/env/builtin_environment.h"

namespace gato::env {
namespace {

using Registry =
    std::map<std::string, std::function<std::unique_ptr<Environment>()>>;

const Registry& registry() {
  static const Registry kRegistry = [] {
    Registry tasks;
    for (const auto& domain_tasks :
         {arcade_tasks, arm_tasks, bodies_tasks, control_tasks, grid_tasks,
          maze_tasks, puzzle_tasks, robot_tasks}) {
      for (BuiltinTask& task : domain_tasks()) {
        tasks.emplace(std::move(task.name), std::move(task.make));
      }
    }
    return tasks;
  }();
  return kRegistry;
}

}  // namespace

std::vector<std::string> builtin_environment_names() {
  std::vector<std::string> names;
  names.reserve(registry().size());
  for (const auto& [name, make] : registry()) {
    names.push_back(name);
  }
  return names;
}

std::unique_ptr<Environment> make_builtin_environment(const std::string& name) {
  const auto entry = registry().find(name);
  if (entry == registry().end()) {
    throw base::usage_error(
        "there is no environment '{}'{} (--list-envs lists them)", name,
        base::suggestion(name, builtin_environment_names()));
  }
  return entry->second();
}

}  // namespace gato::env
