// The JSON of tasks is read from files of any origin. Keys that older versions
// did not write are optional, and every error names the task.
#include "gato/data/task.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/data/json_fields.h"

namespace gato::data {
namespace {

using nlohmann::json;

json fields_to_json(const std::vector<Field>& fields) {
  json array = json::array();
  for (const Field& field : fields) {
    array.push_back(field_to_json(field));
  }
  return array;
}

std::vector<Field> fields_from_json(const json& task, const char* key) {
  std::vector<Field> fields;
  if (task.contains(key)) {
    for (const json& field : array_at(task, key)) {
      fields.push_back(field_from_json(field));
    }
  }
  return fields;
}

json optional_to_json(const std::optional<double>& value) {
  return value ? json(*value) : json();
}

std::optional<double> optional_from_json(const json& task, const char* key) {
  return has_value(task, key) ? std::optional(number_at(task, key))
                              : std::nullopt;
}

int side_from_json(const json& value) {
  const int64_t side = json_integer(value);
  if (side < 0 || side > std::numeric_limits<int16_t>::max()) {
    throw base::input_error("image_size contains {}: it must be from 0 to {}",
                            side, std::numeric_limits<int16_t>::max());
  }
  return static_cast<int>(side);
}

}  // namespace

void require_printable_name(const char* what, const std::string& name) {
  if (const std::string escaped = base::escape_control_characters(name);
      escaped != name) {
    throw base::input_error("the {} \"{}\" contains control characters", what,
                            escaped);
  }
}

void require_printable_names(const TaskSpec& spec) {
  require_printable_name("task", spec.name);
  require_printable_name("domain", spec.domain);
  require_printable_name("environment", spec.environment);
}

std::string add_settings(TaskEntry& entry, const json& settings) {
  json& known = entry.settings;
  if (settings.is_null() || std::ranges::find(known, settings) != known.end()) {
    return "";
  }
  known.push_back(settings);
  // The changes turn the first settings into these.
  std::vector<std::string> differences;
  const json first = known.front().flatten(), added = settings.flatten();
  json names = first;
  names.update(added);
  for (const auto& [path, ignored] : names.items()) {
    const json before = first.value(path, json()),
               now = added.value(path, json());
    if (before != now && path != "/command") {
      std::string name = path.substr(1);
      std::ranges::replace(name, '/', '.');
      differences.push_back(
          fmt::format("{} is {}, not {}", name, now.dump(), before.dump()));
    }
  }
  return fmt::format("{}", fmt::join(differences, ", "));
}

void add_settings_of(const std::string& input, const json& settings,
                     TaskEntry& entry) {
  const std::string difference = add_settings(entry, settings);
  if (!difference.empty()) {
    spdlog::warn(
        "{}: the task '{}' was played with different settings than in an "
        "earlier input: {}",
        input, entry.spec.name, difference);
  }
}

json task_to_json(const TaskEntry& entry) {
  json task = {{"name", entry.spec.name},
               {"domain", entry.spec.domain},
               {"environment", entry.spec.environment},
               {"observation", fields_to_json(entry.spec.observation_fields)},
               {"action", fields_to_json(entry.spec.action_fields)},
               {"episodes", entry.episode_count},
               {"steps", entry.step_count},
               {"expert_return", optional_to_json(entry.expert_return)},
               {"random_return", optional_to_json(entry.random_return)}};
  if (!entry.filter.is_null()) {
    task["filter"] = entry.filter;
  }
  if (entry.image_height > 0) {
    task["image_size"] = {entry.image_height, entry.image_width};
  }
  if (!entry.settings.empty()) {
    task["settings"] = entry.settings;
  }
  return task;
}

TaskEntry task_from_json(const json& task) {
  TaskEntry entry;
  const auto task_error = [&entry](const std::string& message) {
    return base::input_error("task \"{}\": {}",
                             base::escape_control_characters(entry.spec.name),
                             message);
  };
  try {
    entry.spec.name = string_at(task, "name");
    entry.spec.domain = string_or(task, "domain", "");
    entry.spec.environment = string_or(task, "environment", "");
    entry.spec.observation_fields = fields_from_json(task, "observation");
    entry.spec.action_fields = fields_from_json(task, "action");
    entry.episode_count = json_integer_or_zero(task, "episodes");
    entry.step_count = json_integer_or_zero(task, "steps");
    entry.filter = task.value("filter", json());
    if (const auto size = task.find("image_size"); size != task.end()) {
      if (!size->is_array() || size->size() != 2) {
        throw json_type_error("key 'image_size'", *size,
                              "a list of two integers");
      }
      entry.image_height = side_from_json((*size)[0]);
      entry.image_width = side_from_json((*size)[1]);
    }
    if (task.contains("settings")) {
      entry.settings = array_at(task, "settings");
    }
    entry.expert_return = optional_from_json(task, "expert_return");
    entry.random_return = optional_from_json(task, "random_return");
    require_printable_names(entry.spec);
  } catch (const json::exception& error) {
    throw task_error(describe_json_error(error));
  } catch (const base::Error& error) {
    throw task_error(error.what());
  }
  return entry;
}

std::optional<int32_t> TaskTable::find(std::string_view task_name) const {
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].spec.name == task_name) {
      return static_cast<int32_t>(i);
    }
  }
  return std::nullopt;
}

json TaskTable::to_json() const {
  json entries = json::array();
  for (const TaskEntry& entry : tasks) {
    entries.push_back(task_to_json(entry));
  }
  return {{"tasks", entries}, {"sources", sources}};
}

TaskTable TaskTable::from_json(const json& table) {
  return base::with_context("the table of tasks", [&table] {
    TaskTable result;
    for (const json& task : array_at(table, "tasks")) {
      result.tasks.push_back(task_from_json(task));
    }
    if (table.contains("sources")) {
      result.sources = strings_at(table, "sources");
    }
    for (const auto& source : result.sources) {
      require_printable_name("source", source);
    }
    return result;
  });
}

}  // namespace gato::data
