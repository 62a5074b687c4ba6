// One function per section of the page: the overall score, a chart of the
// tasks, the number of tasks at or above each score, two tables, and the
// datasets with the commands that recorded them.
#include "gato/eval/score_sections.h"

#include <fmt/format.h>

#include "gato/base/string_util.h"
#include "gato/eval/charts.h"
#include "gato/eval/score_report.h"

namespace gato::eval {
namespace {

std::string format_interval(const std::optional<double>& low,
                            const std::optional<double>& high) {
  return low ? fmt::format("[{:.1f}, {:.1f}]", *low, *high) : "-";
}

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

HtmlSection task_chart_section(const ScoreReport& report) {
  std::string html = "<div class=\"legend\">";
  for (size_t d = 0; d < report.domains.size(); ++d) {
    html +=
        fmt::format("<span><i style=\"background:{}\"></i>{}</span>",
                    palette_color(d), escape_html(report.domains[d].domain));
  }
  html += "</div>\n" + score_chart(report.tasks, report.domains);
  return {"Score by task", html};
}

HtmlSection task_table_section(const ScoreReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const TaskScore& task : report.tasks) {
    rows.push_back({task.task, task.domain, format_number(task.score, 1),
                    format_interval(task.score_low, task.score_high),
                    format_return(task.mean), format_return(task.std),
                    format_return(task.random), format_return(task.expert),
                    format_number(task.success_rate, 2),
                    std::to_string(task.episodes)});
  }
  std::string html = html_table(
      {"task", "domain", "score (%)", "95% interval", "mean return", "std",
       "random return", "expert return", "success rate", "episodes"},
      rows, 2);
  for (const TaskScore& task : report.tasks) {
    if (!task.note.empty()) {
      html += fmt::format("<p class=\"note\">{}: {}.</p>\n",
                          escape_html(task.task), escape_html(task.note));
    }
  }
  return {"Tasks", html};
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
  return {"Domains", html_table({"domain", "tasks", "mean (%)", "median (%)",
                                 "interquartile mean (%)", "95% interval",
                                 "optimality gap (%)"},
                                rows, 1)};
}

// Returns one line that shows how a dataset was produced: the command and seed.
std::string format_provenance(const nlohmann::json& provenance) {
  if (!provenance.is_object()) {
    return "(no provenance)";
  }
  std::vector<std::string> words;
  if (provenance.contains("argv") && provenance["argv"].is_array()) {
    for (const auto& word : provenance["argv"]) {
      if (word.is_string()) {
        words.push_back(word.get<std::string>());
      }
    }
  }
  std::string command = base::shell_join(words);
  if (command.empty()) {
    const auto program = provenance.find("program");
    command = program != provenance.end() && program->is_string()
                  ? program->get<std::string>()
                  : "(unknown program)";
  }
  if (provenance.contains("seed") && provenance["seed"].is_number()) {
    command += "    # seed " + provenance["seed"].dump();
  }
  return command;
}

HtmlSection provenance_section(const ScoreReport& report) {
  std::vector<std::vector<std::string>> rows;
  std::string commands;
  for (const ScoredDataset& dataset : report.datasets) {
    rows.push_back({dataset.path, dataset.task,
                    dataset.agent.empty() ? "-" : dataset.agent,
                    std::to_string(dataset.episodes)});
    const std::string line = format_provenance(dataset.provenance) + "\n";
    if (commands.find(line) == std::string::npos) {
      commands += line;
    }
  }
  std::string html =
      html_table({"dataset", "task", "policy", "episodes"}, rows, 3);
  html += fmt::format("<pre>{}</pre>\n", escape_html(commands));
  const char* const resampling_note =
      report.bootstrap_unit == "episodes"
          ? "They resample the episodes of a single policy, so they measure "
            "the uncertainty of this evaluation, not the variance between "
            "training runs."
          : "They resample policies, each represented by its mean score.";
  html += fmt::format(
      "<p class=\"note\">A score is 100 &times; (mean &minus; random) / "
      "(expert &minus; random), computed from mean returns: 0% is the random "
      "policy and 100% the expert. Intervals are 95% percentile bootstrap "
      "confidence intervals from {} resamples, stratified by task (seed {}). "
      "{} A failed episode is assigned the mean return of the random "
      "policy.</p>\n",
      report.resamples, report.seed, resampling_note);
  return {"Datasets and method", html};
}

}  // namespace

std::vector<HtmlSection> score_sections(const ScoreReport& report) {
  std::vector<HtmlSection> sections{overall_section(report),
                                    task_chart_section(report)};
  if (report.overall.task_count > 0) {
    sections.push_back(
        {"Tasks at or above each score",
         threshold_chart(report.thresholds, report.overall.task_count)});
  }
  sections.push_back(task_table_section(report));
  sections.push_back(domain_section(report));
  sections.push_back(provenance_section(report));
  return sections;
}

}  // namespace gato::eval
