#include "gato/eval/report.h"

#include <fmt/format.h>

#include "gato/cli/table.h"
#include "gato/data/format.h"

namespace gato {
namespace {

using nlohmann::json;

json json_of(const std::optional<double>& value) {
  return value ? json(*value) : json(nullptr);
}

json json_of(const TaskScore& task) {
  return {{"task", task.task},
          {"domain", task.domain},
          {"episodes", task.episodes},
          {"failed", task.failed},
          {"mean", json_of(task.mean)},
          {"std", json_of(task.std)},
          {"min", json_of(task.min)},
          {"max", json_of(task.max)},
          {"success", json_of(task.success)},
          {"random", json_of(task.random)},
          {"expert", json_of(task.expert)},
          {"score", json_of(task.score)},
          {"score_low", json_of(task.score_low)},
          {"score_high", json_of(task.score_high)},
          {"note", task.note}};
}

json json_of(const Aggregate& aggregate) {
  return {{"domain", aggregate.domain},
          {"tasks", aggregate.tasks},
          {"mean", json_of(aggregate.mean)},
          {"median", json_of(aggregate.median)},
          {"iqm", json_of(aggregate.iqm)},
          {"iqm_low", json_of(aggregate.iqm_low)},
          {"iqm_high", json_of(aggregate.iqm_high)},
          {"optimality_gap", json_of(aggregate.optimality_gap)}};
}

// The columns of a task, as they stand in the JSON.
const std::vector<std::string> kTaskColumns = {
    "task",   "domain", "episodes",  "failed",     "mean",
    "std",    "min",    "max",       "success",    "random",
    "expert", "score",  "score_low", "score_high", "note"};

std::string csv_cell(const json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

json to_json(const ScoreReport& report) {
  json document = format_fields(scores_format);
  document.update({{"tasks", json::array()},
                   {"domains", json::array()},
                   {"overall", json_of(report.overall)},
                   {"thresholds", json::array()},
                   {"runs", report.runs},
                   {"seed", report.seed},
                   {"resamples", report.resamples},
                   {"datasets", json::array()}});
  document["overall"]["domain"] = "all";
  document["overall"]["domain_mean"] = json_of(report.domain_mean);
  for (const TaskScore& task : report.tasks)
    document["tasks"].push_back(json_of(task));
  for (const Aggregate& domain : report.domains)
    document["domains"].push_back(json_of(domain));
  for (const Threshold& threshold : report.thresholds)
    document["thresholds"].push_back(
        {{"percent", threshold.percent}, {"tasks", threshold.tasks}});
  for (const ScoredDataset& dataset : report.datasets)
    document["datasets"].push_back({{"path", dataset.path},
                                    {"task", dataset.task},
                                    {"source", dataset.source},
                                    {"episodes", dataset.episodes}});
  return document;
}

std::string to_csv(const ScoreReport& report) {
  std::string text = fmt::format("{}\r\n", fmt::join(kTaskColumns, ","));
  for (const TaskScore& task : report.tasks) {
    const json values = json_of(task);
    std::vector<std::string> cells;
    cells.reserve(std::size(kTaskColumns));
    for (const std::string& column : kTaskColumns)
      cells.push_back(csv_cell(values[column]));
    text += fmt::format("{}\r\n", fmt::join(cells, ","));
  }
  return text;
}

std::string number_text(const std::optional<double>& value, int decimals,
                        const std::string& missing) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : missing;
}

std::string return_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.5g}", *value) : "-";
}

std::string to_text(const ScoreReport& report) {
  cli::Table tasks({"task", "domain", "episodes", "failed", "mean", "std",
                    "success", "random", "expert", "score", "low", "high",
                    "note"});
  for (const TaskScore& task : report.tasks)
    tasks.add({task.task, task.domain, std::to_string(task.episodes),
               std::to_string(task.failed), return_text(task.mean),
               return_text(task.std), number_text(task.success, 3),
               return_text(task.random), return_text(task.expert),
               number_text(task.score, 1), number_text(task.score_low, 1),
               number_text(task.score_high, 1), task.note});
  cli::Table groups({"domain", "tasks", "mean", "median", "iqm", "iqm low",
                     "iqm high", "gap"});
  const auto add = [&](const std::string& name, const Aggregate& group) {
    groups.add({name, std::to_string(group.tasks), number_text(group.mean, 1),
                number_text(group.median, 1), number_text(group.iqm, 1),
                number_text(group.iqm_low, 1), number_text(group.iqm_high, 1),
                number_text(group.optimality_gap, 1)});
  };
  for (const Aggregate& domain : report.domains) add(domain.domain, domain);
  add("all", report.overall);
  return fmt::format(
      "{}\n{}\nmean over domains {}; tasks at or above 50 %: {}, 75 %: {}, "
      "100 %: {}; intervals of 95 % over {}\n",
      tasks.text(), groups.text(), number_text(report.domain_mean, 1),
      report.thresholds.at(50).tasks, report.thresholds.at(75).tasks,
      report.thresholds.at(100).tasks, report.runs);
}

}  // namespace gato
