#include "gato/eval/few_shot_report.h"

#include <fmt/format.h>

#include "gato/base/text_table.h"
#include "gato/data/file_format.h"
#include "gato/eval/few_shot_chart.h"
#include "gato/eval/report_values.h"
#include "gato/eval/score_report.h"

namespace gato::eval {
namespace {

using nlohmann::json;

json point_json(const FewShotPoint& point) {
  json returns = json::array();
  for (const std::optional<double>& value : point.returns) {
    returns.push_back(as_json(value));
  }
  return {{"episodes", point.episodes},
          {"repeat", point.repeat},
          {"score", as_json(point.score)},
          {"return", as_json(point.best_return)},
          {"returns", returns},
          {"steps", point.steps}};
}

json summary_json(const FewShotSummary& summary) {
  return {{"episodes", summary.episodes},
          {"runs", summary.runs},
          {"mean", as_json(summary.mean)},
          {"low", as_json(summary.low)},
          {"high", as_json(summary.high)}};
}

// Formats a number of a summary.
std::string format_value(const FewShotReport& report,
                         const std::optional<double>& value) {
  return report.has_scores ? format_number(value, 1) : format_return(value);
}

std::string summary_table(const FewShotReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const FewShotCurve& curve : report.curves) {
    for (const FewShotSummary& summary : curve.summary) {
      rows.push_back({curve.name, std::to_string(summary.episodes),
                      format_value(report, summary.mean),
                      format_value(report, summary.low),
                      format_value(report, summary.high),
                      std::to_string(summary.runs)});
    }
  }
  return html_table(
      {"curve", "demonstrations", report.has_scores ? "score (%)" : "return",
       "95% low", "95% high", "runs"},
      rows, 1);
}

HtmlSection run_section(const FewShotReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const FewShotCurve& curve : report.curves) {
    for (const FewShotPoint& point : curve.points) {
      rows.push_back(
          {curve.name, std::to_string(point.episodes),
           std::to_string(point.repeat), format_number(point.score, 1),
           format_return(point.best_return),
           std::to_string(point.returns.size()), std::to_string(point.steps)});
    }
  }
  return {"Runs", html_table({"curve", "demonstrations", "repeat", "score (%)",
                              "return", "evaluations", "steps"},
                             rows, 1)};
}

}  // namespace

json few_shot_json(const FewShotReport& report) {
  json document = data::format_to_json(data::kFewShotFormat);
  document.update({{"task", report.task},
                   {"random", as_json(report.random)},
                   {"expert", as_json(report.expert)},
                   {"metric", metric_name(report.metric)},
                   {"unit", report.has_scores ? "score" : "return"},
                   {"curves", json::array()},
                   {"seed", report.seed},
                   {"resamples", report.resamples}});
  for (const FewShotCurve& curve : report.curves) {
    json points = json::array(), summary = json::array();
    for (const FewShotPoint& point : curve.points) {
      points.push_back(point_json(point));
    }
    for (const FewShotSummary& one : curve.summary) {
      summary.push_back(summary_json(one));
    }
    document["curves"].push_back(
        {{"name", curve.name}, {"points", points}, {"summary", summary}});
  }
  return document;
}

std::string few_shot_csv(const FewShotReport& report) {
  json rows = json::array();
  for (const FewShotCurve& curve : report.curves) {
    for (const FewShotPoint& point : curve.points) {
      rows.push_back(point_json(point));
      rows.back()["curve"] = curve.name;
    }
  }
  return to_csv(
      {"curve", "episodes", "repeat", "steps", "return", "score", "returns"},
      rows);
}

std::string few_shot_text(const FewShotReport& report) {
  base::TextTable table({"curve", "demonstrations", "runs",
                         report.has_scores ? "score" : "return", "low",
                         "high"});
  for (const FewShotCurve& curve : report.curves) {
    for (const FewShotSummary& summary : curve.summary) {
      table.add_row({curve.name, std::to_string(summary.episodes),
                     std::to_string(summary.runs),
                     format_value(report, summary.mean),
                     format_value(report, summary.low),
                     format_value(report, summary.high)});
    }
  }
  return table.to_string();
}

std::string few_shot_introduction(const FewShotReport& report) {
  return fmt::format(
      "Score of {} by number of demonstrations. A point is a run: the highest "
      "moving mean of {} successive evaluations while it was fine-tuned, or "
      "the mean of all episodes if nothing was trained. Lines are means over "
      "repeats with 95% bootstrap intervals ({} resamples, seed {}). {}",
      report.task, kMovingMeanLength, report.resamples, report.seed,
      report.has_scores ? "Scores are expert-normalized: 0% is the random "
                          "policy and 100% the expert."
                        : "There are no references, so returns are shown.");
}

std::vector<HtmlSection> few_shot_sections(const FewShotReport& report) {
  return {{report.task, few_shot_chart(report)},
          {"Means", summary_table(report)},
          run_section(report)};
}

HtmlSection few_shot_section(const std::vector<FewShotReport>& reports) {
  std::string html;
  for (const FewShotReport& report : reports) {
    html += fmt::format("<h3>{}</h3>\n{}<p class=\"note\">{}</p>\n{}",
                        escape_html(report.task), few_shot_chart(report),
                        escape_html(few_shot_introduction(report)),
                        summary_table(report));
  }
  return {"Few-shot learning", html};
}

}  // namespace gato::eval
