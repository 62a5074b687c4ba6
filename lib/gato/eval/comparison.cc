// Each task is compared by its own episodes: paired by seed for the difference
// and the sign test, unpaired for the probability of improvement. The bootstrap
// resamples what each statistic is computed from, by random streams that are
// keyed by the resample, the task and the statistic.
#include "gato/eval/comparison.h"

#include <algorithm>
#include <map>
#include <set>

#include "gato/base/error.h"
#include "gato/base/random.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

constexpr uint64_t kComparisonKey = 0x636f6d70;  // random stream of this file
enum class Resampled : uint64_t { pairs, difference_a, difference_b, a, b };

// Computes the probability of improvement of bootstrap resamples in linear
// time, from the ranks of the values among all.
class ImprovementBootstrap {
 public:
  ImprovementBootstrap(const std::vector<double>& a,
                       const std::vector<double>& b) {
    std::vector<double> all = a;
    all.insert(all.end(), b.begin(), b.end());
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (const auto& [values, ranks] :
         {std::pair{&a, &ranks_a_}, std::pair{&b, &ranks_b_}}) {
      for (double value : *values) {
        ranks->push_back(static_cast<size_t>(
            std::ranges::lower_bound(all, value) - all.begin()));
      }
    }
    counts_a_.resize(all.size());
    counts_b_.resize(all.size());
  }

  double resample(base::RandomStream stream_a, base::RandomStream stream_b) {
    count_ranks(ranks_a_, stream_a, counts_a_);
    count_ranks(ranks_b_, stream_b, counts_b_);
    double greater = 0, below = 0;
    for (size_t rank = 0; rank < counts_a_.size(); ++rank) {
      greater += counts_a_[rank] * (below + counts_b_[rank] / 2);
      below += counts_b_[rank];
    }
    return greater / (static_cast<double>(ranks_a_.size()) *
                      static_cast<double>(ranks_b_.size()));
  }

 private:
  static void count_ranks(const std::vector<size_t>& ranks,
                          base::RandomStream& stream,
                          std::vector<double>& counts) {
    std::ranges::fill(counts, 0);
    for (size_t i = 0; i < ranks.size(); ++i) {
      ++counts[ranks[stream.uniform_int(ranks.size())]];
    }
  }

  std::vector<size_t> ranks_a_, ranks_b_;
  std::vector<double> counts_a_, counts_b_;
};

double resampled_mean(std::span<const double> values,
                      base::RandomStream stream) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[stream.uniform_int(values.size())];
  }
  return sum / static_cast<double>(values.size());
}

void set_interval(const std::vector<double>& resamples,
                  std::optional<double>& low, std::optional<double>& high) {
  if (!resamples.empty()) {
    const ConfidenceInterval interval = percentile_interval(resamples);
    low = interval.low;
    high = interval.high;
  }
}

// The sums over tasks of each resample, whose means are those of the overall
// statistics.
struct OverallResamples {
  std::vector<double> differences, improvements;
};

void add_to_sums(const std::vector<double>& resamples, double factor,
                 std::vector<double>& sums) {
  sums.resize(resamples.size());
  for (size_t r = 0; r < resamples.size(); ++r) {
    sums[r] += factor * resamples[r];
  }
}

void bootstrap_task(size_t index, const ReportOptions& options,
                    ComparedTask& compared, OverallResamples& overall) {
  TaskComparison& task = compared.comparison;
  const TaskSamples& samples = compared.samples;
  std::vector<double> differences, improvements;
  ImprovementBootstrap improvement(samples.a, samples.b);
  for (int64_t r = 0; r < options.resamples; ++r) {
    const auto stream = [&](Resampled what) {
      return base::RandomStream(
          options.seed, {kComparisonKey, static_cast<uint64_t>(r), index,
                         static_cast<uint64_t>(what)});
    };
    if (task.pairs > 0) {
      differences.push_back(
          resampled_mean(samples.pair_differences, stream(Resampled::pairs)));
    } else if (task.difference) {
      differences.push_back(
          resampled_mean(samples.a, stream(Resampled::difference_a)) -
          resampled_mean(samples.b, stream(Resampled::difference_b)));
    }
    if (task.improvement) {
      improvements.push_back(
          improvement.resample(stream(Resampled::a), stream(Resampled::b)));
    }
  }
  set_interval(differences, task.difference_low, task.difference_high);
  set_interval(improvements, task.improvement_low, task.improvement_high);
  if (task.difference && samples.percent_per_unit > 0) {
    add_to_sums(differences, samples.percent_per_unit, overall.differences);
  }
  if (task.improvement) {
    add_to_sums(improvements, 1, overall.improvements);
  }
}

// Sets the mean of the tasks' statistics, and its interval from the sums of
// their resamples.
void set_overall(const std::vector<double>& values, std::vector<double> sums,
                 std::optional<double>& value, std::optional<double>& low,
                 std::optional<double>& high) {
  if (values.empty()) {
    return;
  }
  value = mean(values);
  for (double& sum : sums) {
    sum /= static_cast<double>(values.size());
  }
  set_interval(sums, low, high);
}

void add_counts(const TaskComparison& task, TaskComparison& overall) {
  overall.episodes_a += task.episodes_a;
  overall.episodes_b += task.episodes_b;
  overall.failed_a += task.failed_a;
  overall.failed_b += task.failed_b;
  overall.pairs += task.pairs;
  overall.wins += task.wins;
  overall.losses += task.losses;
  overall.ties += task.ties;
  overall.left_out += task.left_out;
  overall.lacks_success |= task.lacks_success;
}

// Says over which tasks the overall statistics are, if not over all.
std::string overall_note(int64_t task_count, int64_t common_count,
                         int64_t scaled_count) {
  std::string note;
  if (common_count < task_count) {
    note = fmt::format("{} of {} tasks were played by both", common_count,
                       task_count);
  }
  if (scaled_count < common_count) {
    note += fmt::format(
        "{}{}", note.empty() ? "" : "; ",
        scaled_count == 0
            ? "no references, so no difference in percent of the expert"
            : fmt::format("the difference is over the {} tasks with references",
                          scaled_count));
  }
  return note;
}

// Sets the overall counts, statistics and verdict, and the mean scores.
void aggregate(const std::vector<ComparedTask>& tasks,
               const OverallResamples& resamples, ComparisonReport& report) {
  TaskComparison& overall = report.overall;
  overall.task = overall.domain = "all";
  std::vector<double> differences, improvements, scores_a, scores_b;
  int64_t common_count = 0;
  for (const auto& [task, samples, score_a, score_b] : tasks) {
    add_counts(task, overall);
    common_count += task.episodes_a > 0 && task.episodes_b > 0;
    if (task.difference && samples.percent_per_unit > 0) {
      differences.push_back(*task.difference * samples.percent_per_unit);
    }
    if (task.improvement) {
      improvements.push_back(*task.improvement);
    }
    if (score_a && score_b) {
      scores_a.push_back(*score_a);
      scores_b.push_back(*score_b);
    }
  }
  set_overall(differences, resamples.differences, overall.difference,
              overall.difference_low, overall.difference_high);
  set_overall(improvements, resamples.improvements, overall.improvement,
              overall.improvement_low, overall.improvement_high);
  judge_pairs(overall);
  overall.note =
      overall_note(std::ssize(tasks), common_count, std::ssize(differences));
  if (!scores_a.empty()) {
    report.score_a = mean(scores_a);
    report.score_b = mean(scores_b);
  }
}

}  // namespace

ComparisonReport compare_outcomes(const std::vector<DatasetOutcomes>& a,
                                  const std::vector<DatasetOutcomes>& b,
                                  const ReferenceTable& references,
                                  const ReportOptions& options) {
  ComparisonReport report;
  report.metric = options.metric;
  report.seed = options.seed;
  report.resamples = options.resamples;
  const auto sides_a = group_episodes_by_task(a),
             sides_b = group_episodes_by_task(b);
  std::set<std::pair<std::string, std::string>> names;  // domain, task
  for (const auto* sides : {&sides_a, &sides_b}) {
    for (const auto& [task, side] : *sides) {
      const auto other = sides_a.find(task);
      if (other != sides_a.end() && other->second.domain != side.domain) {
        throw base::input_error(
            "task \"{}\" is in domain \"{}\" in A, but in \"{}\" in B", task,
            other->second.domain, side.domain);
      }
      names.emplace(side.domain, task);
    }
  }
  std::vector<ComparedTask> tasks;
  OverallResamples resamples;
  for (const auto& [domain, name] : names) {
    const auto find = [&name = name](const auto& map) {
      const auto found = map.find(name);
      return found == map.end() ? nullptr : &found->second;
    };
    tasks.push_back(compare_task(name, find(sides_a), find(sides_b),
                                 find(references), options.metric));
    bootstrap_task(tasks.size() - 1, options, tasks.back(), resamples);
  }
  aggregate(tasks, resamples, report);
  for (ComparedTask& task : tasks) {
    report.tasks.push_back(std::move(task.comparison));
  }
  return report;
}

}  // namespace gato::eval
