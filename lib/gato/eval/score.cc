// Computes scores and their confidence intervals as rliable does (Agarwal et
// al. 2021). Per task, outcomes are pooled and normalized with the task's
// references. The tasks with a score are the strata of a stratified bootstrap:
// each resample draws, for every task, as many runs as the task has. The
// percentiles of the resampled means (per task) and interquartile means (per
// domain and overall) are the intervals.
#include "gato/eval/score.h"

#include <algorithm>
#include <map>

#include "gato/base/error.h"
#include "gato/base/random.h"
#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

constexpr uint64_t kBootstrapKey = 0x626f6f74;  // random stream of this file

// The outcomes of all datasets of a task. The maps are keyed by policy.
struct PooledOutcomes {
  std::string domain;
  std::map<std::string, std::vector<double>> returns;  // without failures
  std::map<std::string, int64_t> failed;
  int64_t succeeded = 0, with_success_flag = 0;
};

std::map<std::string, PooledOutcomes> group_by_task(
    const std::vector<DatasetOutcomes>& outcomes) {
  std::map<std::string, PooledOutcomes> tasks;
  for (const DatasetOutcomes& one : outcomes) {
    const auto [entry, is_new] = tasks.try_emplace(one.task);
    PooledOutcomes& pooled = entry->second;
    if (is_new) {
      pooled.domain = one.domain;
    }
    if (pooled.domain != one.domain) {
      throw base::input_error(
          "{}: task \"{}\" is in domain \"{}\", but an earlier dataset has it "
          "in \"{}\"",
          one.path.string(), one.task, one.domain, pooled.domain);
    }
    auto& returns = pooled.returns[one.agent];
    returns.insert(returns.end(), one.returns.begin(), one.returns.end());
    pooled.failed[one.agent] += one.failed;
    pooled.succeeded += one.succeeded;
    pooled.with_success_flag += one.with_success_flag;
  }
  return tasks;
}

// Returns the returns of a policy, with `random` for each of its failures.
std::vector<double> imputed_returns(const PooledOutcomes& pooled,
                                    const std::string& agent, double random) {
  std::vector<double> returns = pooled.returns.at(agent);
  returns.insert(returns.end(), pooled.failed.at(agent), random);
  return returns;
}

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
  for (const auto& [agent, own] : pooled.returns) {
    if (names.size() == kMaxNames) {
      names.push_back("...");
      break;
    }
    names.push_back(agent.empty() ? "(unnamed)" : agent);
  }
  return fmt::format("{} policies pooled: {}", pooled.returns.size(),
                     fmt::join(names, ", "));
}

// Computes all of a TaskScore but its interval. `references` may be null.
TaskScore compute_task_score(const std::string& name,
                             const PooledOutcomes& pooled,
                             const TaskReferences* references) {
  TaskScore task;
  task.task = name;
  task.domain = pooled.domain;
  if (references && references->random) {
    task.random = references->random->mean;
  }
  if (references && references->expert) {
    task.expert = references->expert->mean;
  }

  std::vector<double> returns;
  for (const auto& [agent, own] : pooled.returns) {
    const std::vector<double> imputed =
        imputed_returns(pooled, agent, task.random.value_or(0));
    returns.insert(returns.end(), imputed.begin(), imputed.end());
    task.failed += pooled.failed.at(agent);
  }
  task.episodes = std::ssize(returns);
  if (pooled.with_success_flag > 0) {
    task.success_rate =
        static_cast<double>(pooled.succeeded) /
        static_cast<double>(pooled.with_success_flag + task.failed);
  }

  const bool is_mean_defined = task.failed == 0 || task.random;
  if (is_mean_defined) {
    task.mean = mean(returns);
    task.std = standard_deviation(returns);
    task.min = std::ranges::min(returns);
    task.max = std::ranges::max(returns);
  }
  if (task.failed > 0) {
    append_note(
        task.note,
        fmt::format("{} episodes failed, {}",
                    task.failed == task.episodes
                        ? fmt::format("all {}", task.episodes)
                        : fmt::format("{} of {}", task.failed, task.episodes),
                    is_mean_defined ? "counted as random"
                                    : "but the random return is unknown"));
  }
  if (pooled.returns.size() > 1) {
    append_note(task.note, policies_note(pooled));
  }
  if (!task.random || !task.expert) {
    append_note(task.note, !task.random && !task.expert ? "no reference"
                           : !task.random               ? "no random reference"
                                          : "no expert reference");
  } else if (*task.expert <= *task.random) {
    append_note(task.note, "the expert is no better than random");
  } else if (task.mean) {
    task.score =
        100 * ((*task.mean - *task.random) / (*task.expert - *task.random));
  }
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
  for (const auto& [agent, own] : pooled.returns) {
    const std::vector<double> returns =
        imputed_returns(pooled, agent, *task.random);
    if (models_are_runs) {
      run_scores.push_back(normalize(mean(returns)));
    } else {
      for (double value : returns) {
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

// Fills in the intervals of the tasks and of the groups. Every resample
// contains as many runs of each task as there are, and is determined by the
// seed, its number and the task's index.
void bootstrap_intervals(std::vector<Stratum>& strata,
                         std::vector<StratumGroup>& groups,
                         const ScoreOptions& options) {
  std::vector<std::vector<double>> means(strata.size());
  std::vector<std::vector<double>> resampled(strata.size());
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
}

// Counts the tasks at or above each percentage from 0 to 100.
std::vector<ThresholdCount> count_thresholds(
    const std::vector<Stratum>& strata) {
  std::vector<ThresholdCount> thresholds;
  for (int percent = 0; percent <= 100; ++percent) {
    const auto reached =
        std::ranges::count_if(strata, [&](const Stratum& stratum) {
          return *stratum.task->score >= percent;
        });
    thresholds.push_back({percent, reached});
  }
  return thresholds;
}

}  // namespace

ScoreReport compute_scores(const std::vector<DatasetOutcomes>& outcomes,
                           const ReferenceTable& references,
                           const ScoreOptions& options) {
  ScoreReport report;
  report.seed = options.seed;
  report.resamples = options.resamples;
  for (const DatasetOutcomes& one : outcomes) {
    report.datasets.push_back({one.path.string(), one.task, one.agent,
                               one.episodes(), one.provenance});
  }

  const std::map<std::string, PooledOutcomes> tasks = group_by_task(outcomes);
  bool models_are_runs = false;
  for (const auto& [name, pooled] : tasks) {
    const auto found = references.find(name);
    report.tasks.push_back(compute_task_score(
        name, pooled, found == references.end() ? nullptr : &found->second));
    models_are_runs |= pooled.returns.size() > 1;
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
  bootstrap_intervals(strata, groups, options);

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
  report.thresholds = count_thresholds(strata);
  return report;
}

}  // namespace gato::eval
