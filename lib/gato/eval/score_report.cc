// The JSON of a task is also the source of its CSV row, so that the two formats
// have the same columns and digits.
#include "gato/eval/score_report.h"

#include <fmt/format.h>

#include "gato/base/text_table.h"
#include "gato/data/file_format.h"

namespace gato::eval {
namespace {

using nlohmann::json;

json as_json(const std::optional<double>& value) {
  return value ? json(*value) : json(nullptr);
}

json as_json(const TaskScore& task) {
  return {{"task", task.task},
          {"domain", task.domain},
          {"episodes", task.episodes},
          {"failed", task.failed},
          {"mean", as_json(task.mean)},
          {"std", as_json(task.std)},
          {"min", as_json(task.min)},
          {"max", as_json(task.max)},
          {"success", as_json(task.success_rate)},
          {"random", as_json(task.random)},
          {"expert", as_json(task.expert)},
          {"score", as_json(task.score)},
          {"score_low", as_json(task.score_low)},
          {"score_high", as_json(task.score_high)},
          {"note", task.note}};
}

json as_json(const AggregateScore& aggregate) {
  return {{"domain", aggregate.domain},
          {"tasks", aggregate.task_count},
          {"mean", as_json(aggregate.mean)},
          {"median", as_json(aggregate.median)},
          {"iqm", as_json(aggregate.iqm)},
          {"iqm_low", as_json(aggregate.iqm_low)},
          {"iqm_high", as_json(aggregate.iqm_high)},
          {"optimality_gap", as_json(aggregate.optimality_gap)}};
}

// The columns of the CSV, named like the keys of a task in the JSON.
const std::vector<std::string> kTaskColumns = {
    "task",   "domain", "episodes",  "failed",     "mean",
    "std",    "min",    "max",       "success",    "random",
    "expert", "score",  "score_low", "score_high", "note"};

// Returns a JSON scalar as a CSV field, in quotes if it needs them.
std::string csv_field(const json& value) {
  if (value.is_null()) {
    return "";
  }
  if (!value.is_string()) {
    return value.dump();
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (char c : text) {
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return quoted + '"';
}

}  // namespace

json to_json(const ScoreReport& report) {
  json document = data::format_to_json(data::kScoresFormat);
  document.update({{"tasks", json::array()},
                   {"domains", json::array()},
                   {"overall", as_json(report.overall)},
                   {"thresholds", json::array()},
                   {"runs", report.bootstrap_unit},
                   {"seed", report.seed},
                   {"resamples", report.resamples},
                   {"datasets", json::array()}});
  document["overall"]["domain"] = "all";
  document["overall"]["domain_mean"] = as_json(report.domain_mean);
  for (const TaskScore& task : report.tasks) {
    document["tasks"].push_back(as_json(task));
  }
  for (const AggregateScore& domain : report.domains) {
    document["domains"].push_back(as_json(domain));
  }
  for (const ThresholdCount& threshold : report.thresholds) {
    document["thresholds"].push_back(
        {{"percent", threshold.percent}, {"tasks", threshold.task_count}});
  }
  for (const ScoredDataset& dataset : report.datasets) {
    document["datasets"].push_back({{"path", dataset.path},
                                    {"task", dataset.task},
                                    {"source", dataset.agent},
                                    {"episodes", dataset.episodes}});
  }
  return document;
}

std::string to_csv(const ScoreReport& report) {
  std::string text = fmt::format("{}\r\n", fmt::join(kTaskColumns, ","));
  for (const TaskScore& task : report.tasks) {
    const json values = as_json(task);
    std::vector<std::string> fields;
    fields.reserve(std::size(kTaskColumns));
    for (const std::string& column : kTaskColumns) {
      fields.push_back(csv_field(values[column]));
    }
    text += fmt::format("{}\r\n", fmt::join(fields, ","));
  }
  return text;
}

std::string format_number(const std::optional<double>& value, int decimals,
                          const std::string& missing) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : missing;
}

std::string format_return(const std::optional<double>& value) {
  return value ? fmt::format("{:.5g}", *value) : "-";
}

std::string to_text(const ScoreReport& report) {
  base::TextTable tasks({"task", "domain", "episodes", "failed", "mean", "std",
                         "success", "random", "expert", "score", "low", "high",
                         "note"});
  for (const TaskScore& task : report.tasks) {
    tasks.add_row({task.task, task.domain, std::to_string(task.episodes),
                   std::to_string(task.failed), format_return(task.mean),
                   format_return(task.std), format_number(task.success_rate, 3),
                   format_return(task.random), format_return(task.expert),
                   format_number(task.score, 1),
                   format_number(task.score_low, 1),
                   format_number(task.score_high, 1), task.note});
  }
  base::TextTable groups({"domain", "tasks", "mean", "median", "iqm", "iqm low",
                          "iqm high", "gap"});
  const auto add = [&](const std::string& name, const AggregateScore& group) {
    groups.add_row(
        {name, std::to_string(group.task_count), format_number(group.mean, 1),
         format_number(group.median, 1), format_number(group.iqm, 1),
         format_number(group.iqm_low, 1), format_number(group.iqm_high, 1),
         format_number(group.optimality_gap, 1)});
  };
  for (const AggregateScore& domain : report.domains) {
    add(domain.domain, domain);
  }
  add("all", report.overall);
  return fmt::format(
      "{}\n{}\nmean over domains: {}; tasks at or above 50%: {}, 75%: {}, "
      "100%: {}; 95% intervals over {}\n",
      tasks.to_string(), groups.to_string(),
      format_number(report.domain_mean, 1), report.thresholds.at(50).task_count,
      report.thresholds.at(75).task_count, report.thresholds.at(100).task_count,
      report.bootstrap_unit);
}

}  // namespace gato::eval
