// A reference file is a JSON object {"TASK": {"random": {"mean", "std"?, "n"?,
// "success"?}, "expert": {...}, "human": {...}, "source"?, "settings"?}}. Later
// files replace the policies of a task that they contain and keep the others.
#include "gato/eval/reference_returns.h"

#include <cmath>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/json_fields.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

using nlohmann::json;

// Returns nullopt if the deviation is absent, null or NaN, as numpy computes it
// of no returns.
std::optional<double> parse_deviation(const json& reference) {
  if (!data::has_value(reference, "std") ||
      std::isnan(data::non_finite_number(reference["std"]))) {
    return {};
  }
  return data::number_at(reference, "std");
}

double share_at(const json& object, const char* key) {
  const double share = data::number_at(object, key);
  if (share < 0 || share > 1) {
    throw base::input_error("key '{}' is {}, not a share from 0 to 1", key,
                            share);
  }
  return share;
}

// Parses task[key]; nullopt if it is absent or null.
std::optional<ReferenceReturn> parse_reference(const json& task,
                                               const char* key) {
  if (!data::has_value(task, key)) {
    return {};
  }
  const json& object = data::object_at(task, key);
  return base::with_context(key, [&object] {
    ReferenceReturn reference;
    if (data::has_value(object, "success")) {
      reference.success = share_at(object, "success");
    }
    // Without a success rate, the mean is required.
    if (!reference.success || data::has_value(object, "mean")) {
      reference.mean = data::number_at(object, "mean");
    }
    reference.std = parse_deviation(object);
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
  references.source = data::has_value(task, "source")
                          ? data::string_at(task, "source")
                          : default_source;
  const json settings = data::has_value(task, "settings")
                            ? data::object_at(task, "settings")
                            : json(nullptr);
  const auto add = [&](const char* key, std::optional<ReferenceReturn>& into) {
    if (auto reference = parse_reference(task, key)) {
      reference->source = references.source;
      reference->settings = settings;
      into = std::move(reference);
    }
  };
  add("random", references.random);
  add("expert", references.expert);
  add("human", references.human);
}

}  // namespace

std::optional<double> reference_value(
    const std::optional<ReferenceReturn>& reference, Metric metric) {
  if (!reference) {
    return {};
  }
  return metric == Metric::success ? reference->success : reference->mean;
}

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
  const std::vector<double> returns = outcomes.values(Metric::mean_return);
  if (returns.empty()) {
    throw base::input_error(
        "{}: all {} episodes failed, so they cannot be a reference for task "
        "\"{}\"",
        outcomes.path.string(), outcomes.failed_count(), outcomes.task);
  }
  ReferenceReturn reference;
  reference.mean = mean(returns);
  reference.std = standard_deviation(returns);
  reference.episodes = std::ssize(returns);
  if (outcomes.success_report_count() > 0) {
    reference.success = mean(outcomes.values(Metric::success));
  }
  reference.source = outcomes.path.string();
  reference.settings = outcomes.settings;
  TaskReferences& references = into[outcomes.task];
  references.source = reference.source;
  (kind == ReferenceKind::random ? references.random : references.expert) =
      std::move(reference);
}

bool add_minari_references(const DatasetOutcomes& outcomes,
                           ReferenceTable& into) {
  if (!outcomes.min_reference && !outcomes.max_reference) {
    return false;
  }
  TaskReferences& references = into[outcomes.task];
  references.source = fmt::format("metadata of {}", outcomes.path.string());
  const auto add = [&](const std::optional<double>& mean,
                       std::optional<ReferenceReturn>& into_policy) {
    if (mean) {
      into_policy = ReferenceReturn{mean,
                                    {},
                                    outcomes.reference_episodes,
                                    {},
                                    references.source,
                                    outcomes.settings};
    }
  };
  add(outcomes.min_reference, references.random);
  add(outcomes.max_reference, references.expert);
  return true;
}

ReferenceTable merge_references(const std::vector<ReferenceSet>& sets) {
  ReferenceTable merged;
  for (const ReferenceSet& set : sets) {
    for (const auto& [name, references] : set.table) {
      TaskReferences& into = merged[name];
      for (const auto policy :
           {&TaskReferences::random, &TaskReferences::expert,
            &TaskReferences::human}) {
        if (references.*policy) {
          into.*policy = references.*policy;
        }
      }
      into.source = references.source;
    }
  }
  return merged;
}

}  // namespace gato::eval
