#include "gato/eval/score_command.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "gato/base/output.h"
#include "gato/cli/progress.h"
#include "gato/data/provenance.h"
#include "gato/eval/extra_sections.h"
#include "gato/eval/report.h"
#include "gato/eval/score.h"
#include "gato/eval/score_page.h"

namespace gato {
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
  std::vector<std::string> references;      // JSON files, later ones win
  std::vector<std::string> expert, random;  // datasets; win over references
  int64_t max_episode_steps = 0;
  int64_t resamples = 10000;
  std::string title = "Scores";
  // For the HTML report alone.
  std::string training;            // metrics.jsonl of a run
  std::string captions;            // JSON lines of captioned pictures
  std::string caption_references;  // COCO file with the right captions
};

constexpr size_t kPictures = 24;  // shown of the captions

enum class Format { none, json, csv, html };

Format format_of(const std::string& output) {
  if (output.empty()) return Format::none;
  const std::string extension = fs::path(output).extension();
  if (extension == ".json") return Format::json;
  if (extension == ".csv") return Format::csv;
  if (extension == ".html") return Format::html;
  throw usage_error("{}: a report ends in .json, .csv or .html", output);
}

std::vector<fs::path> datasets_of(const std::vector<std::string>& operands) {
  std::vector<fs::path> datasets;
  for (const std::string& operand : operands)
    for (fs::path& path : find_datasets(operand))
      datasets.push_back(std::move(path));
  return datasets;
}

std::string introduction_of(const ScoreReport& report) {
  int64_t episodes = 0;
  std::vector<std::string> policies;
  for (const ScoredDataset& dataset : report.datasets) {
    episodes += dataset.episodes;
    if (!dataset.source.empty() &&
        std::ranges::find(policies, dataset.source) == policies.end())
      policies.push_back(dataset.source);
  }
  return fmt::format(
      "{} episodes of {} tasks{}{}. Scores are in percent of the expert, 0 is "
      "random play.",
      episodes, report.tasks.size(), policies.empty() ? "" : ", played by ",
      fmt::join(policies, ", "));
}

// `played`: appends what was read of the datasets among them.
References references_of(const ScoreCommandOptions& options,
                         std::vector<TaskOutcomes>& played) {
  References references;
  for (const std::string& path : options.references)
    load_references(path, references);
  const auto add = [&](const std::vector<std::string>& operands,
                       ReferenceKind kind) {
    for (const fs::path& path : datasets_of(operands)) {
      played.push_back(read_outcomes(path, options.max_episode_steps));
      add_reference(played.back(), kind, references);
    }
  };
  add(options.random, ReferenceKind::random);
  add(options.expert, ReferenceKind::expert);
  return references;
}

std::vector<TaskOutcomes> outcomes_of(const std::vector<std::string>& inputs,
                                      int64_t max_episode_steps) {
  const std::vector<fs::path> datasets = datasets_of(inputs);
  cli::Progress progress("reading", "datasets",
                         static_cast<int64_t>(datasets.size()));
  std::vector<TaskOutcomes> outcomes;
  for (const fs::path& path : datasets) {
    outcomes.push_back(read_outcomes(path, max_episode_steps));
    progress.add();
  }
  return outcomes;
}

std::string json_of(const ScoreReport& report,
                    const std::vector<TaskOutcomes>& outcomes,
                    const std::vector<TaskOutcomes>& played,
                    const ScoreCommandOptions& options,
                    const cli::Context& context) {
  nlohmann::json document = to_json(report);
  Provenance provenance(context);
  for (const auto* datasets : {&outcomes, &played}) {
    for (const TaskOutcomes& one : *datasets) {
      provenance.add_input(one.file);
      provenance.add_parent(one.provenance);
    }
  }
  for (const std::string& path : options.references) provenance.add_input(path);
  if (provenance.enabled) document["provenance"] = provenance.to_json();
  return document.dump(2) + "\n";
}

std::string html_of(const ScoreReport& report,
                    const std::vector<CaptionSample>& captions,
                    const ScoreCommandOptions& options) {
  std::vector<Section> sections = score_sections(report);
  std::vector<Section> extra;
  if (!captions.empty()) extra.push_back(caption_section(captions, kPictures));
  if (!options.training.empty())
    extra.push_back(training_section(options.training));
  sections.insert(sections.end() - 1, extra.begin(), extra.end());
  return html_page(options.title, introduction_of(report), sections);
}

// The line under the table; nothing where no caption can be judged.
std::string caption_line(const std::vector<CaptionSample>& captions) {
  const ExactCaptions exact = exact_captions(captions);
  if (exact.judged == 0) return "";
  return fmt::format("captions exactly right: {} of {}\n", exact.right,
                     exact.judged);
}

ExitStatus run(const ScoreCommandOptions& options, cli::Context& context) {
  const std::string& output = context.common.output;
  const Format format = format_of(output);
  if (format != Format::html &&
      !(options.training.empty() && options.captions.empty()))
    throw usage_error(
        "--training and --captions are parts of a report in HTML: name one "
        "with -o REPORT.html");

  std::vector<TaskOutcomes> played;
  const References references = references_of(options, played);
  const std::vector<TaskOutcomes> outcomes =
      outcomes_of(context.common.inputs, options.max_episode_steps);
  const ScoreReport report =
      score(outcomes, references, {context.common.seed, options.resamples});
  std::vector<CaptionSample> captions;
  if (!options.captions.empty())
    captions = read_captions(options.captions, options.caption_references);

  const auto write = [&](const std::string& text) {
    write_file(output, text, context.common.force);
  };
  if (format == Format::json)
    write(json_of(report, outcomes, played, options, context));
  if (format == Format::csv) write(to_csv(report));
  if (format == Format::html) write(html_of(report, captions, options));
  fmt::print("{}{}", to_text(report), caption_line(captions));

  if (report.overall.tasks == 0)
    spdlog::warn(
        "{}: only the returns are shown, no scores; give what the expert and "
        "random play are worth with --references FILE, or with --expert "
        "DATASET and --random DATASET",
        references.empty() ? "no references"
                           : "no task has references of both");
  int64_t episodes = 0, failed = 0;
  for (const TaskOutcomes& one : outcomes) {
    episodes += one.episodes();
    failed += one.failed;
  }
  cli::report_counts({{"datasets", std::ssize(outcomes)},
                      {"episodes", episodes},
                      {"failed", failed},
                      {"tasks", std::ssize(report.tasks)},
                      {"scored", report.overall.tasks}});
  return ExitStatus::done;
}

cli::Work build(cli::OptionTable& table) {
  auto options = std::make_shared<ScoreCommandOptions>();
  table
      .add("references", &options->references,
           "JSON files of what random, expert and human play are worth; later "
           "ones win")
      .named("FILE...")
      .files();
  table
      .add("expert", &options->expert,
           "Datasets of the expert's play, whose means win over references")
      .named("DATASET...")
      .files();
  table
      .add("random", &options->random,
           "Datasets of random play, whose means win over references")
      .named("DATASET...")
      .files();
  table
      .add("max-episode-steps", &options->max_episode_steps,
           "Steps after which an episode ends where a dataset does not say: "
           "D4RL files without timeouts need it")
      .within(0, 1e12);
  table
      .add("resamples", &options->resamples,
           "Resamples of the bootstrap behind each interval")
      .named("N")
      .within(1, 10000000);
  table.group("HTML report");
  table.add("title", &options->title, "Title of the page").named("TEXT");
  table
      .add("training", &options->training,
           "metrics.jsonl of a training run, whose loss is to be drawn")
      .named("FILE");
  table
      .add("captions", &options->captions,
           "JSON lines {\"image\", \"caption\"} to show with their pictures")
      .named("FILE");
  table
      .add("caption-references", &options->caption_references,
           "COCO file of the right captions, to mark and count the wrong ones")
      .named("FILE");
  return [options](cli::Context& context) { return run(*options, context); };
}

}  // namespace

cli::Command score_command() {
  cli::Command command;
  command.name = "score";
  command.summary = "Expert-normalised scores of episodes";
  command.description = kDescription;
  command.operands = "EPISODES...";
  command.minimum_operands = 1;
  command.output = cli::Output::optional;
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

}  // namespace gato
