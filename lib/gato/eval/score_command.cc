#include "gato/eval/score_command.h"

#include <filesystem>

#include "gato/cli/progress.h"
#include "gato/data/output.h"
#include "gato/data/provenance.h"
#include "gato/eval/extra_sections.h"
#include "gato/eval/report.h"
#include "gato/eval/score.h"
#include "gato/eval/score_page.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

ExitStatus score_command(const ScoreCommandOptions& options,
                         cli::Context& context) {
  const std::string& output = context.common.output;
  const Format format = format_of(output);
  if (format != Format::none) check_output(output, context.common.force);
  if (format != Format::html &&
      !(options.training.empty() && options.captions.empty()))
    throw usage_error(
        "--training and --captions are parts of a report in HTML: name one "
        "with -o REPORT.html");

  References references;
  for (const std::string& path : options.references)
    load_references(path, references);
  for (const fs::path& path : datasets_of(options.random))
    add_reference(read_outcomes(path), ReferenceKind::random, references);
  for (const fs::path& path : datasets_of(options.expert))
    add_reference(read_outcomes(path), ReferenceKind::expert, references);

  std::vector<TaskOutcomes> outcomes;
  int64_t episodes = 0, failed = 0;
  {
    const std::vector<fs::path> datasets = datasets_of(context.common.inputs);
    cli::Progress progress("reading", "datasets",
                           static_cast<int64_t>(datasets.size()));
    for (const fs::path& path : datasets) {
      outcomes.push_back(read_outcomes(path));
      episodes += outcomes.back().episodes();
      failed += outcomes.back().failed;
      progress.add();
    }
  }
  const ScoreReport report =
      score(outcomes, references, {context.common.seed, options.resamples});

  if (format == Format::json) {
    nlohmann::json document = to_json(report);
    Provenance provenance(context);
    for (const TaskOutcomes& one : outcomes)
      provenance.add_parent(one.provenance);
    for (const std::string& path : options.references)
      provenance.add_input(path);
    if (provenance.enabled) document["provenance"] = provenance.to_json();
    write_file(output, document.dump(2) + "\n", context.common.force);
  } else if (format == Format::csv) {
    write_file(output, to_csv(report), context.common.force);
  } else if (format == Format::html) {
    std::vector<Section> sections = score_sections(report);
    if (!options.captions.empty())
      sections.push_back(caption_section(
          read_captions(options.captions, options.caption_references),
          kPictures));
    if (!options.training.empty())
      sections.push_back(training_section(options.training));
    write_file(output,
               html_page(options.title, introduction_of(report), sections),
               context.common.force);
  }
  fmt::print("{}", to_text(report));
  cli::report_counts({{"datasets", static_cast<int64_t>(outcomes.size())},
                      {"episodes", episodes},
                      {"failed", failed},
                      {"tasks", static_cast<int64_t>(report.tasks.size())},
                      {"scored", report.overall.tasks}});
  return ExitStatus::done;
}

}  // namespace gato
