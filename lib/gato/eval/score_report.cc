// The JSON of a row is also the source of its CSV line, so that the two formats
// have the same names and digits.
#include "gato/eval/score_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "gato/base/text_table.h"
#include "gato/data/file_format.h"

namespace gato::eval {
namespace {

using nlohmann::json;

json task_json(const TaskScore& task) {
  return {{"task", task.task},
          {"domain", task.domain},
          {"episodes", task.episodes},
          {"failed", task.failed},
          {"runs", task.runs},
          {"mean", as_json(task.mean)},
          {"std", as_json(task.std)},
          {"min", as_json(task.min)},
          {"max", as_json(task.max)},
          {"success", as_json(task.success_rate)},
          {"random", as_json(task.random)},
          {"expert", as_json(task.expert)},
          {"random_source", task.random_source},
          {"expert_source", task.expert_source},
          {"score", as_json(task.score)},
          {"score_low", as_json(task.score_low)},
          {"score_high", as_json(task.score_high)},
          {"note", task.note}};
}

json aggregate_json(const AggregateScore& aggregate) {
  return {{"domain", aggregate.domain},
          {"tasks", aggregate.task_count},
          {"mean", as_json(aggregate.mean)},
          {"median", as_json(aggregate.median)},
          {"iqm", as_json(aggregate.iqm)},
          {"iqm_low", as_json(aggregate.iqm_low)},
          {"iqm_high", as_json(aggregate.iqm_high)},
          {"optimality_gap", as_json(aggregate.optimality_gap)}};
}

json overall_json(const AggregateScore& overall,
                  const std::optional<double>& domain_mean) {
  json object = aggregate_json(overall);
  object["domain"] = "all";
  object["domain_mean"] = as_json(domain_mean);
  return object;
}

json configuration_json(const ConfigurationScore& configuration) {
  json object = overall_json(configuration.overall, configuration.domain_mean);
  object.erase("domain");
  object.update({{"name", configuration.name},
                 {"runs", configuration.runs},
                 {"episodes", configuration.episodes},
                 {"note", configuration.note}});
  return object;
}

json threshold_json(const ThresholdCount& threshold,
                    const std::vector<AggregateScore>& domains) {
  json by_domain = json::object();
  for (size_t d = 0; d < domains.size(); ++d) {
    by_domain[domains[d].domain] = threshold.domain_counts.at(d);
  }
  return {{"percent", threshold.percent},
          {"tasks", threshold.task_count},
          {"domains", std::move(by_domain)}};
}

json dataset_json(const ScoredDataset& dataset) {
  return {{"path", dataset.path},         {"task", dataset.task},
          {"source", dataset.agent},      {"run", dataset.run},
          {"episodes", dataset.episodes}, {"settings", dataset.settings},
          {"latency", dataset.latency}};
}

json failure_json(const FailedEpisode& failure) {
  return {{"path", failure.path},
          {"task", failure.task},
          {"episode", failure.episode},
          {"seed", failure.seed ? json(*failure.seed) : json(nullptr)},
          {"message", failure.message}};
}

template <class Items, class Format>
json list_json(const Items& items, Format format) {
  json list = json::array();
  for (const auto& item : items) {
    list.push_back(format(item));
  }
  return list;
}

// The tables that can be written as CSV and their columns, which are keys of
// the JSON.
const std::vector<std::pair<std::string, std::vector<std::string>>>
    kCsvColumns = {
        {"tasks",
         {"task", "domain", "episodes", "failed", "mean", "std", "min", "max",
          "success", "random", "expert", "score", "score_low", "score_high",
          "note", "runs", "random_source", "expert_source"}},
        {"domains",
         {"domain", "tasks", "mean", "median", "iqm", "iqm_low", "iqm_high",
          "optimality_gap", "domain_mean"}},
        {"configurations",
         {"name", "runs", "episodes", "tasks", "mean", "median", "iqm",
          "iqm_low", "iqm_high", "optimality_gap", "domain_mean", "note"}},
        {"thresholds", {"percent", "tasks"}},
        {"profile", {"percent", "share", "share_low", "share_high"}},
        {"failures", {"path", "task", "episode", "seed", "message"}},
        {"datasets",
         {"path", "task", "source", "run", "episodes", "settings", "latency"}}};

}  // namespace

const char* metric_name(Metric metric) {
  return metric == Metric::success ? "success" : "return";
}

json to_json(const ScoreReport& report) {
  json document = data::format_to_json(data::kScoresFormat);
  document.update(
      {{"metric", metric_name(report.metric)},
       {"tasks", list_json(report.tasks, task_json)},
       {"domains", list_json(report.domains, aggregate_json)},
       {"overall", overall_json(report.overall, report.domain_mean)},
       {"configurations", list_json(report.configurations, configuration_json)},
       {"thresholds", list_json(report.thresholds,
                                [&](const ThresholdCount& threshold) {
                                  return threshold_json(threshold,
                                                        report.domains);
                                })},
       {"profile", list_json(report.profile,
                             [](const ProfilePoint& point) -> json {
                               return {{"percent", point.percent},
                                       {"share", point.share},
                                       {"share_low", point.low},
                                       {"share_high", point.high}};
                             })},
       {"failures", list_json(report.failures, failure_json)},
       {"runs", report.bootstrap_unit},
       {"seed", report.seed},
       {"resamples", report.resamples},
       {"datasets", list_json(report.datasets, dataset_json)}});
  return document;
}

const std::vector<std::string>& csv_table_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    all.reserve(kCsvColumns.size());
    for (const auto& [name, columns] : kCsvColumns) {
      all.push_back(name);
    }
    return all;
  }();
  return names;
}

std::string to_csv(const ScoreReport& report, const std::string& table) {
  const auto found = std::ranges::find(
      kCsvColumns, table, [](const auto& entry) { return entry.first; });
  assert(found != kCsvColumns.end());
  const json document = to_json(report);
  json rows = document[table];
  std::vector<std::string> columns = found->second;
  if (table == "domains") {
    rows.push_back(document["overall"]);
  }
  if (table == "thresholds") {
    for (const AggregateScore& domain : report.domains) {
      const std::string column = "tasks in " + domain.domain;
      columns.push_back(column);
      for (json& row : rows) {
        row[column] = row["domains"][domain.domain];
      }
    }
  }
  return to_csv(columns, rows);
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
  const auto aggregate_cells = [](const AggregateScore& group) {
    return std::vector<std::string>{
        std::to_string(group.task_count),      format_number(group.mean, 1),
        format_number(group.median, 1),        format_number(group.iqm, 1),
        format_number(group.iqm_low, 1),       format_number(group.iqm_high, 1),
        format_number(group.optimality_gap, 1)};
  };
  base::TextTable groups({"domain", "tasks", "mean", "median", "iqm", "iqm low",
                          "iqm high", "gap"});
  const auto add = [&](const std::string& name, const AggregateScore& group) {
    std::vector<std::string> cells = aggregate_cells(group);
    cells.insert(cells.begin(), name);
    groups.add_row(std::move(cells));
  };
  for (const AggregateScore& domain : report.domains) {
    add(domain.domain, domain);
  }
  add("all", report.overall);
  std::string text = tasks.to_string() + "\n" + groups.to_string() + "\n";
  if (!report.configurations.empty()) {
    base::TextTable lines({"configuration", "runs", "tasks", "mean", "median",
                           "iqm", "iqm low", "iqm high", "gap", "note"});
    for (const ConfigurationScore& configuration : report.configurations) {
      std::vector<std::string> cells = aggregate_cells(configuration.overall);
      cells.insert(cells.begin(),
                   {configuration.name, std::to_string(configuration.runs)});
      cells.push_back(configuration.note);
      lines.add_row(std::move(cells));
    }
    text += lines.to_string() + "\n";
  }
  return text +
         fmt::format(
             "mean over domains: {}; tasks at or above 50%: {}, 75%: {}, 100%: "
             "{}; 95% intervals over {}\n",
             format_number(report.domain_mean, 1),
             report.thresholds.at(50).task_count,
             report.thresholds.at(75).task_count,
             report.thresholds.at(100).task_count, report.bootstrap_unit);
}

}  // namespace gato::eval
