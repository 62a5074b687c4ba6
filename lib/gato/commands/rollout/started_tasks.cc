#include "gato/commands/rollout/started_tasks.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/base/signals.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

// The number of tasks that are played at the same time, at most.
constexpr int64_t kMaxTasksAtOnce = 8;

// Throws Error(usage) if the names cannot all be directories below the output.
void check_task_folders(const std::vector<ControlTask>& tasks) {
  for (const ControlTask& task : tasks) {
    const fs::path folder = task.name();
    if (folder.is_absolute() || !folder.has_filename() ||
        folder != folder.lexically_normal() || *folder.begin() == ".." ||
        folder == ".") {
      throw base::usage_error(
          "--env-command: the task '{}' cannot be a directory below --output: "
          "play it in a separate invocation",
          task.name());
    }
    for (const ControlTask& other : tasks) {
      if (&other != &task && other.name() == task.name()) {
        throw base::usage_error(
            "--env-command: two environments have the task '{}': play them in "
            "separate invocations",
            task.name());
      }
      if (other.name().starts_with(task.name() + "/")) {
        throw base::usage_error(
            "--env-command: the dataset of '{}' would be within that of '{}': "
            "play them in separate invocations",
            other.name(), task.name());
      }
    }
  }
}

// Returns how many tasks are played at the same time: more than one if there
// are environments in processes of their own, for which the threads wait. While
// one task waits, another computes. Two tasks have twice as many environments
// as --batch and --threads say; more tasks only share that number.
int64_t count_tasks_at_once(const std::vector<NamedEnvironment>& environments,
                            int64_t slots, int64_t slots_per_task) {
  if (std::ranges::none_of(environments, &NamedEnvironment::is_external)) {
    return 1;
  }
  return std::min(
      std::clamp<int64_t>(2 * slots / slots_per_task, 2, kMaxTasksAtOnce),
      std::ssize(environments));
}

}  // namespace

ControlTasks start_control_tasks(const RolloutControlOptions& options,
                                 int64_t threads, int64_t episodes,
                                 const PolicyBuilder& policy_builder) {
  const std::vector<NamedEnvironment> environments =
      find_environments(options.environments);
  const int64_t slots = threads * options.batch_size,
                slots_per_task = std::min(slots, episodes);
  ControlTasks result;
  result.tasks_at_once =
      count_tasks_at_once(environments, slots, slots_per_task);
  base::OrderedThreadPool jobs(
      std::min(std::ssize(environments), rollout::kMaxStartingEnvironments));
  for (int64_t i = 0; i < std::ssize(environments); ++i) {
    jobs.submit([&, i](int64_t) {
      base::throw_if_stopped();
      const NamedEnvironment& environment = environments[i];
      const bool is_early = i < result.tasks_at_once;
      const bool starts_all =
          is_early && environment.is_external && !options.resume;
      auto task = std::make_shared<ControlTask>();
      task->environments = std::make_unique<rollout::EnvironmentStarter>(
          environment.make, starts_all ? slots_per_task : 1);
      task->spec = task->environments->first_spec();
      if (!is_early) {
        task->environments->close();  // many simulators may not fit in memory
      }
      task->spec.task.settings["max_steps"] =
          rollout::step_limit(options.max_steps, task->spec.max_episode_steps);
      return [&, task] {
        task->make_policy = policy_builder.make_factory(
            task->spec, environments.size() == 1, task->attributes);
        result.tasks.push_back(std::move(*task));
      };
    });
  }
  jobs.wait_all();
  if (result.tasks.size() > 1) {
    check_task_folders(result.tasks);
  }
  return result;
}

}  // namespace gato::commands
