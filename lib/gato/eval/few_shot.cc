#include "gato/eval/few_shot.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "gato/base/error.h"
#include "gato/base/random.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

// DO NOT CHANGE THIS VALUE: intervals would change. It separates this random
// stream from all others of the same seed.
constexpr uint64_t kFewShotStream = 0x67610007;

// Returns the mean of an evaluation; nullopt if no episode was complete.
std::optional<double> mean_value(const Evaluation& evaluation,
                                 const std::optional<double>& random) {
  if (evaluation.values.empty()) {
    return evaluation.recorded_mean;
  }
  const double count = static_cast<double>(evaluation.values.size());
  const double sum =
      std::accumulate(evaluation.values.begin(), evaluation.values.end(), 0.0);
  if (!random) {
    return sum / count;
  }
  const auto failed = static_cast<double>(evaluation.failed);
  return (sum + failed * *random) / (count + failed);
}

FewShotPoint make_point(const FewShotRun& run, const FewShotReport& report) {
  FewShotPoint point{.episodes = run.episodes,
                     .repeat = run.repeat,
                     .steps = run.steps,
                     .returns = {},
                     .best_return = {},
                     .score = {}};
  for (const Evaluation& evaluation : run.evaluations) {
    point.returns.push_back(mean_value(evaluation, report.random));
  }
  if (run.is_trained) {
    point.best_return = best_moving_mean(point.returns);
  } else if (!point.returns.empty()) {
    point.best_return = point.returns.back();
  }
  if (report.has_scores && point.best_return) {
    point.score = 100 * (*point.best_return - *report.random) /
                  (*report.expert - *report.random);
  }
  return point;
}

// Returns the mean of the values with the interval of its bootstrap, which
// resamples the repeats.
FewShotSummary summarize(int64_t episodes, const std::vector<double>& values,
                         int64_t resamples, base::RandomStream& stream) {
  FewShotSummary summary{.episodes = episodes,
                         .runs = std::ssize(values),
                         .mean = {},
                         .low = {},
                         .high = {}};
  if (values.empty()) {
    return summary;
  }
  std::vector<double> means, resampled;
  for (int64_t i = 0; i < resamples; ++i) {
    resampled.clear();
    resample(values, stream, resampled);
    means.push_back(mean(resampled));
  }
  const ConfidenceInterval interval = percentile_interval(std::move(means));
  summary.mean = mean(values);
  summary.low = interval.low;
  summary.high = interval.high;
  return summary;
}

FewShotCurve make_curve(const NamedRuns& named, const FewShotReport& report,
                        size_t index) {
  FewShotCurve curve{.name = named.name, .points = {}, .summary = {}};
  for (const FewShotRun& run : named.runs) {
    curve.points.push_back(make_point(run, report));
  }
  std::ranges::sort(curve.points, {}, [](const FewShotPoint& point) {
    return std::pair(point.episodes, point.repeat);
  });
  std::map<int64_t, std::vector<double>> values;
  for (const FewShotPoint& point : curve.points) {
    std::vector<double>& of_number = values[point.episodes];
    const std::optional<double>& value =
        report.has_scores ? point.score : point.best_return;
    if (value) {
      of_number.push_back(*value);
    }
  }
  for (const auto& [episodes, of_number] : values) {
    base::RandomStream stream(
        report.seed, {kFewShotStream, index, static_cast<uint64_t>(episodes)});
    curve.summary.push_back(
        summarize(episodes, of_number, report.resamples, stream));
  }
  return curve;
}

// Throws if a curve has the same number of demonstrations and repeat twice.
void check_repeats(const NamedRuns& curve) {
  std::map<std::pair<int64_t, int64_t>, const FewShotRun*> seen;
  for (const FewShotRun& run : curve.runs) {
    const auto [first, is_new] =
        seen.try_emplace({run.episodes, run.repeat}, &run);
    if (!is_new) {
      throw base::input_error(
          "curve {}: {} and {} are both repeat {} with {} demonstrations: "
          "assign each of them a curve of its own with --curve",
          curve.name, first->second->path.string(), run.path.string(),
          run.repeat, run.episodes);
    }
  }
}

// Returns the task of all runs.
std::string common_task(const std::vector<NamedRuns>& curves) {
  const FewShotRun* first = nullptr;
  for (const NamedRuns& curve : curves) {
    for (const FewShotRun& run : curve.runs) {
      first = first ? first : &run;
      if (run.task != first->task) {
        throw base::input_error(
            "{}: its task is {}, but that of {} is {}: make a report for each "
            "task",
            run.path.string(), run.task, first->path.string(), first->task);
      }
    }
  }
  if (!first) {
    throw base::input_error(
        "there are no runs: specify outputs of gato-finetune");
  }
  return first->task;
}

}  // namespace

std::optional<double> best_moving_mean(
    const std::vector<std::optional<double>>& values) {
  std::optional<double> best;
  for (auto first = values.begin(); values.end() - first >= kMovingMeanLength;
       ++first) {
    double sum = 0;
    bool is_defined = true;
    for (auto value = first; value != first + kMovingMeanLength; ++value) {
      is_defined = is_defined && value->has_value();
      sum += value->value_or(0);
    }
    const double moving_mean = sum / kMovingMeanLength;
    if (is_defined && (!best || moving_mean > *best)) {
      best = moving_mean;
    }
  }
  return best;
}

FewShotReport compute_few_shot(const std::vector<NamedRuns>& curves,
                               const ReferenceTable& references,
                               const ReportOptions& options) {
  FewShotReport report;
  report.task = common_task(curves);
  report.metric = options.metric;
  report.seed = options.seed;
  report.resamples = options.resamples;
  if (const auto found = references.find(report.task);
      found != references.end()) {
    const TaskReferences& task = found->second;
    report.random = reference_value(task.random, options.metric);
    report.expert = reference_value(task.expert, options.metric);
  }
  report.has_scores =
      report.random && report.expert && *report.expert > *report.random;
  for (const NamedRuns& curve : curves) {
    check_repeats(curve);
    report.curves.push_back(make_curve(curve, report, report.curves.size()));
  }
  return report;
}

}  // namespace gato::eval
