// Matches the fields of an environment or a dataset with those of a task that a
// model learned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/token_file.h"

namespace gato::tokenize {

struct TaskMatch {
  // The environment's fields, in the order and with the roles that the model
  // learned: the spec of a StepEncoder.
  data::TaskSpec spec;
  // Field i of `spec` is field observation_order[i] of the environment.
  std::vector<size_t> observation_order, action_order;
  // Index in the model's task table; nullopt if the model does not know the
  // task.
  std::optional<int32_t> task_index;

  // Returns the values of an environment's observation in the order of `spec`.
  data::FieldValues observation_for_model(
      const data::FieldValues& environment_observation) const;
  // Returns the values of an action that is in the order of `spec` in the order
  // of the environment.
  data::FieldValues action_for_environment(data::FieldValues action) const;
  // Returns an episode with its observations and actions in the order of
  // `spec`.
  data::Episode episode_for_model(data::Episode episode) const;
};

// Looks the environment's task up by its name and matches its fields by theirs.
// Both sides need the same fields with the same sizes, and actions with the
// same ranges. Roles are taken from the model, because options of gato-tokenize
// may have changed them. An unknown task keeps the environment's roles, and a
// warning is logged. Throws Error(bad_input), which says what differs.
TaskMatch match_task(const data::TaskSpec& environment,
                     const data::TaskTable& tasks);

// Does the same for a dataset whose fields are read as those of `spec`.
TaskMatch match_dataset(const data::TaskSpec& dataset,
                        const data::TaskSpec& spec);

}  // namespace gato::tokenize
