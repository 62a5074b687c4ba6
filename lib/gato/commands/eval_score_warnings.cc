#include "gato/commands/eval_score_warnings.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gato/eval/reference_check.h"

namespace gato::commands {
namespace {

// Returns the names of the first tasks of a list, separated by commas.
std::string first_names(const std::vector<std::string>& names) {
  constexpr size_t kMaxListed = 5;
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(),
                      names.begin() + static_cast<ptrdiff_t>(
                                          std::min(names.size(), kMaxListed)),
                      ", "));
  if (names.size() > kMaxListed) {
    text += fmt::format(" and {} more", names.size() - kMaxListed);
  }
  return text;
}

}  // namespace

void warn_without_scores(const eval::ScoreReport& report,
                         const eval::ReferenceTable& references) {
  const bool is_success = report.metric == eval::Metric::success;
  std::vector<std::string> played, known;
  for (const eval::TaskScore& task : report.tasks) {
    played.push_back(task.task);
  }
  for (const auto& [task, ignored] : references) {
    known.push_back(task);
  }
  const bool has_other_tasks =
      !references.empty() &&
      std::ranges::none_of(played, [&](const std::string& task) {
        return references.contains(task);
      });
  if (has_other_tasks) {
    spdlog::warn(
        "the references are of {}, but the episodes of {}, so only {} are "
        "reported: for scores, pass references of the tasks of the episodes",
        first_names(known), first_names(played),
        is_success ? "success rates" : "returns");
    return;
  }
  spdlog::warn(
      "{}, so only {} are reported: for scores, pass the {} of the expert and "
      "the random policy with --references FILE, or with --expert DATASET and "
      "--random DATASET",
      references.empty() ? "no references"
                         : "no task has both an expert and a random reference",
      is_success ? "success rates" : "returns",
      is_success ? "success rates" : "returns");
}

void warn_about_settings(const ScoreInputs& inputs,
                         const eval::ReferenceTable& references,
                         eval::Metric metric) {
  std::vector<eval::ReferenceFinding> findings =
      eval::check_references(references, inputs.outcomes, metric);
  std::erase_if(findings, [](const eval::ReferenceFinding& finding) {
    return finding.check != "settings" ||
           finding.severity != eval::FindingSeverity::error;
  });
  if (findings.empty()) {
    return;
  }
  const std::string more =
      findings.size() == 1
          ? ""
          : fmt::format(" ({} such findings)", findings.size());
  spdlog::warn(
      "the episodes were played with different settings than the references, "
      "so scores may be wrong: {}{}: --check lists all differences",
      findings.front().message, more);
}

}  // namespace gato::commands
