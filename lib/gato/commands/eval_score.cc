// The outcomes of the scored datasets and of the references are read first and
// scored by eval::compute_scores(). The table always goes to standard output;
// the file name extension of --output selects the format of the report.
#include "gato/commands/eval_score.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/commands/episode_options.h"
#include "gato/data/provenance.h"
#include "gato/eval/caption_samples.h"
#include "gato/eval/score.h"
#include "gato/eval/score_report.h"
#include "gato/eval/score_sections.h"
#include "gato/eval/training_section.h"
#include "gato/ingest/episodes/dataset_search.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription =
    "The score of a task is 100 (mean - random) / (expert - random), computed "
    "from mean returns: 0 is the random policy and 100 the expert. Scores are "
    "aggregated per domain and over all tasks. An operand is a Minari, D4RL or "
    "robomimic dataset of one task, or a directory of datasets. The returns of "
    "the random policy and of the expert come from --references, JSON files "
    "such as share/gato/scores/jat.json, or from datasets of their episodes "
    "(--random, --expert). If the expert is no better than random, the score "
    "of the task is undefined and excluded from every mean. Without any "
    "references only the returns are reported.\n\n"
    "The aggregates are those of rliable (Agarwal et al. 2021). Their unit is "
    "a \"run\" in the sense of rliable. If any task has datasets of several "
    "policies, such a run is the mean score of one policy on one task. "
    "Otherwise it is the score of one episode. A failed episode is assigned "
    "the mean return of the random policy.\n\n"
    "\"iqm\", the interquartile mean: the scores of all runs of all tasks of "
    "the domain are sorted together, the lowest and the highest quarter are "
    "discarded, and the rest are averaged. It depends less on a few extreme "
    "runs than the mean does, and it has a lower variance than the median.\n\n"
    "\"gap\", the optimality gap: the mean amount by which the runs fall short "
    "of 100, where a run above 100 counts as exactly 100. 0 means that every "
    "run reaches the expert. One run above 100 does not make up for another "
    "below it, so the gap may be positive although the mean is 100, and runs "
    "that are worse than the random policy can raise it above 100. \"mean\" "
    "and \"median\" are over the scores of the tasks.\n\n"
    "The intervals are 95% percentile bootstrap confidence intervals, "
    "stratified by task: in each of --resamples resamples, the runs of each "
    "task are resampled with replacement. \"low\" and \"high\" are the 2.5th "
    "and 97.5th percentiles of the resampled mean scores of a task, \"iqm "
    "low\" and \"iqm high\" those of the resampled interquartile means. If "
    "episodes are the runs, the intervals account for the finite number of "
    "episodes, but not for the variance between training runs, for which "
    "several policies per task are needed. They never account for the "
    "uncertainty of the references, whose means are taken as exact. A task "
    "with one run has an interval of width zero.\n\n"
    "A table is printed to standard output, followed by the number of captions "
    "that match a reference exactly if there are any references for them. The "
    "report is written to --output: everything as JSON (see gato-formats(5)), "
    "the tasks as CSV, or one HTML page with charts.";

struct EvalScoreOptions {
  // Later files override earlier ones; datasets override files.
  std::vector<std::string> reference_files;
  std::vector<std::string> expert_datasets, random_datasets;
  int64_t max_episode_steps = 0;
  int64_t resamples = 10000;
  std::string title = "Scores";
  // Used by the HTML report only.
  std::string metrics_file;             // metrics.jsonl of a training run
  std::string captions_file;            // JSON lines of captioned images
  std::string caption_references_file;  // COCO file of reference captions
};

// The number of captioned images in an HTML report.
constexpr size_t kMaxShownImages = 24;

enum class ReportFormat { none, json, csv, html };

ReportFormat detect_report_format(const std::string& output) {
  if (output.empty()) {
    return ReportFormat::none;
  }
  const std::string extension = fs::path(output).extension();
  if (extension == ".json") {
    return ReportFormat::json;
  }
  if (extension == ".csv") {
    return ReportFormat::csv;
  }
  if (extension == ".html") {
    return ReportFormat::html;
  }
  throw base::usage_error(
      "{}: the name of a report must end in .json, .csv or .html", output);
}

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
      "{} episode{} of {} task{}{}{}. Scores are expert-normalized: 0% is the "
      "random policy and 100% the expert.",
      episodes, episodes == 1 ? "" : "s", report.tasks.size(),
      report.tasks.size() == 1 ? "" : "s",
      policies.empty() ? "" : ", played by ", fmt::join(policies, ", "));
}

// Loads the reference files and datasets. Appends the outcomes of the datasets
// to `reference_outcomes`.
eval::ReferenceTable load_all_references(
    const EvalScoreOptions& options,
    std::vector<eval::DatasetOutcomes>& reference_outcomes) {
  eval::ReferenceTable references;
  for (const std::string& path : options.reference_files) {
    eval::load_references(path, references);
  }
  const auto add = [&](const std::vector<std::string>& operands,
                       eval::ReferenceKind kind) {
    for (const std::string& path : ingest::find_all_datasets(operands)) {
      reference_outcomes.push_back(
          eval::read_dataset_outcomes(path, options.max_episode_steps));
      eval::add_reference(reference_outcomes.back(), kind, references);
    }
  };
  add(options.random_datasets, eval::ReferenceKind::random);
  add(options.expert_datasets, eval::ReferenceKind::expert);
  return references;
}

std::vector<eval::DatasetOutcomes> read_all_outcomes(
    const std::vector<std::string>& inputs, int64_t max_episode_steps,
    base::ProgressDisplay& display) {
  const std::vector<std::string> datasets = ingest::find_all_datasets(inputs);
  base::Progress progress(&display, "reading", "datasets",
                          std::ssize(datasets));
  std::vector<eval::DatasetOutcomes> outcomes;
  for (const std::string& path : datasets) {
    outcomes.push_back(eval::read_dataset_outcomes(path, max_episode_steps));
    progress.advance();
  }
  return outcomes;
}

std::string render_json(
    const eval::ScoreReport& report,
    const std::vector<eval::DatasetOutcomes>& outcomes,
    const std::vector<eval::DatasetOutcomes>& reference_outcomes,
    const EvalScoreOptions& options, const cli::CommandContext& context) {
  nlohmann::json document = eval::to_json(report);
  data::Provenance provenance(context.record);
  for (const auto* datasets : {&outcomes, &reference_outcomes}) {
    for (const eval::DatasetOutcomes& one : *datasets) {
      provenance.add_input(one.hdf5_file);
      provenance.add_parent(one.provenance);
    }
  }
  for (const std::string& path : options.reference_files) {
    provenance.add_input(path);
  }
  if (provenance.enabled) {
    document["provenance"] = provenance.to_json();
  }
  // Paths are arbitrary bytes, but JSON must be valid UTF-8.
  return document.dump(2, ' ', false,
                       nlohmann::json::error_handler_t::replace) +
         "\n";
}

std::string render_html(const eval::ScoreReport& report,
                        const std::vector<eval::CaptionSample>& captions,
                        const EvalScoreOptions& options) {
  std::vector<eval::HtmlSection> sections = eval::score_sections(report);
  // Before the last section, which describes the datasets and the method.
  std::vector<eval::HtmlSection> extra;
  if (!captions.empty()) {
    extra.push_back(eval::caption_section(captions, kMaxShownImages));
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

void warn_without_scores(const eval::ReferenceTable& references) {
  spdlog::warn(
      "{}, so only returns are reported: for scores, give the returns of the "
      "expert and the random policy with --references FILE, or with --expert "
      "DATASET and --random DATASET",
      references.empty() ? "no references"
                         : "no task has both an expert and a random reference");
}

// A dataset without any episode to score is hardly meant to be scored.
void warn_about_failed_datasets(
    const std::vector<eval::DatasetOutcomes>& outcomes) {
  for (const eval::DatasetOutcomes& one : outcomes) {
    if (one.failed > 0 && one.failed == one.episodes()) {
      spdlog::warn(
          "{}: all {} episodes failed, so they show nothing about the policy: "
          "record them again",
          one.path.string(), one.failed);
    }
  }
}

void log_report_counts(const std::vector<eval::DatasetOutcomes>& outcomes,
                       const eval::ScoreReport& report) {
  int64_t episodes = 0, failed = 0;
  for (const eval::DatasetOutcomes& one : outcomes) {
    episodes += one.episodes();
    failed += one.failed;
  }
  cli::log_counts({{"datasets", std::ssize(outcomes)},
                   {"episodes", episodes},
                   {"failed", failed},
                   {"tasks", std::ssize(report.tasks)},
                   {"scored", report.overall.task_count}});
}

base::ExitStatus run_eval_score(const EvalScoreOptions& options,
                                cli::CommandContext& context) {
  const std::string& output = context.common.output;
  const ReportFormat format = detect_report_format(output);
  if (format != ReportFormat::html &&
      !(options.metrics_file.empty() && options.captions_file.empty())) {
    throw base::usage_error(
        "--training and --captions require an HTML report: add -o REPORT.html");
  }

  std::vector<eval::DatasetOutcomes> reference_outcomes;
  const eval::ReferenceTable references =
      load_all_references(options, reference_outcomes);
  const std::vector<eval::DatasetOutcomes> outcomes = read_all_outcomes(
      context.common.inputs, options.max_episode_steps, context.progress);
  warn_about_failed_datasets(outcomes);
  const eval::ScoreReport report = eval::compute_scores(
      outcomes, references, {context.common.seed, options.resamples});
  std::vector<eval::CaptionSample> captions;
  if (!options.captions_file.empty()) {
    captions = eval::read_caption_samples(options.captions_file,
                                          options.caption_references_file);
  }

  const auto write = [&](const std::string& text) {
    base::write_file(output, text, context.common.force);
  };
  switch (format) {
    case ReportFormat::none:
      break;
    case ReportFormat::json:
      write(
          render_json(report, outcomes, reference_outcomes, options, context));
      break;
    case ReportFormat::csv:
      write(eval::to_csv(report));
      break;
    case ReportFormat::html:
      write(render_html(report, captions, options));
      break;
  }
  fmt::print("{}{}", eval::to_text(report), caption_summary(captions));
  if (report.overall.task_count == 0) {
    warn_without_scores(references);
  }
  log_report_counts(outcomes, report);
  return base::ExitStatus::success;
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<EvalScoreOptions>();
  table
      .add("references", &options->reference_files,
           "JSON files with the mean returns of the random policy and of the "
           "expert per task; later files override earlier ones")
      .metavar("FILE...")
      .files();
  table
      .add("expert", &options->expert_datasets,
           "Datasets of the expert; their mean returns override --references")
      .metavar("DATASET...")
      .files();
  table
      .add("random", &options->random_datasets,
           "Datasets of the random policy; their mean returns override "
           "--references")
      .metavar("DATASET...")
      .files();
  add_max_episode_steps_option(table, options->max_episode_steps);
  table
      .add("resamples", &options->resamples,
           "Number of bootstrap resamples for the intervals")
      .metavar("N")
      .range(1, 10000000);
  table.begin_group("HTML report");
  table.add("title", &options->title, "Title of the page").metavar("TEXT");
  table
      .add("training", &options->metrics_file,
           "metrics.jsonl of a training run, to plot its loss")
      .metavar("FILE");
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
  command.seed_help =
      "Random seed of the bootstrap; the same seed, inputs and options give "
      "the same bytes";
  command.threads_help = cli::kUnusedOption;
  command.operands = "EPISODES...";
  command.min_operands = 1;
  command.output = cli::OutputRequirement::optional;
  command.output_help = "Report to write: .json, .csv or .html";
  command.build = build;
  command.examples = {
      {"gato-eval score played/* --expert expert/catch --random random/catch "
       "-o report.html",
       "Scores relative to datasets of the expert and the random policy"},
      {"gato-eval score played/* --references share/gato/scores/jat.json -o "
       "scores.json",
       "Scores relative to published returns"}};
  return command;
}

}  // namespace gato::commands
