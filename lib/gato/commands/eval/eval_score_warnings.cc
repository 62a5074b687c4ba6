#include "gato/commands/eval/eval_score_warnings.h"

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

std::string share_of(int64_t count, int64_t total) {
  return total == 1 ? "in the only task with references"
         : count == total
             ? fmt::format("in all {} tasks with references", total)
             : fmt::format("in {} of {} tasks with references", count, total);
}

// Returns a warning that says why the tasks that have both references, of which
// there are some, have no scores.
std::string describe_undefined_scores(
    const std::vector<eval::TaskScore>& tasks_with_references,
    const char* outcomes) {
  const int64_t total = std::ssize(tasks_with_references);
  const int64_t with_poor_expert = std::ranges::count_if(
      tasks_with_references,
      [](const eval::TaskScore& task) { return *task.expert <= *task.random; });
  const int64_t without_success = total - with_poor_expert;
  std::vector<std::string> reasons, advice;
  if (with_poor_expert > 0) {
    reasons.push_back(share_of(with_poor_expert, total) +
                      ", the expert is no better than the random policy");
    advice.emplace_back("pass references of a better expert");
  }
  if (without_success > 0) {
    reasons.push_back(share_of(without_success, total) +
                      ", no episode reports success");
    advice.emplace_back("omit --metric success");
  }
  return fmt::format("{}, so only {} are reported: to get scores, {}",
                     fmt::join(reasons, "; "), outcomes,
                     fmt::join(advice, " or "));
}

}  // namespace

void warn_without_scores(const eval::ScoreReport& report,
                         const eval::ReferenceTable& references) {
  const char* const outcomes =
      report.metric == eval::Metric::success ? "success rates" : "returns";
  std::vector<std::string> played, known;
  std::vector<eval::TaskScore> tasks_with_references;
  for (const eval::TaskScore& task : report.tasks) {
    played.push_back(task.task);
    if (task.random && task.expert) {
      tasks_with_references.push_back(task);
    }
  }
  if (!tasks_with_references.empty()) {
    spdlog::warn("{}",
                 describe_undefined_scores(tasks_with_references, outcomes));
    return;
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
        "the references cover {}, but the episodes are from {}, so only {} are "
        "reported: to get scores, pass references for these tasks",
        first_names(known), first_names(played), outcomes);
    return;
  }
  spdlog::warn(
      "{}, so only {} are reported: to get scores, pass the {} of the expert "
      "and the random policy with --references FILE, or with --expert DATASET "
      "and --random DATASET",
      references.empty() ? "no references"
                         : "no task has both an expert and a random reference",
      outcomes, outcomes);
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
