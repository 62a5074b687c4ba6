// An environment's task as a model learned it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/task.h"
#include "gato/tokenize/image_patches.h"

namespace gato::rollout {

struct TaskMatch {
  // The environment's fields, with the roles and in the order that the model
  // knows: what a StepEncoder for this model takes.
  data::TaskSpec spec;
  // Field i of `spec` is field observation_order[i] of the environment.
  std::vector<size_t> observation_order, action_order;
  std::optional<int32_t>
      task_index;  // row of the model's table; none: unknown to it

  // Values in the order of `spec` from the environment's, and back.
  data::FieldValues observation_for_model(
      const data::FieldValues& environment_observation) const;
  data::FieldValues action_for_environment(data::FieldValues action) const;
};

// Finds the environment's task by its name. The same fields must be there, of
// the same sizes, and actions of the same range; roles are the model's, as the
// options of gato-tokenize may have changed them. Error (bad_input) says what
// differs. A task that the model does not know keeps the environment's roles,
// with a warning.
TaskMatch match_task(const data::TaskSpec& environment,
                     const data::TaskTable& tasks);

// The same for a dataset whose fields are to be read as those of `spec`.
TaskMatch match_dataset(const data::TaskSpec& dataset,
                        const data::TaskSpec& spec);

// How images of a task were resized when they were tokenized.
inline tokenize::Resize recorded_resize(const data::TaskEntry& entry) {
  return {entry.image_height, entry.image_width};
}

}  // namespace gato::rollout
