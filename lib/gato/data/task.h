// Tasks: their names, observations and actions, and the table of tasks that
// token files, sequence files and models contain.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gato/data/space.h"

namespace gato::data {

// A task: its names, and the fields of its observations and actions in token
// order.
struct TaskSpec {
  std::string name;         // e.g. "arcade/catch"
  std::string domain;       // e.g. "arcade"
  std::string environment;  // e.g. an environment id; may be empty
  std::vector<Field> observation_fields;
  std::vector<Field> action_fields;
  // The setup of the environment, an object such as {"packages": {"ale-py":
  // "0.12.1"}, "frame_skip": 4, "max_steps": 1000}; null if unknown.
  nlohmann::json settings = nullptr;
};

// Throw Error(bad_input) if a name contains control characters, which would
// break the tables and lines in which it is printed. `what` says what the name
// refers to, for the message.
void require_printable_name(const char* what, const std::string& name);
void require_printable_names(const TaskSpec& spec);

// An entry of /tasks. "kind" is "episode", "text", "caption" ...
struct TaskEntry {
  TaskSpec spec;
  int64_t episode_count = 0;
  int64_t step_count = 0;
  // The selection of the episodes that were kept, with its reasons; null if
  // nothing was filtered.
  nlohmann::json filter;
  std::optional<double> expert_return, random_return;
  // The size to which images were resized before they were divided into
  // patches, and to which they must be resized at inference. 0 if they were not
  // resized.
  int image_height = 0, image_width = 0;
  // The distinct settings of the episodes, a list of TaskSpec::settings.
  nlohmann::json settings = nlohmann::json::array();
};

// Adds settings to those of `entry` unless they are null or known. Returns how
// they differ from the first ones, such as "frame_skip is 5, not 4", except for
// the command; an empty string if they do not.
std::string add_settings(TaskEntry& entry, const nlohmann::json& settings);
// Adds the settings of `input` and logs a warning if they differ: episodes of
// one task that were played in different ways are rarely meant to be mixed.
void add_settings_of(const std::string& input, const nlohmann::json& settings,
                     TaskEntry& entry);

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
