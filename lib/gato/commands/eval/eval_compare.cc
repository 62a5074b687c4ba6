#include "gato/commands/eval/eval_compare.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/eval/eval_inputs.h"
#include "gato/commands/eval/report_output.h"
#include "gato/eval/comparison_report.h"
#include "gato/eval/html_page.h"
#include "gato/eval/provenance_section.h"

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "The operands A are the datasets of a candidate, and --against names those "
    "of a baseline B. Episodes of the same task and seed form pairs, and "
    "several episodes of one seed are paired in their order: play both with "
    "the same --seed and --episodes. The value of an episode is its return, or "
    "whether it succeeded (--metric success).\n\n"
    "\"difference\" is the mean of A - B over the pairs, and its 95% interval "
    "is that of a bootstrap over the pairs. Without pairs it is the difference "
    "of the means, and the bootstrap resamples the episodes of A and of B. In "
    "the line \"all\", it is the mean over the tasks of their differences in "
    "percent of the expert, resampled within each task; this needs references, "
    "as for gato-eval score. In that line, A and B are the mean scores of all "
    "episodes, over the tasks that both played.\n\n"
    "\"improvement\" is the probability that a random episode of A is better "
    "than a random episode of B, where ties count one half (the probability of "
    "improvement of rliable, Agarwal et al. 2021). It compares all episodes, "
    "paired or not. Over all tasks, it is the mean over the tasks.\n\n"
    "\"evidence\" is the e-value of a sign test on the wins and losses of A, "
    "with the Jeffreys prior: B(w + 1/2, l + 1/2) / B(1/2, 1/2) x 2^(w + l). "
    "If neither is better, the probability that it ever reaches 20 is at most "
    "5%, no matter how often it is checked, so that more episodes may be "
    "played until there is a verdict. \"verdict\" is A or B, whichever wins "
    "more pairs, if the evidence is at least 20, and otherwise open. Ties do "
    "not count as evidence. The guarantee holds for each line: of 100 tasks "
    "without any difference, 5 may get a verdict. Evidence beyond the range of "
    "double is given as 1.797e308.\n\n"
    "A failed episode counts as the mean of the random policy. If that is "
    "unknown, its pair is left out and counted (\"left_out\" in JSON), and "
    "neither the mean nor the improvement is reported. A task that only one "
    "side played is listed without pairs; if this applies to every task, the "
    "status is 3.\n\n"
    "With --expect-not-worse the status is 1 if the verdict of a task or of "
    "all tasks is B, if every episode of A in some task failed but at least "
    "one of B did not, or if no pair could be compared. The table is printed "
    "to standard output, and the report is written to --output: everything as "
    "JSON (see gato-formats(5)) or CSV, or one HTML page.";

struct EvalCompareOptions {
  std::vector<std::string> against;
  ReferenceOptions references;
  std::string metric = "return";
  int64_t max_episode_steps = 0;
  int64_t resamples = 10000;
  bool expect_not_worse = false;
  std::string title = "Comparison";
};

void append_report_inputs(const std::vector<eval::DatasetOutcomes>& outcomes,
                          std::vector<eval::ReportInput>& inputs) {
  for (const eval::DatasetOutcomes& one : outcomes) {
    inputs.push_back({one.path.string(), one.task, one.agent,
                      one.episode_count(), one.provenance, one.settings});
  }
}

std::string policy_names(const std::vector<eval::DatasetOutcomes>& outcomes) {
  std::vector<std::string> names;
  for (const eval::DatasetOutcomes& one : outcomes) {
    const std::string name = one.agent.empty() ? "(unnamed)" : one.agent;
    if (std::ranges::find(names, name) == names.end()) {
      names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string render_html(const eval::ComparisonReport& report,
                        const std::vector<eval::DatasetOutcomes>& a,
                        const std::vector<eval::DatasetOutcomes>& b,
                        const std::string& title) {
  std::vector<eval::ReportInput> inputs;
  append_report_inputs(a, inputs);
  append_report_inputs(b, inputs);
  const std::string introduction = fmt::format(
      "A is {}, and B is {}. Compared by {}.", policy_names(a), policy_names(b),
      report.metric == eval::Metric::success ? "success" : "return");
  return eval::html_page(title, introduction,
                         {eval::comparison_section(report),
                          {"Datasets", eval::provenance_html(inputs)}});
}

std::set<std::string> task_names(
    const std::vector<eval::DatasetOutcomes>& outcomes) {
  std::set<std::string> names;
  for (const eval::DatasetOutcomes& one : outcomes) {
    names.insert(one.task);
  }
  return names;
}

// Throws Error(bad_input) if no task is in both.
void require_common_task(const std::vector<eval::DatasetOutcomes>& a,
                         const std::vector<eval::DatasetOutcomes>& b) {
  const std::set<std::string> tasks_a = task_names(a), tasks_b = task_names(b);
  const auto is_in_b = [&](const std::string& task) {
    return tasks_b.contains(task);
  };
  if (std::ranges::none_of(tasks_a, is_in_b)) {
    throw base::input_error(
        "A and B have no task in common: A is of {}, and B is of {}",
        fmt::join(tasks_a, ", "), fmt::join(tasks_b, ", "));
  }
}

// Returns the status for --expect-not-worse, and says why it is not success.
base::ExitStatus judge(const eval::ComparisonReport& report) {
  const std::vector<std::string> worse = eval::find_regressions(report);
  const std::vector<std::string> failed = eval::find_failed_tasks(report);
  const std::string no_pairs = eval::no_pairs_reason(report);
  if (!worse.empty()) {
    spdlog::error("--expect-not-worse: there is evidence that A is worse: {}",
                  fmt::join(worse, ", "));
  }
  if (!failed.empty()) {
    spdlog::error(
        "--expect-not-worse: every episode of A failed, but not every episode "
        "of B: {}",
        fmt::join(failed, ", "));
  }
  if (!no_pairs.empty()) {
    spdlog::error("--expect-not-worse: nothing could be compared: {}",
                  no_pairs);
  }
  return worse.empty() && failed.empty() && no_pairs.empty()
             ? base::ExitStatus::success
             : base::ExitStatus::run_failed;
}

base::ExitStatus run_eval_compare(const EvalCompareOptions& options,
                                  cli::CommandContext& context) {
  const std::string& output = context.common.output;
  const ReportFormat format = detect_report_format(output);
  const int64_t max_steps = options.max_episode_steps;
  LoadedReferences references =
      load_all_references(options.references, max_steps);
  const std::vector<eval::DatasetOutcomes> a =
      read_all_outcomes(context.common.inputs, max_steps, context.progress);
  const std::vector<eval::DatasetOutcomes> b =
      read_all_outcomes(options.against, max_steps, context.progress);
  require_common_task(a, b);
  warn_about_failed_datasets(a);
  warn_about_failed_datasets(b);
  references.add_defaults(a);
  references.add_defaults(b);
  const eval::ComparisonReport report = eval::compare_outcomes(
      a, b, references.table(),
      {context.common.seed, options.resamples, parse_metric(options.metric)});
  if (format == ReportFormat::json) {
    base::write_file(
        output,
        render_report_json(
            eval::to_json(report),
            report_provenance(context.record, {&a, &b}, references)),
        context.common.force);
  } else if (format == ReportFormat::csv) {
    base::write_file(output, eval::to_csv(report), context.common.force);
  } else if (format == ReportFormat::html) {
    base::write_file(output, render_html(report, a, b, options.title),
                     context.common.force);
  }
  fmt::print("{}", eval::to_text(report));
  if (report.overall.left_out > 0) {
    spdlog::warn(
        "{} pairs are left out, because an episode of each failed and the "
        "random policy is unknown: pass its results with --references or "
        "--random, so that failures count",
        report.overall.left_out);
  }
  cli::log_counts({{"datasets", std::ssize(a) + std::ssize(b)},
                   {"episodes of A", report.overall.episodes_a},
                   {"episodes of B", report.overall.episodes_b},
                   {"tasks", std::ssize(report.tasks)},
                   {"pairs", report.overall.pairs},
                   {"left_out", report.overall.left_out}});
  return options.expect_not_worse ? judge(report) : base::ExitStatus::success;
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<EvalCompareOptions>();
  table.add("against", &options->against, "Datasets of the baseline B")
      .metavar("DATASET...")
      .files()
      .required();
  table.add(
      "expect-not-worse", &options->expect_not_worse,
      "End with status 1 if there is evidence that A is worse, or if nothing "
      "could be compared");
  add_reference_options(table, options->references);
  add_metric_option(table, options->metric);
  add_max_episode_steps_option(table, options->max_episode_steps);
  add_resamples_option(table, options->resamples);
  table.add("title", &options->title, "Title of the HTML page").metavar("TEXT");
  return [options](cli::CommandContext& context) {
    return run_eval_compare(*options, context);
  };
}

}  // namespace

cli::Command eval_compare_command() {
  cli::Command command;
  command.name = "compare";
  command.summary = "compare the episodes of two policies";
  command.description = kDescription;
  set_report_output(command);
  command.operands = "A...";
  command.min_operands = 1;
  command.build = build;
  command.run_failed_help = "--expect-not-worse is not satisfied";
  command.examples = {
      {"gato-eval compare new --against old --references "
       "share/gato/scores/built-in.json",
       "Test whether the episodes in new are better than those in old"},
      {"gato-eval compare new --against old --expect-not-worse -o "
       "comparison.json",
       "A check for a script: status 1 if new is worse"},
      {"jq -r '.tasks[] | select(.verdict != \"open\") | [.task, .verdict, "
       ".evidence] | @tsv' comparison.json",
       "The tasks with a verdict"}};
  return command;
}

}  // namespace gato::commands
