// Every operand is read as runs of gato-finetune or as datasets, and its runs
// join the curve of their name. The curves are then computed and written in the
// format of the file name of --output.
#include "gato/commands/eval/eval_few_shot.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/base/file_patterns.h"
#include "gato/cli/logging.h"
#include "gato/commands/eval/eval_inputs.h"
#include "gato/commands/eval/report_output.h"
#include "gato/data/provenance.h"
#include "gato/eval/few_shot.h"
#include "gato/eval/few_shot_report.h"
#include "gato/eval/few_shot_runs.h"

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "Gathers the runs of few-shot curves: score against number of "
    "demonstrations, as in section 5.2 of the paper. An operand is the output "
    "of gato-finetune --episodes --env; one of its runs; or a dataset that "
    "gato-rollout control --policy nearest has played, or a directory of such "
    "datasets, which show what can be achieved with the same demonstrations "
    "without training. All operands must be of the same task.\n\n"
    "Each operand is a curve, named after its directory; datasets of --policy "
    "nearest form the curve \"nearest\". --curve NAME=PATH... makes a curve of "
    "one or more paths: those up to the next option, or up to the next "
    "NAME=.\n\n"
    "A run is a point. Its return is computed as in the paper (appendix E): "
    "the highest moving average over the mean returns of 5 successive "
    "evaluations. A run with fewer than 5 evaluations has no return. The "
    "return of a dataset is the mean return of its episodes. A failed episode "
    "counts as the mean return of the random policy if that is known; "
    "otherwise it is left out of the mean of its evaluation.\n\n"
    "The score is 100 (return - random) / (expert - random), computed with the "
    "references of the task. With --metric success, success rates replace "
    "returns. Without references, or if the expert is no better than the "
    "random policy, scores are null and returns are summarized instead. The "
    "summary is the mean over the repeats of each number of demonstrations "
    "with a 95% percentile bootstrap interval, which resamples the repeats: "
    "with one repeat its width is zero, and with three it is only a rough "
    "measure.\n\n"
    "A table of the summaries is printed to standard output. The report is "
    "written to --output: everything as JSON (see gato-formats(5)), the points "
    "as CSV, or an HTML page with a chart.";

struct EvalFewShotOptions {
  std::vector<std::string> curves;  // NAME=PATH, or PATH of the curve before it
  ReferenceOptions references;
  std::string metric = "return";
  int64_t resamples = 10000;
  std::string title = "Few-shot curves";
};

// A path and the name of its curve; empty: as the path says.
struct CurvePath {
  std::string name, path;
};

// Returns the operands and the paths of --curve, whose patterns are expanded.
std::vector<CurvePath> list_paths(const std::vector<std::string>& operands,
                                  const std::vector<std::string>& curves) {
  std::vector<CurvePath> paths;
  paths.reserve(operands.size() + curves.size());
  for (const std::string& operand : operands) {
    paths.push_back({"", operand});
  }
  std::string name;
  for (const std::string& text : curves) {
    const size_t equals = text.find('=');
    std::string pattern = text;
    if (equals != std::string::npos) {
      name = text.substr(0, equals);
      pattern = text.substr(equals + 1);
    }
    if (name.empty() || pattern.empty()) {
      throw base::usage_error(
          "option --curve: '{}' must be the name of a curve and a path, such "
          "as scratch=runs/scratch",
          text);
    }
    for (std::string& path : base::expand_patterns({pattern})) {
      paths.push_back({name, std::move(path)});
    }
  }
  if (paths.empty()) {
    throw base::usage_error(
        "RUN... is missing: specify outputs of gato-finetune, or --curve "
        "NAME=PATH");
  }
  return paths;
}

// The sources of the report.
struct Inputs {
  std::vector<eval::NamedRuns> curves;  // in the order of their first paths
  LoadedReferences references;
  std::vector<std::filesystem::path> metrics;  // metrics.jsonl of runs
  std::vector<std::vector<eval::DatasetOutcomes>> datasets;  // of each curve
  size_t runs = 0;
};

Inputs read_inputs(const EvalFewShotOptions& options,
                   const std::vector<std::string>& operands) {
  Inputs inputs;
  for (const CurvePath& path : list_paths(operands, options.curves)) {
    eval::FewShotInput input =
        eval::read_few_shot_input(path.path, parse_metric(options.metric));
    const std::string name = path.name.empty() ? input.name : path.name;
    auto curve = std::ranges::find(inputs.curves, name, &eval::NamedRuns::name);
    if (curve == inputs.curves.end()) {
      inputs.curves.push_back({.name = name, .runs = {}});
      inputs.datasets.emplace_back();
      curve = inputs.curves.end() - 1;
    }
    eval::append_runs(input.runs, *curve);
    inputs.runs += input.runs.size();
    std::ranges::move(input.metrics, std::back_inserter(inputs.metrics));
    std::vector<eval::DatasetOutcomes>& datasets =
        inputs.datasets[static_cast<size_t>(curve - inputs.curves.begin())];
    std::ranges::move(input.datasets, std::back_inserter(datasets));
    require_distinct_datasets(datasets);
  }
  inputs.references =
      load_all_references(options.references, /*max_episode_steps=*/0);
  return inputs;
}

data::Provenance make_provenance(const Inputs& inputs,
                                 const data::RunRecord& record) {
  std::vector<const std::vector<eval::DatasetOutcomes>*> datasets;
  for (const auto& of_curve : inputs.datasets) {
    datasets.push_back(&of_curve);
  }
  data::Provenance provenance =
      report_provenance(record, datasets, inputs.references);
  for (const std::filesystem::path& file : inputs.metrics) {
    provenance.add_input(file);
  }
  return provenance;
}

void warn_without_scores(const eval::FewShotReport& report) {
  if (report.has_scores) {
    return;
  }
  if (report.random && report.expert) {
    spdlog::warn(
        "task {}: the expert's return, {}, is not above that of the random "
        "policy, {}: scores are undefined, so returns are summarized",
        report.task, *report.expert, *report.random);
    return;
  }
  spdlog::warn(
      "task {}: no return of {}, so returns are summarized: for scores, pass "
      "--references FILE, or --expert DATASET and --random DATASET",
      report.task,
      report.expert   ? "the random policy"
      : report.random ? "the expert"
                      : "the expert and the random policy");
}

base::ExitStatus run_eval_few_shot(const EvalFewShotOptions& options,
                                   const cli::CommandContext& context) {
  const std::string& output = context.common.output;
  const ReportFormat format = detect_report_format(output);
  const Inputs inputs = read_inputs(options, context.common.inputs);
  const eval::FewShotReport report = eval::compute_few_shot(
      inputs.curves, inputs.references.table(),
      {context.common.seed, options.resamples, parse_metric(options.metric)});
  warn_without_scores(report);
  if (format != ReportFormat::none) {
    base::write_file(
        output,
        format == ReportFormat::json
            ? render_report_json(eval::few_shot_json(report),
                                 make_provenance(inputs, context.record))
        : format == ReportFormat::csv
            ? eval::few_shot_csv(report)
            : eval::html_page(options.title,
                              eval::few_shot_introduction(report),
                              eval::few_shot_sections(report)),
        context.common.force);
  }
  fmt::print("{}", eval::few_shot_text(report));
  int64_t valued = 0;
  for (const eval::FewShotCurve& curve : report.curves) {
    for (const eval::FewShotSummary& summary : curve.summary) {
      valued += summary.runs;
    }
  }
  cli::log_counts({{"curves", std::ssize(report.curves)},
                   {"runs", static_cast<int64_t>(inputs.runs)},
                   {"with_a_value", valued}});
  return base::ExitStatus::success;
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<EvalFewShotOptions>();
  table
      .add("curve", &options->curves,
           "A curve and the paths of its runs; can be repeated")
      .metavar("NAME=PATH...");
  add_reference_options(table, options->references);
  add_metric_option(table, options->metric);
  add_resamples_option(table, options->resamples);
  table.add("title", &options->title, "Title of the HTML page").metavar("TEXT");
  return [options](cli::CommandContext& context) {
    return run_eval_few_shot(*options, context);
  };
}

}  // namespace

cli::Command eval_few_shot_command() {
  cli::Command command;
  command.name = "few-shot";
  command.summary = "compare scores by number of demonstrations";
  command.description = kDescription;
  set_report_output(command);
  command.operands = "RUN...";
  command.build = build;
  command.examples = {
      {"gato-eval few-shot curve --expert expert/catch --random random/catch "
       "-o curve.html",
       "The curve of one model"},
      {"gato-eval few-shot --curve pre-trained=curve --curve scratch=scratch "
       "--curve nearest=nearest/* --references references.json -o curves.json",
       "Three curves side by side"}};
  return command;
}

}  // namespace gato::commands
