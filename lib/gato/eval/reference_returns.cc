// A reference file is a JSON object {"TASK": {"random": {"mean", "std"?, "n"?},
// "expert": {...}, "human": {...}, "source"?}}. Later files replace single
// entries of a task and keep the others.
#include "gato/eval/reference_returns.h"

#include <cmath>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

using nlohmann::json;

// Returns object[key]. Throws Error(bad_input) if it is not a finite number.
double number_at(const json& object, const char* key,
                 const std::string& location) {
  const json& value = object.at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    throw base::input_error("{}: {} is {}, not a number", location, key,
                            value.dump());
  }
  return value.get<double>();
}

// Parses task[key]; nullopt if it is absent or null.
std::optional<ReferenceReturn> parse_reference(const json& task,
                                               const char* key,
                                               const std::string& location) {
  if (!task.contains(key) || task[key].is_null()) {
    return {};
  }
  const json& object = task[key];
  const std::string key_location = location + ": " + key;
  if (!object.is_object() || !object.contains("mean")) {
    throw base::input_error("{}: is {}, not an object with a mean",
                            key_location, object.dump());
  }
  ReferenceReturn reference;
  reference.mean = number_at(object, "mean", key_location);
  if (object.contains("std") && !object["std"].is_null()) {
    reference.std = number_at(object, "std", key_location);
  }
  if (object.contains("n") && !object["n"].is_null()) {
    reference.episodes =
        static_cast<int64_t>(number_at(object, "n", key_location));
  }
  return reference;
}

}  // namespace

void load_references(const std::filesystem::path& path, ReferenceTable& into) {
  const json document =
      json::parse(base::read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    throw base::input_error(
        "{}: not a reference file: expected a JSON object {{\"TASK\": "
        "{{\"random\": {{\"mean\": ...}}, \"expert\": {{...}}}}}}",
        path.string());
  }
  for (const auto& [name, task] : document.items()) {
    const std::string location =
        fmt::format("{}: task \"{}\"", path.string(), name);
    if (!task.is_object()) {
      throw base::input_error("{}: is {}, not an object", location,
                              task.type_name());
    }
    TaskReferences& references = into[name];
    if (auto value = parse_reference(task, "random", location)) {
      references.random = value;
    }
    if (auto value = parse_reference(task, "expert", location)) {
      references.expert = value;
    }
    if (auto value = parse_reference(task, "human", location)) {
      references.human = value;
    }
    references.source = task.value("source", path.string());
  }
}

void add_reference(const DatasetOutcomes& outcomes, ReferenceKind kind,
                   ReferenceTable& into) {
  if (outcomes.returns.empty()) {
    throw base::input_error(
        "{}: all {} episodes failed, so they cannot be a reference for task "
        "\"{}\"",
        outcomes.path.string(), outcomes.failed, outcomes.task);
  }
  const ReferenceReturn reference{mean(outcomes.returns),
                                  standard_deviation(outcomes.returns),
                                  std::ssize(outcomes.returns)};
  TaskReferences& references = into[outcomes.task];
  (kind == ReferenceKind::random ? references.random : references.expert) =
      reference;
  references.source = outcomes.path.string();
}

}  // namespace gato::eval
