// Computes scores and their confidence intervals as rliable does (Agarwal et
// al. 2021). Per task, outcomes are pooled and normalized with the task's
// references. The tasks with a score are the strata of a stratified bootstrap:
// each resample draws, for every task, as many runs as the task has. The
// percentiles of the resampled means (per task) and interquartile means (per
// domain and overall) are the intervals.
#include "gato/eval/score.h"

#include <algorithm>
#include <map>
#include <set>

#include "gato/base/error.h"
#include "gato/base/random.h"
#include "gato/eval/outcome_pool.h"
#include "gato/eval/performance_profile.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

constexpr uint64_t kBootstrapKey = 0x626f6f74;  // random stream of this file

void append_note(std::string& note, const std::string& text) {
  if (!note.empty()) {
    note += "; ";
  }
  note += text;
}

// Returns a note such as "2 policies pooled: expert, novice". Their returns are
// combined into one mean.
std::string policies_note(const PooledOutcomes& pooled) {
  constexpr size_t kMaxNames = 8;
  std::vector<std::string> names;
  for (const auto& [run, own] : pooled.runs) {
    if (names.size() == kMaxNames) {
      names.push_back("...");
      break;
    }
    names.push_back(run.empty() ? "(unnamed)" : run);
  }
  return fmt::format("{} {} pooled: {}", pooled.runs.size(),
                     pooled.are_training_runs ? "training runs" : "policies",
                     fmt::join(names, ", "));
}

// Notes why the mean is not that of the episodes as they were recorded.
void note_episodes(const PooledOutcomes& pooled, bool is_mean_defined,
                   Metric metric, TaskScore& task) {
  if (task.failed > 0) {
    append_note(
        task.note,
        fmt::format("{} episodes failed, {}",
                    task.failed == task.episodes
                        ? fmt::format("all {}", task.episodes)
                        : fmt::format("{} of {}", task.failed, task.episodes),
                    is_mean_defined ? "counted as random"
                    : metric == Metric::success
                        ? "but the success rate of random is unknown"
                        : "but the random return is unknown"));
  }
  const int64_t silent =
      task.episodes - task.failed - pooled.success_report_count;
  if (pooled.success_report_count > 0 && silent > 0) {
    append_note(task.note, fmt::format("{} of {} episodes do not report "
                                       "success, counted as 0",
                                       silent, task.episodes));
  }
  if (pooled.runs.size() > 1) {
    append_note(task.note, policies_note(pooled));
  }
}

// Computes the score from the mean, or records why it is undefined.
void normalize_mean(Metric metric, TaskScore& task) {
  if (!task.random || !task.expert) {
    const char* const kind =
        metric == Metric::success ? "success reference" : "reference";
    append_note(task.note, fmt::format("no {}{}",
                                       !task.random && !task.expert ? ""
                                       : !task.random               ? "random "
                                                                    : "expert ",
                                       kind));
  } else if (*task.expert <= *task.random) {
    append_note(task.note, "the expert is no better than random");
  } else if (task.mean) {
    task.score =
        100 * ((*task.mean - *task.random) / (*task.expert - *task.random));
  }
}

// Computes all of a TaskScore but its interval. `references` may be null.
TaskScore compute_task_score(const std::string& name,
                             const PooledOutcomes& pooled,
                             const TaskReferences* references, Metric metric) {
  TaskScore task;
  task.task = name;
  task.domain = pooled.domain;
  task.runs = std::ssize(pooled.runs);
  if (references) {
    task.random = reference_value(references->random, metric);
    task.expert = reference_value(references->expert, metric);
    task.random_source = task.random ? references->random->source : "";
    task.expert_source = task.expert ? references->expert->source : "";
  }

  const std::vector<double> values = pooled.all_values(task.random.value_or(0));
  task.episodes = std::ssize(values);
  task.failed = pooled.failed_count();
  if (pooled.success_report_count > 0) {
    task.success_rate = static_cast<double>(pooled.success_count) /
                        static_cast<double>(task.episodes);
  }
  if (metric == Metric::success && !task.success_rate) {
    append_note(task.note, "no episode reports success");
    return task;
  }
  const bool is_mean_defined = task.failed == 0 || task.random;
  if (is_mean_defined) {
    task.mean = mean(values);
    task.std = standard_deviation(values);
    task.min = std::ranges::min(values);
    task.max = std::ranges::max(values);
  }
  note_episodes(pooled, is_mean_defined, metric, task);
  normalize_mean(metric, task);
  return task;
}

// Returns the score of each run of a task that has a score. The runs are its
// policies or its episodes.
std::vector<double> normalized_run_scores(const TaskScore& task,
                                          const PooledOutcomes& pooled,
                                          bool models_are_runs) {
  std::vector<double> run_scores;
  const auto normalize = [&](double value) {
    return 100 * ((value - *task.random) / (*task.expert - *task.random));
  };
  for (const auto& [run, own] : pooled.runs) {
    const std::vector<double> values = own.with_failures(*task.random);
    if (models_are_runs) {
      run_scores.push_back(normalize(mean(values)));
    } else {
      for (double value : values) {
        run_scores.push_back(normalize(value));
      }
    }
  }
  return run_scores;
}

// A task that has a score, and the runs that the bootstrap resamples.
struct Stratum {
  TaskScore* task;
  std::vector<double> run_scores;
};

// The strata of one domain, or all of them, and their aggregates.
struct StratumGroup {
  AggregateScore aggregate;
  std::vector<size_t> stratum_indices;
  std::vector<double> bootstrap_iqms;
};

// Groups the strata of `domain`, or all strata if it is nullopt, and computes
// their aggregates but for the interval.
StratumGroup make_stratum_group(const std::optional<std::string>& domain,
                                const std::vector<Stratum>& strata) {
  StratumGroup group;
  group.aggregate.domain = domain.value_or("");
  std::vector<double> scores, run_scores;
  for (size_t s = 0; s < strata.size(); ++s) {
    if (domain && strata[s].task->domain != *domain) {
      continue;
    }
    group.stratum_indices.push_back(s);
    scores.push_back(*strata[s].task->score);
    run_scores.insert(run_scores.end(), strata[s].run_scores.begin(),
                      strata[s].run_scores.end());
  }
  group.aggregate.task_count = std::ssize(scores);
  if (scores.empty()) {
    return group;
  }
  group.aggregate.mean = mean(scores);
  group.aggregate.median = median(scores);
  group.aggregate.iqm = interquartile_mean(run_scores);
  group.aggregate.optimality_gap = optimality_gap(run_scores, 100);
  return group;
}

// Fills in the intervals of the tasks and of the groups, and returns the
// profile of all runs. Every resample contains as many runs of each task as
// there are, and is determined by the seed, its number and the task's index.
std::vector<ProfilePoint> bootstrap_intervals(std::vector<Stratum>& strata,
                                              std::vector<StratumGroup>& groups,
                                              const ReportOptions& options) {
  std::vector<std::vector<double>> means(strata.size());
  std::vector<std::vector<double>> resampled(strata.size());
  PerformanceProfile profile;
  for (int64_t r = 0; r < options.resamples; ++r) {
    for (size_t s = 0; s < strata.size(); ++s) {
      base::RandomStream stream(options.seed,
                                {kBootstrapKey, static_cast<uint64_t>(r), s});
      resampled[s].clear();
      resample(strata[s].run_scores, stream, resampled[s]);
      means[s].push_back(mean(resampled[s]));
    }
    for (StratumGroup& group : groups) {
      std::vector<double> pooled;
      for (size_t s : group.stratum_indices) {
        pooled.insert(pooled.end(), resampled[s].begin(), resampled[s].end());
      }
      if (&group == &groups.front() && !pooled.empty()) {
        profile.add_resample(pooled);
      }
      if (!pooled.empty()) {
        group.bootstrap_iqms.push_back(interquartile_mean(std::move(pooled)));
      }
    }
  }
  for (size_t s = 0; s < strata.size(); ++s) {
    const ConfidenceInterval interval = percentile_interval(means[s]);
    strata[s].task->score_low = interval.low;
    strata[s].task->score_high = interval.high;
  }
  for (StratumGroup& group : groups) {
    if (group.bootstrap_iqms.empty()) {
      continue;
    }
    const ConfidenceInterval interval =
        percentile_interval(group.bootstrap_iqms);
    group.aggregate.iqm_low = interval.low;
    group.aggregate.iqm_high = interval.high;
  }
  std::vector<double> all_runs;
  for (const Stratum& stratum : strata) {
    all_runs.insert(all_runs.end(), stratum.run_scores.begin(),
                    stratum.run_scores.end());
  }
  return profile.points(all_runs);
}

// Counts the tasks at or above each percentage from 0 to 100, in total and by
// domain.
std::vector<ThresholdCount> count_thresholds(
    const std::vector<Stratum>& strata,
    const std::vector<std::string>& domains) {
  std::vector<ThresholdCount> thresholds;
  for (int percent = 0; percent <= 100; ++percent) {
    ThresholdCount count;
    count.percent = percent;
    for (const std::string& domain : domains) {
      count.domain_counts.push_back(
          std::ranges::count_if(strata, [&](const Stratum& stratum) {
            return stratum.task->domain == domain &&
                   *stratum.task->score >= percent;
          }));
      count.task_count += count.domain_counts.back();
    }
    thresholds.push_back(std::move(count));
  }
  return thresholds;
}

void describe_datasets(const std::vector<DatasetOutcomes>& outcomes,
                       ScoreReport& report) {
  for (const DatasetOutcomes& one : outcomes) {
    report.datasets.push_back({one.path.string(), one.task, one.agent, one.run,
                               one.episode_count(), one.provenance,
                               one.settings, one.latency});
    for (const EpisodeOutcome& episode : one.episodes) {
      if (episode.failed) {
        report.failures.push_back({one.path.string(), one.task, episode.id,
                                   episode.seed, episode.failure});
      }
    }
  }
}

}  // namespace

ScoreReport compute_scores(const std::vector<DatasetOutcomes>& outcomes,
                           const ReferenceTable& references,
                           const ReportOptions& options) {
  ScoreReport report;
  report.seed = options.seed;
  report.resamples = options.resamples;
  report.metric = options.metric;
  describe_datasets(outcomes, report);

  const std::map<std::string, PooledOutcomes> tasks =
      pool_by_task(outcomes, options.metric);
  bool models_are_runs = false;
  for (const auto& [name, pooled] : tasks) {
    const auto found = references.find(name);
    report.tasks.push_back(compute_task_score(
        name, pooled, found == references.end() ? nullptr : &found->second,
        options.metric));
    models_are_runs |= pooled.runs.size() > 1;
  }
  report.bootstrap_unit = models_are_runs ? "models" : "episodes";
  std::ranges::stable_sort(report.tasks, {}, &TaskScore::domain);

  std::vector<Stratum> strata;
  std::vector<std::string> domains;
  for (TaskScore& task : report.tasks) {
    if (domains.empty() || domains.back() != task.domain) {
      domains.push_back(task.domain);
    }
    if (task.score) {
      strata.push_back({&task, normalized_run_scores(task, tasks.at(task.task),
                                                     models_are_runs)});
    }
  }
  std::vector<StratumGroup> groups{make_stratum_group(std::nullopt, strata)};
  for (const std::string& domain : domains) {
    groups.push_back(make_stratum_group(domain, strata));
  }
  report.profile = bootstrap_intervals(strata, groups, options);

  report.overall = groups.front().aggregate;
  std::vector<double> domain_means;
  for (size_t g = 1; g < groups.size(); ++g) {
    report.domains.push_back(groups[g].aggregate);
    if (groups[g].aggregate.mean) {
      domain_means.push_back(*groups[g].aggregate.mean);
    }
  }
  if (!domain_means.empty()) {
    report.domain_mean = mean(domain_means);
  }
  report.thresholds = count_thresholds(strata, domains);
  return report;
}

ConfigurationScore compute_configuration_score(
    const Configuration& configuration, const ReferenceTable& references,
    const ReportOptions& options) {
  const ScoreReport report =
      compute_scores(configuration.outcomes, references, options);
  ConfigurationScore score;
  score.name = configuration.name;
  score.overall = report.overall;
  score.domain_mean = report.domain_mean;
  std::set<std::string> runs;
  for (const ScoredDataset& dataset : report.datasets) {
    runs.insert(dataset.run);
    score.episodes += dataset.episodes;
  }
  score.runs = std::ssize(runs);
  if (score.runs == 1) {
    append_note(score.note, "one run, so the interval is over its episodes");
  } else if (score.runs == 2) {
    append_note(score.note, "two runs, too few for an interval over seeds");
  }
  for (const TaskScore& task : report.tasks) {
    if (task.runs < score.runs) {
      append_note(score.note, fmt::format("{} was played by {} of the runs",
                                          task.task, task.runs));
    }
  }
  return score;
}

}  // namespace gato::eval
