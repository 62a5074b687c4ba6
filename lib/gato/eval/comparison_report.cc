// The JSON of a row is also the source of its CSV line, so that the two formats
// have the same names and digits.
#include "gato/eval/comparison_report.h"

#include <fmt/format.h>

#include "gato/base/text_table.h"
#include "gato/data/file_format.h"
#include "gato/eval/report_values.h"
#include "gato/eval/score_charts.h"
#include "gato/eval/score_report.h"

namespace gato::eval {
namespace {

using nlohmann::json;

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::a:
      return "A";
    case Verdict::b:
      return "B";
    case Verdict::open:
      break;
  }
  return "open";
}

json task_json(const TaskComparison& task) {
  return {{"task", task.task},
          {"domain", task.domain},
          {"episodes_a", task.episodes_a},
          {"episodes_b", task.episodes_b},
          {"mean_a", as_json(task.mean_a)},
          {"mean_b", as_json(task.mean_b)},
          {"pairs", task.pairs},
          {"wins", task.wins},
          {"losses", task.losses},
          {"ties", task.ties},
          {"difference", as_json(task.difference)},
          {"difference_low", as_json(task.difference_low)},
          {"difference_high", as_json(task.difference_high)},
          {"improvement", as_json(task.improvement)},
          {"improvement_low", as_json(task.improvement_low)},
          {"improvement_high", as_json(task.improvement_high)},
          {"evidence", as_json(task.evidence)},
          {"verdict", verdict_name(task.verdict)},
          {"left_out", task.left_out},
          {"note", task.note}};
}

json overall_json(const ComparisonReport& report) {
  json overall = task_json(report.overall);
  overall.erase("mean_a");
  overall.erase("mean_b");
  overall["score_a"] = as_json(report.score_a);
  overall["score_b"] = as_json(report.score_b);
  return overall;
}

// The columns of the CSV, which are keys of the JSON.
const std::vector<std::string> kColumns = {
    "task",        "domain",          "episodes_a",
    "episodes_b",  "mean_a",          "mean_b",
    "score_a",     "score_b",         "pairs",
    "wins",        "losses",          "ties",
    "difference",  "difference_low",  "difference_high",
    "improvement", "improvement_low", "improvement_high",
    "evidence",    "verdict",         "left_out",
    "note"};

std::string format_evidence(const std::optional<double>& evidence) {
  return evidence ? fmt::format("{:.3g}", *evidence) : "-";
}

// Returns the cells of a row of the tables in text and HTML, but the note.
std::vector<std::string> table_cells(const TaskComparison& task,
                                     const std::string& a,
                                     const std::string& b) {
  return {task.task,
          a,
          b,
          std::to_string(task.pairs),
          std::to_string(task.wins),
          std::to_string(task.losses),
          std::to_string(task.ties),
          format_return(task.difference),
          format_return(task.difference_low),
          format_return(task.difference_high),
          format_number(task.improvement, 3),
          format_number(task.improvement_low, 3),
          format_number(task.improvement_high, 3),
          format_evidence(task.evidence),
          verdict_name(task.verdict)};
}

// Returns the rows of the tasks and of all of them, with the notes.
std::vector<std::vector<std::string>> table_rows(
    const ComparisonReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const TaskComparison& task : report.tasks) {
    rows.push_back(table_cells(task, format_return(task.mean_a),
                               format_return(task.mean_b)));
    rows.back().push_back(task.note);
  }
  const auto percent = [](const std::optional<double>& score) {
    return score ? fmt::format("{:.1f}%", *score) : "-";
  };
  rows.push_back(table_cells(report.overall, percent(report.score_a),
                             percent(report.score_b)));
  rows.back().push_back(report.overall.note);
  return rows;
}

// Returns one sentence with the result over all tasks.
std::string summary(const ComparisonReport& report) {
  const TaskComparison& all = report.overall;
  if (all.pairs == 0) {
    return fmt::format("There is no verdict: {}.", no_pairs_reason(report));
  }
  const std::string counts = fmt::format("A wins {} and loses {} of {} pairs",
                                         all.wins, all.losses, all.pairs);
  switch (all.verdict) {
    case Verdict::a:
      return fmt::format("A is better: {} (evidence {}).", counts,
                         format_evidence(all.evidence));
    case Verdict::b:
      return fmt::format("B is better: {} (evidence {}).", counts,
                         format_evidence(all.evidence));
    case Verdict::open:
      break;
  }
  return fmt::format("Open: {} (evidence {}, a verdict needs {:.0f}).", counts,
                     format_evidence(all.evidence), kVerdictEvidence);
}

}  // namespace

json to_json(const ComparisonReport& report) {
  json tasks = json::array();
  for (const TaskComparison& task : report.tasks) {
    tasks.push_back(task_json(task));
  }
  json document = data::format_to_json(data::kComparisonFormat);
  document.update({{"metric", metric_name(report.metric)},
                   {"tasks", std::move(tasks)},
                   {"overall", overall_json(report)},
                   {"seed", report.seed},
                   {"resamples", report.resamples}});
  return document;
}

std::string to_csv(const ComparisonReport& report) {
  const json document = to_json(report);
  json rows = document["tasks"];
  rows.push_back(document["overall"]);
  return to_csv(kColumns, rows);
}

std::string to_text(const ComparisonReport& report) {
  base::TextTable table({"task", "A", "B", "pairs", "wins", "losses", "ties",
                         "difference", "low", "high", "improvement", "low",
                         "high", "evidence", "verdict", "note"});
  for (std::vector<std::string>& row : table_rows(report)) {
    table.add_row(std::move(row));
  }
  return fmt::format("{}\n{}\n", table.to_string(), summary(report));
}

HtmlSection comparison_section(const ComparisonReport& report) {
  std::string html = fmt::format("<p>{}</p>\n", escape_html(summary(report)));
  if (const std::string chart = comparison_chart(report); !chart.empty()) {
    html += fold_if_long("Chart of all tasks",
                         "<div class=\"chart\">" + chart + "</div>\n",
                         report.tasks.size());
  }
  std::vector<std::vector<std::string>> rows = table_rows(report);
  html += sortable_table(
      {"task", "A", "B", "pairs", "wins", "losses", "ties", "difference", "low",
       "high", "P(A > B)", "low", "high", "evidence", "verdict", "note"},
      rows, {0, 14, 15});
  html +=
      "<p class=\"note\">A and B are mean values of all episodes, and in the "
      "line \"all\" mean scores in percent of the expert over the tasks that "
      "both played. Episodes of the same task and seed form pairs; the "
      "difference is the mean of A &minus; B over the pairs, in percent of the "
      "expert over all tasks, with a 95% bootstrap interval. P(A &gt; B) is "
      "the probability that a random episode of A is better than one of B. The "
      "evidence is the e-value of a sign test, which may be checked after "
      "every episode. A verdict requires evidence of at least 20 and is wrong "
      "with a probability of at most 5%.</p>\n";
  return {"Comparison of A with B", html};
}

std::string no_pairs_reason(const ComparisonReport& report) {
  const TaskComparison& all = report.overall;
  if (all.pairs > 0) {
    return "";
  }
  if (all.left_out > 0) {
    return fmt::format(
        "in all {} pairs of the same task and seed an episode failed, and the "
        "random policy is unknown",
        all.left_out);
  }
  if (all.lacks_success) {
    return "success is compared, but the episodes of A or B do not report it";
  }
  return "no episodes of A and B have the same task and seed";
}

std::vector<std::string> find_failed_tasks(const ComparisonReport& report) {
  std::vector<std::string> names;
  for (const TaskComparison& task : report.tasks) {
    if (task.episodes_a > 0 && task.failed_a == task.episodes_a &&
        task.failed_b < task.episodes_b) {
      names.push_back(task.task);
    }
  }
  return names;
}

std::vector<std::string> find_regressions(const ComparisonReport& report) {
  std::vector<std::string> names;
  for (const TaskComparison& task : report.tasks) {
    if (task.verdict == Verdict::b) {
      names.push_back(task.task);
    }
  }
  if (report.overall.verdict == Verdict::b) {
    names.push_back(report.overall.task);
  }
  return names;
}

}  // namespace gato::eval
