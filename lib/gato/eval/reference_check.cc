#include "gato/eval/reference_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "gato/eval/report_values.h"

namespace gato::eval {
namespace {

using nlohmann::json;

// If no deviation is known, a gap is small below this share of the returns.
constexpr double kSmallShare = 0.05;
// A success rate of the expert should be above random by this much.
constexpr double kSmallSuccessGap = 0.1;

class TaskChecker {
 public:
  TaskChecker(const std::string& task, const TaskReferences& references,
              Metric metric, std::vector<ReferenceFinding>& findings)
      : task_(task),
        references_(references),
        metric_(metric),
        findings_(findings) {}

  void check_values() {
    const auto random = reference_value(references_.random, metric_);
    const auto expert = reference_value(references_.expert, metric_);
    check_present("random", random, references_.random);
    check_present("expert", expert, references_.expert);
    if (!random || !expert) {
      return;
    }
    if (*expert <= *random) {
      add(FindingSeverity::error, "order", "expert", references_.expert->source,
          fmt::format("the expert's {:.6g} is no better than the random "
                      "policy's {:.6g}, so the score is undefined",
                      *expert, *random));
      return;
    }
    check_gap(*random, *expert);
  }

  // Compares the settings of a dataset with those of both references.
  void check_settings(const DatasetOutcomes& outcomes) {
    const auto &random = references_.random, &expert = references_.expert;
    // References of one source usually have the same settings, too.
    if (random && expert && random->source == expert->source &&
        random->settings == expert->settings) {
      compare_settings("", *random, outcomes);
      return;
    }
    if (random) {
      compare_settings("random", *random, outcomes);
    }
    if (expert) {
      compare_settings("expert", *expert, outcomes);
    }
  }

 private:
  void add(FindingSeverity severity, const char* check, const char* policy,
           const std::string& source, const std::string& message) {
    findings_.push_back({severity, check, task_, policy, source, message});
  }

  void check_present(const char* policy, const std::optional<double>& value,
                     const std::optional<ReferenceReturn>& reference) {
    if (!value) {
      add(FindingSeverity::error, "missing", policy,
          reference ? reference->source : "",
          fmt::format(
              "no {} of the {} policy",
              metric_ == Metric::success ? "success rate" : "mean return",
              policy));
    } else if (metric_ == Metric::mean_return && !reference->std) {
      add(FindingSeverity::warning, "deviation", policy, reference->source,
          "no standard deviation, so the uncertainty of the scale is unknown");
    }
  }

  void check_gap(double random, double expert) {
    const double gap = expert - random;
    if (metric_ == Metric::success) {
      if (gap < kSmallSuccessGap) {
        add(FindingSeverity::warning, "near", "random",
            references_.random->source,
            fmt::format("succeeds in {:.3g} of its episodes and the expert in "
                        "{:.3g}: a score is mostly noise",
                        random, expert));
      }
      return;
    }
    const auto& random_std = references_.random->std;
    const auto& expert_std = references_.expert->std;
    if (random_std || expert_std) {
      const double scatter =
          std::max(random_std.value_or(0), expert_std.value_or(0));
      if (random_std ? gap < *random_std : gap < scatter) {
        add(FindingSeverity::warning, "near", "random",
            references_.random->source,
            fmt::format("the gap to the expert, {:.4g}, is {:.2g} standard "
                        "deviations of the returns: a score is mostly noise",
                        gap, gap / random_std.value_or(scatter)));
      }
    } else if (gap <
               kSmallShare * std::max(std::abs(random), std::abs(expert))) {
      add(FindingSeverity::warning, "near", "random",
          references_.random->source,
          fmt::format("{:.6g} is within 5% of the expert's {:.6g}: a score may "
                      "be mostly noise",
                      random, expert));
    }
  }

  void compare_settings(const char* policy, const ReferenceReturn& reference,
                        const DatasetOutcomes& outcomes) {
    if (!reference.settings.is_object() || !outcomes.settings.is_object()) {
      add(FindingSeverity::warning, "settings", policy, reference.source,
          fmt::format("{}, so it is unknown whether the episodes were played "
                      "under the same conditions",
                      reference.settings.is_object()
                          ? outcomes.path.string() +
                                " does not record the settings of its "
                                "environment"
                          : "the reference has no settings"));
      return;
    }
    const json theirs = reference.settings.flatten(),
               ours = outcomes.settings.flatten();
    std::vector<std::string> settings, versions;
    json names = theirs;
    names.update(ours);
    for (const auto& [path, ignored] : names.items()) {
      const json before = theirs.value(path, json()),
                 now = ours.value(path, json());
      if (before == now || path == "/command") {
        continue;
      }
      std::string name = path.substr(1);
      std::ranges::replace(name, '/', '.');
      (path.starts_with("/packages/") ? versions : settings)
          .push_back(
              fmt::format("{} is {}, not {}", name, now.dump(), before.dump()));
    }
    if (!settings.empty()) {
      add(FindingSeverity::error, "settings", policy, reference.source,
          fmt::format("{}: {} as in the reference", outcomes.path.string(),
                      fmt::join(settings, ", ")));
    }
    if (!versions.empty()) {
      add(FindingSeverity::warning, "versions", policy, reference.source,
          fmt::format("{}: {} as in the reference", outcomes.path.string(),
                      fmt::join(versions, ", ")));
    }
  }

  const std::string& task_;
  const TaskReferences& references_;
  Metric metric_;
  std::vector<ReferenceFinding>& findings_;
};

}  // namespace

std::vector<ReferenceFinding> check_references(
    const ReferenceTable& references,
    const std::vector<DatasetOutcomes>& outcomes, Metric metric) {
  std::map<std::string, std::vector<const DatasetOutcomes*>> tasks;
  for (const DatasetOutcomes& one : outcomes) {
    tasks[one.task].push_back(&one);
  }
  if (tasks.empty()) {
    for (const auto& [task, ignored] : references) {
      tasks[task];
    }
  }
  std::vector<ReferenceFinding> findings;
  for (const auto& [task, datasets] : tasks) {
    const auto found = references.find(task);
    const TaskReferences none;
    TaskChecker checker(task, found == references.end() ? none : found->second,
                        metric, findings);
    checker.check_values();
    for (const DatasetOutcomes* dataset : datasets) {
      checker.check_settings(*dataset);
    }
  }
  return findings;
}

}  // namespace gato::eval
