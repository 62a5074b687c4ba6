// The tasks of gato-rollout control: their environments and policies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gato/commands/rollout/policy_builder.h"
#include "gato/commands/rollout/rollout_control.h"
#include "gato/env/environment.h"
#include "gato/rollout/environment_starter.h"
#include "gato/rollout/episode_runner.h"

namespace gato::commands {

struct ControlTask {
  std::unique_ptr<rollout::EnvironmentStarter> environments;
  env::EnvironmentSpec spec;
  rollout::PolicyFactory make_policy;
  // Root attributes of the dataset.
  nlohmann::json attributes = nlohmann::json::object();
  const std::string& name() const { return spec.task.name; }
};

struct ControlTasks {
  std::vector<ControlTask> tasks;
  // The number of tasks that are played at the same time.
  int64_t tasks_at_once = 1;
};

// Starts an environment of each task to learn its spec, several at the same
// time because simulators take seconds to start, and makes the policies.
// `episodes` is the number of episodes per task. Unless the run is resumed, all
// environments of the tasks that are played first are started. Throws
// Error(usage) if the tasks cannot all be directories below the output, and
// what PolicyBuilder::make_factory() and the starts throw.
ControlTasks start_control_tasks(const RolloutControlOptions& options,
                                 int64_t threads, int64_t episodes,
                                 const PolicyBuilder& policy_builder);

}  // namespace gato::commands
