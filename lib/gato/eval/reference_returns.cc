// A reference file is a JSON object {"TASK": {"random": {"mean", "std"?, "n"?},
// "expert": {...}, "human": {...}, "source"?}}. Later files replace single
// entries of a task and keep the others.
#include "gato/eval/reference_returns.h"

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/json_fields.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

using nlohmann::json;

// Parses task[key]; nullopt if it is absent or null.
std::optional<ReferenceReturn> parse_reference(const json& task,
                                               const char* key) {
  if (!data::has_value(task, key)) {
    return {};
  }
  const json& object = data::object_at(task, key);
  return base::with_context(key, [&object] {
    ReferenceReturn reference;
    reference.mean = data::number_at(object, "mean");
    if (data::has_value(object, "std")) {
      reference.std = data::number_at(object, "std");
    }
    if (data::has_value(object, "n")) {
      reference.episodes = base::with_context(
          "key 'n'", [&object] { return data::json_integer(object.at("n")); });
    }
    return reference;
  });
}

void parse_task(const json& task, const std::string& default_source,
                TaskReferences& references) {
  if (!task.is_object()) {
    throw base::input_error("is {}, not an object", data::summarize_json(task));
  }
  if (auto value = parse_reference(task, "random")) {
    references.random = value;
  }
  if (auto value = parse_reference(task, "expert")) {
    references.expert = value;
  }
  if (auto value = parse_reference(task, "human")) {
    references.human = value;
  }
  references.source = data::has_value(task, "source")
                          ? data::string_at(task, "source")
                          : default_source;
}

}  // namespace

void load_references(const std::filesystem::path& path, ReferenceTable& into) {
  const std::string text = base::read_file(path);
  const json document = base::with_context(
      path, [&text] { return data::parse_lenient_json(text); });
  if (!document.is_object()) {
    throw base::input_error(
        "{}: not a reference file: expected a JSON object {{\"TASK\": "
        "{{\"random\": {{\"mean\": ...}}, \"expert\": {{...}}}}}}",
        path.string());
  }
  for (const auto& [name, task] : document.items()) {
    base::with_context(fmt::format("{}: task \"{}\"", path.string(), name),
                       [&, &name = name, &task = task] {
                         parse_task(task, path.string(), into[name]);
                       });
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
