// The outcomes of the scored datasets and of the references are read first and
// scored by eval::compute_scores(). The table always goes to standard output;
// the file name extension of --output selects the format of the report.
#include "gato/commands/eval/eval_score.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/eval/eval_score_check.h"
#include "gato/commands/eval/eval_score_inputs.h"
#include "gato/commands/eval/eval_score_warnings.h"
#include "gato/commands/eval/report_output.h"
#include "gato/eval/caption_samples.h"
#include "gato/eval/comparison_report.h"
#include "gato/eval/few_shot_file.h"
#include "gato/eval/few_shot_report.h"
#include "gato/eval/score.h"
#include "gato/eval/score_report.h"
#include "gato/eval/score_sections.h"
#include "gato/eval/training_section.h"
#include "gato/eval/video_section.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription =
    "The score of a task is 100 (mean - random) / (expert - random), computed "
    "from mean returns: 0 is the random policy and 100 the expert. With "
    "--metric success, the value of an episode is 1 if it succeeded and 0 if "
    "not, also for the random policy and the expert; a task whose episodes do "
    "not report success has no score then. Scores are aggregated per domain "
    "and over all tasks. An operand is a Minari, D4RL or robomimic dataset of "
    "one task, or a directory of datasets.\n\n"
    "The results of the random policy and of the expert come from several "
    "sources, where later ones override earlier ones, policy by policy: "
    "ref_min_score and ref_max_score in the metadata of the scored Minari "
    "datasets; --references, in the given order, JSON files such as "
    "share/gato/scores/jat.json and share/gato/scores/built-in.json or other "
    "Minari datasets with such metadata; datasets of episodes (--random, "
    "--expert). If the expert is no better than random, the score of the task "
    "is undefined and excluded from every mean. Without any references only "
    "the returns are reported. A warning is printed if episodes were played "
    "with different settings than the references; --check lists the "
    "differences.\n\n"
    "The aggregates are those of rliable (Agarwal et al. 2021). Their unit is "
    "a \"run\" in the sense of rliable. If any task has datasets of several "
    "policies, such a run is the mean score of one policy on one task. "
    "Otherwise it is the score of one episode. Policies are distinguished by "
    "their names and by the digests of their weights. A failed episode counts "
    "as the mean of the random policy.\n\n"
    "\"iqm\", the interquartile mean: the scores of all runs of all tasks of "
    "the domain are sorted together, the lowest and the highest quarter are "
    "discarded, and the rest are averaged. It depends less on a few extreme "
    "runs than the mean does, and it has a lower variance than the median.\n\n"
    "\"gap\", the optimality gap: the mean amount by which the runs fall short "
    "of 100, where a run above 100 counts as exactly 100. 0 means that every "
    "run reaches the expert. One run above 100 does not make up for another "
    "below it, so the gap may be positive even if the mean is 100, and runs "
    "that are worse than the random policy can raise it above 100. \"mean\" "
    "and \"median\" are over the scores of the tasks.\n\n"
    "The intervals are 95% percentile bootstrap confidence intervals, "
    "stratified by task: in each of --resamples resamples, the runs of each "
    "task are resampled with replacement. \"low\" and \"high\" are the 2.5th "
    "and 97.5th percentiles of the resampled mean scores of a task, \"iqm "
    "low\" and \"iqm high\" those of the resampled interquartile means. If "
    "episodes are the runs, the intervals account for the finite number of "
    "episodes, but not for the variance between training runs. They never "
    "account for the uncertainty of the references, whose means are taken as "
    "exact. A task with one run has an interval of width zero.\n\n"
    "For the variance between training runs, train a configuration three times "
    "or more with different seeds, and pass the episodes that each of them "
    "played: --runs NAME=PATH,PATH,PATH. The report has one line per NAME, and "
    "its interval is over the training runs. Without operands, the tables of "
    "tasks and domains are those of the first NAME.\n\n"
    "--check tests whether the references define a meaningful scale. It finds, "
    "as errors, tasks without a reference (missing), experts that are no "
    "better than random (order), and episodes that were played with different "
    "settings of the environment than the references, such as a frame skip or "
    "a step limit (settings); as warnings, references without a standard "
    "deviation (deviation), random results so close to those of the expert "
    "that a score is mostly noise (near: less than one standard deviation of "
    "the random returns, or 5% of the expert's return if that is unknown, or a "
    "success rate that differs by less than 0.1), unknown settings (settings), "
    "and different package versions (versions). References that appear in "
    "several files are shown side by side. The status is 1 if there is an "
    "error, or with --fail-on warning any finding, and otherwise 0.\n\n"
    "A table is printed to standard output, followed by the number of captions "
    "that match a reference exactly if there are any references for them. The "
    "report is written to --output: everything as JSON (see gato-formats(5)), "
    "one of its tables as CSV (--table), or one HTML page with charts, which "
    "needs no network.";

// The number of captioned images in an HTML report.
constexpr size_t kMaxShownImages = 24;

std::string introduction_text(const eval::ScoreReport& report) {
  int64_t episodes = 0;
  std::vector<std::string> policies;
  for (const eval::ScoredDataset& dataset : report.datasets) {
    episodes += dataset.episodes;
    if (!dataset.agent.empty() &&
        std::ranges::find(policies, dataset.agent) == policies.end()) {
      policies.push_back(dataset.agent);
    }
  }
  return fmt::format(
      "{} episode{} of {} task{}{}{}. Scores are expert-normalized{}: 0% is "
      "the random policy and 100% the expert.",
      episodes, episodes == 1 ? "" : "s", report.tasks.size(),
      report.tasks.size() == 1 ? "" : "s",
      policies.empty() ? "" : ", played by ", fmt::join(policies, ", "),
      report.metric == eval::Metric::success
          ? " shares of the episodes that succeeded"
          : "");
}

// A report and what belongs to it.
struct Results {
  eval::ScoreReport scores;
  std::optional<eval::ComparisonReport> comparison;
  std::vector<eval::FewShotReport> few_shot;
  std::vector<eval::CaptionSample> captions;
};

std::string render_html(const Results& results,
                        const EvalScoreOptions& options) {
  const eval::ScoreReport& report = results.scores;
  const eval::Videos videos = eval::find_videos(report, options.films);
  if (videos.empty() && !options.films.empty()) {
    spdlog::warn("--films {}: no video of any task, such as {}.png",
                 options.films, report.tasks.front().task);
  }
  std::vector<eval::HtmlSection> sections =
      eval::score_sections(report, videos.links());
  // Before the last section, which describes the datasets and the method.
  std::vector<eval::HtmlSection> extra;
  if (results.comparison) {
    extra.push_back(eval::comparison_section(*results.comparison));
  }
  if (!results.few_shot.empty()) {
    extra.push_back(eval::few_shot_section(results.few_shot));
  }
  if (!videos.empty()) {
    extra.push_back(eval::video_section(videos, report));
  }
  if (!results.captions.empty()) {
    extra.push_back(eval::caption_section(results.captions, kMaxShownImages));
  }
  if (!options.metrics_file.empty()) {
    extra.push_back(eval::training_section(options.metrics_file));
  }
  sections.insert(sections.end() - 1, extra.begin(), extra.end());
  return eval::html_page(options.title, introduction_text(report), sections);
}

// Returns the line below the tables, or an empty string if no caption has a
// reference.
std::string caption_summary(const std::vector<eval::CaptionSample>& captions) {
  const eval::ExactMatchCounts exact = eval::count_exact_matches(captions);
  if (exact.with_references == 0) {
    return "";
  }
  return fmt::format("captions that match exactly: {} of {}\n",
                     exact.exact_matches, exact.with_references);
}

void log_report_counts(const std::vector<eval::DatasetOutcomes>& outcomes,
                       const eval::ScoreReport& report) {
  int64_t episodes = 0, failed = 0;
  for (const eval::DatasetOutcomes& one : outcomes) {
    episodes += one.episode_count();
    failed += one.failed_count();
  }
  cli::log_counts({{"datasets", std::ssize(outcomes)},
                   {"episodes", episodes},
                   {"failed", failed},
                   {"tasks", std::ssize(report.tasks)},
                   {"scored", report.overall.task_count}});
}

void check_options(const EvalScoreOptions& options, ReportFormat format) {
  if (format != ReportFormat::html &&
      !(options.metrics_file.empty() && options.captions_file.empty() &&
        options.films.empty() && options.few_shot_files.empty())) {
    throw base::usage_error(
        "--training, --few-shot, --captions and --films require an HTML "
        "report: add -o REPORT.html");
  }
  if (format != ReportFormat::csv && options.csv_table != "tasks") {
    throw base::usage_error("--table requires a CSV report: add -o REPORT.csv");
  }
}

Results compute_results(const ScoreInputs& inputs,
                        const EvalScoreOptions& options, uint64_t seed) {
  const eval::ReferenceTable references = inputs.references.table();
  const eval::ReportOptions report_options{seed, options.resamples,
                                           parse_metric(options.metric)};
  Results results;
  results.scores =
      eval::compute_scores(inputs.outcomes, references, report_options);
  for (const eval::Configuration& configuration : inputs.configurations) {
    results.scores.configurations.push_back(eval::compute_configuration_score(
        configuration, references, report_options));
  }
  if (!inputs.baseline.empty()) {
    results.comparison = eval::compare_outcomes(
        inputs.outcomes, inputs.baseline, references, report_options);
  }
  for (const std::string& file : options.few_shot_files) {
    results.few_shot.push_back(eval::load_few_shot_report(file));
  }
  if (!options.captions_file.empty()) {
    results.captions = eval::read_caption_samples(
        options.captions_file, options.caption_references_file);
  }
  return results;
}

void write_report(const Results& results, const ScoreInputs& inputs,
                  const EvalScoreOptions& options, ReportFormat format,
                  const cli::CommandContext& context) {
  std::string text;
  switch (format) {
    case ReportFormat::none:
      return;
    case ReportFormat::json: {
      nlohmann::json document = eval::to_json(results.scores);
      if (results.comparison) {
        document["comparison"] = eval::to_json(*results.comparison);
      }
      text = render_report_json(std::move(document),
                                inputs.provenance(context.record));
      break;
    }
    case ReportFormat::csv:
      text = eval::to_csv(results.scores, options.csv_table);
      break;
    case ReportFormat::html:
      text = render_html(results, options);
      break;
  }
  base::write_file(context.common.output, text, context.common.force);
}

base::ExitStatus run_eval_score(const EvalScoreOptions& options,
                                cli::CommandContext& context) {
  const ReportFormat format = detect_report_format(context.common.output);
  check_options(options, format);
  if (options.check) {
    return run_reference_check(options, context, format);
  }
  const ScoreInputs inputs = read_inputs(options, context);
  warn_about_failed_datasets(inputs.outcomes);
  const Results results = compute_results(inputs, options, context.common.seed);
  write_report(results, inputs, options, format, context);
  fmt::print("{}{}", eval::to_text(results.scores),
             caption_summary(results.captions));
  if (results.comparison) {
    fmt::print("\n{}", eval::to_text(*results.comparison));
  }
  const eval::ReferenceTable references = inputs.references.table();
  if (results.scores.overall.task_count == 0) {
    warn_without_scores(results.scores, references);
  } else {
    warn_about_settings(inputs, references, results.scores.metric);
  }
  log_report_counts(inputs.outcomes, results.scores);
  return base::ExitStatus::success;
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<EvalScoreOptions>();
  add_reference_options(table, options->references);
  add_metric_option(table, options->metric);
  table
      .add("runs", &options->runs,
           "Training runs of a configuration, which differ in their seeds: "
           "each PATH is a dataset, or a directory of datasets, of episodes "
           "that one of them played; adds a line per NAME")
      .metavar("NAME=PATH...");
  table
      .add("against", &options->against,
           "Datasets of a baseline to compare the episodes with, as gato-eval "
           "compare does")
      .metavar("DATASET...")
      .files();
  add_max_episode_steps_option(table, options->max_episode_steps);
  add_resamples_option(table, options->resamples);
  table
      .add("table", &options->csv_table,
           "The part of the report that a CSV file contains")
      .one_of(eval::csv_table_names())
      .metavar("NAME");
  table.begin_group("Check of the references");
  table.add("check", &options->check,
            "Check the references instead of computing scores: those of the "
            "tasks of the episodes, whose settings are compared with theirs, "
            "or of all tasks if there are no episodes");
  table
      .add("fail-on", &options->fail_on,
           "The lowest severity of a finding that makes --check end with "
           "status 1")
      .one_of({"error", "warning"})
      .metavar("SEVERITY");
  table.begin_group("HTML report");
  table.add("title", &options->title, "Title of the page").metavar("TEXT");
  table
      .add("films", &options->films,
           "Directory of videos to show: TASK.png, .apng, .webp, .gif, .mp4 or "
           ".webm. Without it, a video next to a dataset, DATASET.png, is "
           "shown")
      .metavar("DIR");
  table
      .add("training", &options->metrics_file,
           "metrics.jsonl of a training run, to plot its loss")
      .metavar("FILE");
  table
      .add("few-shot", &options->few_shot_files,
           "JSON reports of gato-eval few-shot, to show their curves")
      .metavar("FILE...")
      .files();
  table
      .add("captions", &options->captions_file,
           "JSON lines {\"image\", \"caption\"} to show with their images")
      .metavar("FILE");
  table
      .add("caption-references", &options->caption_references_file,
           "COCO file of reference captions, to mark captions that differ and "
           "count exact matches")
      .metavar("FILE");
  return [options](cli::CommandContext& context) {
    return run_eval_score(*options, context);
  };
}

}  // namespace

cli::Command eval_score_command() {
  cli::Command command;
  command.name = "score";
  command.summary = "compute expert-normalized scores of episodes";
  command.description = kDescription;
  set_report_output(command);
  command.operands = "EPISODES...";
  command.min_operands = 1;
  command.operands_optional_with = {"check", "runs"};
  command.other_usages = {"--references FILE... --check",
                          "--runs NAME=PATH... [--runs NAME=PATH...]"};
  command.build = build;
  command.run_failed_help = "--check found something (see --fail-on)";
  command.examples = {
      {"gato-eval score played/* --expert expert/catch --random random/catch "
       "-o report.html",
       "Scores relative to datasets of the expert and the random policy"},
      {"gato-eval score played/* --references share/gato/scores/jat.json -o "
       "scores.json",
       "Scores relative to published returns"},
      {"gato-eval score --metric success played/* --references "
       "share/gato/scores/built-in.json",
       "Success rates, relative to those of the experts of built-in "
       "environments"},
      {"gato-eval score --references refs.json --check played/*",
       "Check that the references fit the episodes"},
      {"gato-eval score --runs small=seed-1,seed-2,seed-3 --runs "
       "large=large-1,large-2,large-3 --references refs.json",
       "Two configurations with three training seeds each"},
      {"jq -r '.tasks[] | select(.score != null and .score < 50) | .task' "
       "scores.json",
       "The tasks that score below half of the expert"},
      {"jq -r '.domains[] | [.domain, .iqm, .iqm_low, .iqm_high] | @tsv' "
       "scores.json",
       "A table of the domains"}};
  return command;
}

}  // namespace gato::commands
