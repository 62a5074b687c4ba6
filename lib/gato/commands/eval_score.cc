#include "gato/commands/eval_score.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "gato/base/file_io.h"
#include "gato/cli/terminal_progress.h"
#include "gato/data/provenance.h"
#include "gato/eval/caption_samples.h"
#include "gato/eval/score.h"
#include "gato/eval/score_report.h"
#include "gato/eval/score_sections.h"
#include "gato/eval/training_section.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription =
    "Scores episodes in percent of the expert: 100 (mean - random) / (expert - "
    "random), for each task, each domain and over all. An operand is a dataset "
    "of one task, of Minari, D4RL or robomimic, or a folder of Minari "
    "datasets. What random and expert play are worth comes from --references, "
    "files of JSON such as share/gato/scores/jat.json, or from datasets of "
    "such play; where the expert is no better than random the score is "
    "undefined and left out of every mean. Without any of them only the "
    "returns are shown.\n\n"
    "Intervals of 95 % and the interquartile mean follow rliable: a bootstrap "
    "stratified by task. Datasets of several policies on one task are runs; "
    "else the episodes are, and the intervals say how sure the evaluation is, "
    "not how another training would come out. A failed episode counts with the "
    "random policy's return.\n\n"
    "A table goes to the standard output, and the share of right captions "
    "where there are some; the report goes to --output: everything as JSON, "
    "the tasks as CSV, or one HTML file with charts.";

struct ScoreCommandOptions {
  std::vector<std::string> reference_files;  // JSON files, later ones win
  std::vector<std::string> expert_datasets,
      random_datasets;  // datasets; win over references
  int64_t max_episode_steps = 0;
  int64_t resamples = 10000;
  std::string title = "Scores";
  // For the HTML report alone.
  std::string metrics_file;             // metrics.jsonl of a run
  std::string captions_file;            // JSON lines of captioned pictures
  std::string caption_references_file;  // COCO file with the right captions
};

constexpr size_t kMaxShownImages = 24;  // shown of the captions

enum class ReportFormat { none, json, csv, html };

ReportFormat detect_report_format(const std::string& output) {
  if (output.empty()) return ReportFormat::none;
  const std::string extension = fs::path(output).extension();
  if (extension == ".json") return ReportFormat::json;
  if (extension == ".csv") return ReportFormat::csv;
  if (extension == ".html") return ReportFormat::html;
  throw base::usage_error("{}: a report ends in .json, .csv or .html", output);
}

std::vector<fs::path> find_all_datasets(
    const std::vector<std::string>& operands) {
  std::vector<fs::path> datasets;
  for (const std::string& operand : operands)
    for (fs::path& path : eval::find_datasets(operand))
      datasets.push_back(std::move(path));
  return datasets;
}

std::string introduction_text(const eval::ScoreReport& report) {
  int64_t episodes = 0;
  std::vector<std::string> policies;
  for (const eval::ScoredDataset& dataset : report.datasets) {
    episodes += dataset.episodes;
    if (!dataset.agent.empty() &&
        std::ranges::find(policies, dataset.agent) == policies.end())
      policies.push_back(dataset.agent);
  }
  return fmt::format(
      "{} episodes of {} tasks{}{}. Scores are in percent of the expert, 0 is "
      "random play.",
      episodes, report.tasks.size(), policies.empty() ? "" : ", played by ",
      fmt::join(policies, ", "));
}

// `played`: appends what was read of the datasets among them.
eval::ReferenceTable load_all_references(
    const ScoreCommandOptions& options,
    std::vector<eval::DatasetOutcomes>& reference_outcomes) {
  eval::ReferenceTable references;
  for (const std::string& path : options.reference_files)
    eval::load_references(path, references);
  const auto add = [&](const std::vector<std::string>& operands,
                       eval::ReferenceKind kind) {
    for (const fs::path& path : find_all_datasets(operands)) {
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
    const std::vector<std::string>& inputs, int64_t max_episode_steps) {
  const std::vector<fs::path> datasets = find_all_datasets(inputs);
  cli::Progress progress("reading", "datasets",
                         static_cast<int64_t>(datasets.size()));
  std::vector<eval::DatasetOutcomes> outcomes;
  for (const fs::path& path : datasets) {
    outcomes.push_back(eval::read_dataset_outcomes(path, max_episode_steps));
    progress.advance();
  }
  return outcomes;
}

std::string render_json(
    const eval::ScoreReport& report,
    const std::vector<eval::DatasetOutcomes>& outcomes,
    const std::vector<eval::DatasetOutcomes>& reference_outcomes,
    const ScoreCommandOptions& options, const cli::CommandContext& context) {
  nlohmann::json document = eval::to_json(report);
  data::Provenance provenance(context);
  for (const auto* datasets : {&outcomes, &reference_outcomes}) {
    for (const eval::DatasetOutcomes& one : *datasets) {
      provenance.add_input(one.hdf5_file);
      provenance.add_parent(one.provenance);
    }
  }
  for (const std::string& path : options.reference_files)
    provenance.add_input(path);
  if (provenance.enabled) document["provenance"] = provenance.to_json();
  return document.dump(2) + "\n";
}

std::string render_html(const eval::ScoreReport& report,
                        const std::vector<eval::CaptionSample>& captions,
                        const ScoreCommandOptions& options) {
  std::vector<eval::HtmlSection> sections = eval::score_sections(report);
  std::vector<eval::HtmlSection> extra;
  if (!captions.empty())
    extra.push_back(eval::caption_section(captions, kMaxShownImages));
  if (!options.metrics_file.empty())
    extra.push_back(eval::training_section(options.metrics_file));
  sections.insert(sections.end() - 1, extra.begin(), extra.end());
  return eval::html_page(options.title, introduction_text(report), sections);
}

// The line under the table; nothing where no caption can be judged.
std::string caption_summary(const std::vector<eval::CaptionSample>& captions) {
  const eval::ExactMatchCounts exact = eval::count_exact_matches(captions);
  if (exact.with_references == 0) return "";
  return fmt::format("captions exactly right: {} of {}\n", exact.exact_matches,
                     exact.with_references);
}

base::ExitStatus run(const ScoreCommandOptions& options,
                     cli::CommandContext& context) {
  const std::string& output = context.common.output;
  const ReportFormat format = detect_report_format(output);
  if (format != ReportFormat::html &&
      !(options.metrics_file.empty() && options.captions_file.empty()))
    throw base::usage_error(
        "--training and --captions are parts of a report in HTML: name one "
        "with -o REPORT.html");

  std::vector<eval::DatasetOutcomes> reference_outcomes;
  const eval::ReferenceTable references =
      load_all_references(options, reference_outcomes);
  const std::vector<eval::DatasetOutcomes> outcomes =
      read_all_outcomes(context.common.inputs, options.max_episode_steps);
  const eval::ScoreReport report = eval::compute_scores(
      outcomes, references, {context.common.seed, options.resamples});
  std::vector<eval::CaptionSample> captions;
  if (!options.captions_file.empty())
    captions = eval::read_caption_samples(options.captions_file,
                                          options.caption_references_file);

  const auto write = [&](const std::string& text) {
    base::write_file(output, text, context.common.force);
  };
  if (format == ReportFormat::json)
    write(render_json(report, outcomes, reference_outcomes, options, context));
  if (format == ReportFormat::csv) write(eval::to_csv(report));
  if (format == ReportFormat::html)
    write(render_html(report, captions, options));
  fmt::print("{}{}", eval::to_text(report), caption_summary(captions));

  if (report.overall.task_count == 0)
    spdlog::warn(
        "{}: only the returns are shown, no scores; give what the expert and "
        "random play are worth with --references FILE, or with --expert "
        "DATASET and --random DATASET",
        references.empty() ? "no references"
                           : "no task has references of both");
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
  return base::ExitStatus::success;
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<ScoreCommandOptions>();
  table
      .add("references", &options->reference_files,
           "JSON files of what random, expert and human play are worth; later "
           "ones win")
      .metavar("FILE...")
      .files();
  table
      .add("expert", &options->expert_datasets,
           "Datasets of the expert's play, whose means win over references")
      .metavar("DATASET...")
      .files();
  table
      .add("random", &options->random_datasets,
           "Datasets of random play, whose means win over references")
      .metavar("DATASET...")
      .files();
  table
      .add("max-episode-steps", &options->max_episode_steps,
           "Steps after which an episode ends where a dataset does not say: "
           "D4RL files without timeouts need it")
      .range(0, 1e12);
  table
      .add("resamples", &options->resamples,
           "Resamples of the bootstrap behind each interval")
      .metavar("N")
      .range(1, 10000000);
  table.begin_group("HTML report");
  table.add("title", &options->title, "Title of the page").metavar("TEXT");
  table
      .add("training", &options->metrics_file,
           "metrics.jsonl of a training run, whose loss is to be drawn")
      .metavar("FILE");
  table
      .add("captions", &options->captions_file,
           "JSON lines {\"image\", \"caption\"} to show with their pictures")
      .metavar("FILE");
  table
      .add("caption-references", &options->caption_references_file,
           "COCO file of the right captions, to mark and count the wrong ones")
      .metavar("FILE");
  return [options](cli::CommandContext& context) {
    return run(*options, context);
  };
}

}  // namespace

cli::Command score_command() {
  cli::Command command;
  command.name = "score";
  command.summary = "Expert-normalised scores of episodes";
  command.description = kDescription;
  command.operands = "EPISODES...";
  command.min_operands = 1;
  command.output = cli::OutputRequirement::optional;
  command.output_help = "Report to write: .json, .csv or .html";
  command.build = build;
  command.examples = {
      {"gato-eval score played/* --expert expert/catch --random random/catch "
       "-o report.html",
       "against datasets of the expert and of random play"},
      {"gato-eval score played/* --references share/gato/scores/jat.json -o "
       "scores.json",
       "against published scores"}};
  return command;
}

}  // namespace gato::commands
