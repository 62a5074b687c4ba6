// Tasks: their names, their observations and actions, and the table of them
// that token files, sequence files and models carry.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gato/data/space.h"

namespace gato::data {

// What is done, where: names, and the fields in token order.
struct TaskSpec {
  std::string name;         // e.g. "arcade/catch"
  std::string domain;       // e.g. "arcade"
  std::string environment;  // e.g. an environment id; may be empty
  std::vector<Field> observation_fields;
  std::vector<Field> action_fields;
};

// Error (bad_input) where a name has control characters, which would break the
// tables and lines that it is printed in. `what` is what it names.
void require_printable_name(const char* what, const std::string& name);
void require_printable_names(const TaskSpec& spec);

// An entry of /tasks. "kind" is "episode", "text", "caption" ...
struct TaskEntry {
  TaskSpec spec;
  int64_t episode_count = 0;
  int64_t step_count = 0;
  nlohmann::json
      filter;  // what was kept and why; null where nothing was filtered
  std::optional<double> expert_return, random_return;
  // Height and width that its images were brought to before they became
  // patches, and must be when the model sees others; 0: they kept theirs.
  int image_height = 0, image_width = 0;
};
nlohmann::json task_to_json(const TaskEntry& entry);
TaskEntry task_from_json(const nlohmann::json& json);

struct TaskTable {
  std::vector<TaskEntry> tasks;
  std::vector<std::string> sources;  // names of agents that produced documents
  // Returns the index of the task of this name; nullopt if there is none.
  std::optional<int32_t> find(std::string_view task_name) const;
  nlohmann::json to_json() const;  // {"tasks": [...], "sources": [...]}
  static TaskTable from_json(const nlohmann::json& json);
};

}  // namespace gato::data
