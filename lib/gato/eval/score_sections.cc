// One function per section of the page. Charts of many tasks are folded, one
// per domain.
#include "gato/eval/score_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "gato/eval/charts.h"
#include "gato/eval/provenance_section.h"
#include "gato/eval/report_values.h"
#include "gato/eval/score_charts.h"

namespace gato::eval {
namespace {

constexpr size_t kManyTasks = 40;

std::string tile_html(const std::string& value, const std::string& label) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n",
                     escape_html(value), escape_html(label));
}

std::string format_percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}%", *value) : "-";
}

HtmlSection overall_section(const ScoreReport& report) {
  const AggregateScore& all = report.overall;
  std::string html = "<div class=\"tiles\">\n";
  html += tile_html(format_percent(report.domain_mean), "mean over domains");
  html += tile_html(format_percent(all.median), "median over tasks");
  html += tile_html(fmt::format("{} of {}", report.thresholds.at(50).task_count,
                                report.tasks.size()),
                    "tasks at or above 50%");
  html += tile_html(format_percent(all.iqm),
                    fmt::format("interquartile mean over {}, 95% interval {}",
                                report.bootstrap_unit,
                                format_interval(all.iqm_low, all.iqm_high)));
  html += tile_html(format_percent(all.optimality_gap), "optimality gap");
  html += "</div>\n";
  return {"Overall", html};
}

std::string domain_legend(const ScoreReport& report) {
  std::string html = "<div class=\"legend\">";
  for (size_t d = 0; d < report.domains.size(); ++d) {
    html +=
        fmt::format("<span><i style=\"background:{}\"></i>{}</span>",
                    palette_color(d), escape_html(report.domains[d].domain));
  }
  return html + "</div>\n";
}

std::string chart_html(const std::string& svg) {
  return "<div class=\"chart\">" + svg + "</div>\n";
}

// Returns one chart, or a folded chart per domain if there are many tasks.
HtmlSection task_chart_section(const ScoreReport& report) {
  if (report.tasks.size() <= kManyTasks) {
    return {"Score by task",
            domain_legend(report) +
                chart_html(score_chart(report.tasks, report.domains))};
  }
  std::string html;
  for (const AggregateScore& domain : report.domains) {
    std::vector<TaskScore> tasks;
    std::ranges::copy_if(
        report.tasks, std::back_inserter(tasks),
        [&](const TaskScore& task) { return task.domain == domain.domain; });
    html += fmt::format(
        "<details><summary><b>{}</b>{} tasks, interquartile mean {}</summary>\n"
        "{}</details>\n",
        escape_html(domain.domain), tasks.size(), format_percent(domain.iqm),
        chart_html(score_chart(tasks, report.domains)));
  }
  return {"Score by task", html};
}

HtmlSection threshold_section(const ScoreReport& report) {
  return {"Tasks at or above each score",
          domain_legend(report) +
              chart_html(threshold_chart(report.thresholds,
                                         report.overall.task_count))};
}

HtmlSection profile_section(const ScoreReport& report) {
  return {
      "Performance profile",
      chart_html(profile_chart(report.profile)) +
          fmt::format("<p class=\"note\">The share of all runs of all tasks "
                      "that score more than a threshold, with a 95% bootstrap "
                      "interval (Agarwal et al. 2021). The runs are {}.</p>\n",
                      report.bootstrap_unit)};
}

HtmlSection configuration_section(const ScoreReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const ConfigurationScore& one : report.configurations) {
    rows.push_back({one.name, std::to_string(one.runs),
                    std::to_string(one.overall.task_count),
                    format_number(one.overall.mean, 1),
                    format_number(one.overall.median, 1),
                    format_number(one.overall.iqm, 1),
                    format_interval(one.overall.iqm_low, one.overall.iqm_high),
                    format_number(one.overall.optimality_gap, 1), one.note});
  }
  return {
      "Training runs",
      chart_html(configuration_chart(report.configurations)) +
          sortable_table({"configuration", "runs", "tasks", "mean (%)",
                          "median (%)", "interquartile mean (%)",
                          "95% interval", "optimality gap (%)", "note"},
                         rows, {0, 8}) +
          "<p class=\"note\">Each configuration was trained several times, "
          "with different seeds. A run is the mean score of one training on "
          "one task, and the intervals resample the runs, so they include the "
          "variance between trainings.</p>\n"};
}

HtmlSection task_table_section(
    const ScoreReport& report,
    const std::map<std::string, std::string>& task_links) {
  const bool is_success = report.metric == Metric::success;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> links;
  for (const TaskScore& task : report.tasks) {
    rows.push_back({task.task, task.domain, format_number(task.score, 1),
                    format_interval(task.score_low, task.score_high),
                    format_return(task.mean), format_return(task.std),
                    format_return(task.random), format_return(task.expert),
                    format_number(task.success_rate, 2),
                    std::to_string(task.episodes), std::to_string(task.failed),
                    task.note});
    const auto link = task_links.find(task.task);
    links.push_back(link == task_links.end() ? "" : link->second);
  }
  return {"Tasks",
          sortable_table(
              {"task", "domain", "score (%)", "95% interval", "mean", "std",
               "random", "expert", "success", "episodes", "failed", "note"},
              rows, {0, 1, 11}, links) +
              fmt::format(
                  "<p class=\"note\">Mean, deviation, random and expert are "
                  "{}.</p>\n",
                  is_success ? "shares of successful episodes" : "returns")};
}

HtmlSection domain_section(const ScoreReport& report) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&rows](const std::string& name,
                           const AggregateScore& group) {
    rows.push_back({name, std::to_string(group.task_count),
                    format_number(group.mean, 1),
                    format_number(group.median, 1), format_number(group.iqm, 1),
                    format_interval(group.iqm_low, group.iqm_high),
                    format_number(group.optimality_gap, 1)});
  };
  for (const AggregateScore& domain : report.domains) {
    add(domain.domain, domain);
  }
  add("all", report.overall);
  return {"Domains", chart_html(domain_chart(report)) +
                         html_table({"domain", "tasks", "mean (%)",
                                     "median (%)", "interquartile mean (%)",
                                     "95% interval", "optimality gap (%)"},
                                    rows, 1)};
}

// Returns a message with its numbers replaced, so that failures that differ
// only in them are of one kind.
std::string failure_kind(const std::string& message) {
  std::string kind;
  for (char c : message) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit) {
      kind += c;
    } else if (!kind.ends_with('#')) {
      kind += '#';
    }
  }
  return kind.empty() ? "(no message recorded)" : kind;
}

HtmlSection failure_section(const ScoreReport& report) {
  struct Kind {
    int64_t episodes = 0;
    std::set<std::string> tasks;
    const FailedEpisode* example = nullptr;
  };
  std::map<std::string, Kind> kinds;
  for (const FailedEpisode& failure : report.failures) {
    Kind& kind = kinds[failure_kind(failure.message)];
    ++kind.episodes;
    kind.tasks.insert(failure.task);
    if (kind.example == nullptr) {
      kind.example = &failure;
    }
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, kind] : kinds) {
    const FailedEpisode& example = *kind.example;
    rows.push_back(
        {std::to_string(kind.episodes), std::to_string(kind.tasks.size()),
         fmt::format(
             "{} episode {}{}", example.path, example.episode,
             example.seed ? fmt::format(", seed {}", *example.seed) : ""),
         example.message.empty() ? name : example.message});
  }
  std::ranges::stable_sort(rows, std::greater(), [](const auto& row) {
    return std::stoll(row.front());
  });
  return {
      "Failures",
      fmt::format("<p>{} of the episodes failed: the environment broke, not "
                  "the policy.</p>\n",
                  report.failures.size()) +
          sortable_table({"episodes", "tasks", "first of them", "message"},
                         rows, {2, 3})};
}

// Returns a time in seconds as milliseconds.
std::string format_milliseconds(const nlohmann::json& latency,
                                const char* key) {
  const auto found = latency.find(key);
  return found != latency.end() && found->is_number()
             ? fmt::format("{:.2f}", 1000 * found->get<double>())
             : "-";
}

std::string format_count(const nlohmann::json& latency, const char* key) {
  const auto found = latency.find(key);
  return found != latency.end() && found->is_number() ? found->dump() : "-";
}

HtmlSection latency_section(const ScoreReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const ScoredDataset& dataset : report.datasets) {
    if (!dataset.latency.is_object()) {
      continue;
    }
    const auto milliseconds = [&](const char* key) {
      return format_milliseconds(dataset.latency, key);
    };
    rows.push_back({dataset.task, dataset.path, milliseconds("period"),
                    format_count(dataset.latency, "steps"),
                    format_count(dataset.latency, "overruns"),
                    milliseconds("median"), milliseconds("p95"),
                    milliseconds("p99"), milliseconds("max")});
  }
  return {
      "Latency",
      sortable_table({"task", "dataset", "period (ms)", "steps", "overruns",
                      "median (ms)", "95% (ms)", "99% (ms)", "max (ms)"},
                     rows, {0, 1}) +
          "<p class=\"note\">From the arrival of an observation to the sending "
          "of the action, in runs with a control period. An overrun is a "
          "period in which no action was sent.</p>\n"};
}

// Returns a table of the sources of the references with the number of tasks.
std::string reference_sources_html(const ScoreReport& report) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const TaskScore& task : report.tasks) {
    if (task.random) {
      ++counts[{"random", task.random_source}];
    }
    if (task.expert) {
      ++counts[{"expert", task.expert_source}];
    }
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(counts.size());
  for (const auto& [key, count] : counts) {
    rows.push_back({key.first, std::to_string(count), key.second});
  }
  return rows.empty()
             ? ""
             : sortable_table({"reference", "tasks", "source"}, rows, {0, 2});
}

HtmlSection method_section(const ScoreReport& report) {
  std::vector<ReportInput> inputs;
  for (const ScoredDataset& dataset : report.datasets) {
    inputs.push_back({dataset.path, dataset.task, dataset.agent,
                      dataset.episodes, dataset.provenance, dataset.settings});
  }
  const bool is_success = report.metric == Metric::success;
  const char* const resampling_note =
      report.bootstrap_unit == "episodes"
          ? "They resample the episodes of a single policy, so they measure "
            "the uncertainty of this evaluation, not the variance between "
            "training runs."
          : "They resample policies or training runs, each represented by its "
            "mean score on a task.";
  return {"Datasets and method",
          provenance_html(inputs) + reference_sources_html(report) +
              fmt::format(
                  "<p class=\"note\">A score is 100 &times; (mean &minus; "
                  "random) / (expert &minus; random), computed from {}: 0% is "
                  "the random policy and 100% the expert. Intervals are 95% "
                  "percentile bootstrap confidence intervals from {} "
                  "resamples, stratified by task (seed {}). {} A failed "
                  "episode counts as the mean of the random policy.</p>\n",
                  is_success ? "the shares of episodes that succeeded"
                             : "mean returns",
                  report.resamples, report.seed, resampling_note)};
}

}  // namespace

std::vector<HtmlSection> score_sections(
    const ScoreReport& report,
    const std::map<std::string, std::string>& task_links) {
  std::vector<HtmlSection> sections{overall_section(report)};
  if (!report.configurations.empty()) {
    sections.push_back(configuration_section(report));
  }
  if (report.overall.task_count > 0) {
    sections.push_back(threshold_section(report));
  }
  sections.push_back(domain_section(report));
  if (!report.profile.empty()) {
    sections.push_back(profile_section(report));
  }
  sections.push_back(task_chart_section(report));
  sections.push_back(task_table_section(report, task_links));
  if (!report.failures.empty()) {
    sections.push_back(failure_section(report));
  }
  if (std::ranges::any_of(report.datasets, [](const ScoredDataset& dataset) {
        return dataset.latency.is_object();
      })) {
    sections.push_back(latency_section(report));
  }
  sections.push_back(method_section(report));
  return sections;
}

}  // namespace gato::eval
