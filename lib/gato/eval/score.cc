#include "gato/eval/score.h"

#include <algorithm>
#include <map>

#include "gato/base/error.h"
#include "gato/base/random.h"
#include "gato/eval/statistics.h"

namespace gato {
namespace {

constexpr uint64_t kBootstrap = 0x626f6f74;  // keys this file's draws

// All that was played on a task.
struct Played {
  std::string domain;
  std::map<std::string, std::vector<double>> returns;  // by agent; none failed
  std::map<std::string, int64_t> failed;
  int64_t succeeded = 0, judged = 0;
};

std::map<std::string, Played> by_task(
    const std::vector<TaskOutcomes>& outcomes) {
  std::map<std::string, Played> tasks;
  for (const TaskOutcomes& one : outcomes) {
    const auto [place, is_new] = tasks.try_emplace(one.task);
    Played& played = place->second;
    if (is_new) played.domain = one.domain;
    if (played.domain != one.domain)
      throw input_error(
          "{}: task \"{}\" belongs to domain \"{}\", in an earlier dataset to "
          "\"{}\"",
          one.path.string(), one.task, one.domain, played.domain);
    auto& returns = played.returns[one.source];
    returns.insert(returns.end(), one.returns.begin(), one.returns.end());
    played.failed[one.source] += one.failed;
    played.succeeded += one.succeeded;
    played.judged += one.judged;
  }
  return tasks;
}

// A failed episode is worth what a random one is.
std::vector<double> counted_returns(const Played& played,
                                    const std::string& agent, double random) {
  std::vector<double> returns = played.returns.at(agent);
  returns.insert(returns.end(), played.failed.at(agent), random);
  return returns;
}

void add_note(std::string& note, const std::string& text) {
  if (!note.empty()) note += "; ";
  note += text;
}

// "2 policies in one: expert, novice": their returns make up one mean.
std::string policies_note(const Played& played) {
  constexpr size_t most_named = 8;
  std::vector<std::string> names;
  for (const auto& [agent, own] : played.returns) {
    if (names.size() == most_named) {
      names.push_back("...");
      break;
    }
    names.push_back(agent.empty() ? "one without a name" : agent);
  }
  return fmt::format("{} policies in one: {}", played.returns.size(),
                     fmt::join(names, ", "));
}

TaskScore score_task(const std::string& name, const Played& played,
                     const TaskReferences* references) {
  TaskScore task;
  task.task = name;
  task.domain = played.domain;
  if (references && references->random) task.random = references->random->mean;
  if (references && references->expert) task.expert = references->expert->mean;

  std::vector<double> returns;
  for (const auto& [agent, own] : played.returns) {
    const std::vector<double> counted =
        counted_returns(played, agent, task.random.value_or(0));
    returns.insert(returns.end(), counted.begin(), counted.end());
    task.failed += played.failed.at(agent);
  }
  task.episodes = static_cast<int64_t>(returns.size());
  if (played.judged > 0)
    task.success = static_cast<double>(played.succeeded) /
                   static_cast<double>(played.judged + task.failed);

  const bool is_known = task.failed == 0 || task.random;
  if (is_known) {
    task.mean = mean(returns);
    task.std = deviation(returns);
    task.min = std::ranges::min(returns);
    task.max = std::ranges::max(returns);
  }
  if (task.failed > 0)
    add_note(
        task.note,
        fmt::format("{} of {} episodes failed, {}", task.failed, task.episodes,
                    is_known ? "counted as random"
                             : "and the random return is not known"));
  if (played.returns.size() > 1) add_note(task.note, policies_note(played));
  if (!task.random || !task.expert) {
    add_note(task.note, !task.random && !task.expert ? "no reference"
                        : !task.random               ? "no random reference"
                                                     : "no expert reference");
  } else if (*task.expert <= *task.random) {
    add_note(task.note, "the expert is no better than random");
  } else if (task.mean) {
    task.score =
        100 * ((*task.mean - *task.random) / (*task.expert - *task.random));
  }
  return task;
}

// The entries of a task with a score: one an agent, or one an episode.
std::vector<double> entries_of(const TaskScore& task, const Played& played,
                               bool models_are_runs) {
  std::vector<double> entries;
  const auto normalise = [&](double value) {
    return 100 * ((value - *task.random) / (*task.expert - *task.random));
  };
  for (const auto& [agent, own] : played.returns) {
    const std::vector<double> returns =
        counted_returns(played, agent, *task.random);
    if (models_are_runs) {
      entries.push_back(normalise(mean(returns)));
    } else {
      for (double value : returns) entries.push_back(normalise(value));
    }
  }
  return entries;
}

// A task with a score, and what its interval is drawn from.
struct Stratum {
  TaskScore* task;
  std::vector<double> entries;
};

// The strata of a domain, or of all.
struct Group {
  Aggregate aggregate;
  std::vector<size_t> members;
  std::vector<double> resampled_iqm;
};

Group make_group(const std::optional<std::string>& domain,
                 const std::vector<Stratum>& strata) {
  Group group;
  group.aggregate.domain = domain.value_or("");
  std::vector<double> scores, entries;
  for (size_t s = 0; s < strata.size(); ++s) {
    if (domain && strata[s].task->domain != *domain) continue;
    group.members.push_back(s);
    scores.push_back(*strata[s].task->score);
    entries.insert(entries.end(), strata[s].entries.begin(),
                   strata[s].entries.end());
  }
  group.aggregate.tasks = static_cast<int64_t>(scores.size());
  if (scores.empty()) return group;
  group.aggregate.mean = mean(scores);
  group.aggregate.median = median(scores);
  group.aggregate.iqm = interquartile_mean(entries);
  group.aggregate.optimality_gap = optimality_gap(entries, 100);
  return group;
}

// Stratified: every task keeps its number of entries in each resample.
void bootstrap(std::vector<Stratum>& strata, std::vector<Group>& groups,
               const ScoreOptions& options) {
  std::vector<std::vector<double>> means(strata.size());
  std::vector<std::vector<double>> drawn(strata.size());
  for (int64_t r = 0; r < options.resamples; ++r) {
    for (size_t s = 0; s < strata.size(); ++s) {
      RandomStream stream(options.seed,
                          {kBootstrap, static_cast<uint64_t>(r), s});
      drawn[s].clear();
      resample(strata[s].entries, stream, drawn[s]);
      means[s].push_back(mean(drawn[s]));
    }
    for (Group& group : groups) {
      std::vector<double> pooled;
      for (size_t s : group.members)
        pooled.insert(pooled.end(), drawn[s].begin(), drawn[s].end());
      if (!pooled.empty())
        group.resampled_iqm.push_back(interquartile_mean(std::move(pooled)));
    }
  }
  for (size_t s = 0; s < strata.size(); ++s) {
    const Interval interval = central_interval(means[s]);
    strata[s].task->score_low = interval.low;
    strata[s].task->score_high = interval.high;
  }
  for (Group& group : groups) {
    if (group.resampled_iqm.empty()) continue;
    const Interval interval = central_interval(group.resampled_iqm);
    group.aggregate.iqm_low = interval.low;
    group.aggregate.iqm_high = interval.high;
  }
}

}  // namespace

ScoreReport score(const std::vector<TaskOutcomes>& outcomes,
                  const References& references, const ScoreOptions& options) {
  ScoreReport report;
  report.seed = options.seed;
  report.resamples = options.resamples;
  for (const TaskOutcomes& one : outcomes)
    report.datasets.push_back({one.path.string(), one.task, one.source,
                               one.episodes(), one.provenance});

  const std::map<std::string, Played> tasks = by_task(outcomes);
  bool models_are_runs = false;
  for (const auto& [name, played] : tasks) {
    const auto found = references.find(name);
    report.tasks.push_back(score_task(
        name, played, found == references.end() ? nullptr : &found->second));
    models_are_runs |= played.returns.size() > 1;
  }
  report.runs = models_are_runs ? "models" : "episodes";
  std::ranges::stable_sort(report.tasks, {}, &TaskScore::domain);

  std::vector<Stratum> strata;
  std::vector<std::string> domains;
  for (TaskScore& task : report.tasks) {
    if (domains.empty() || domains.back() != task.domain)
      domains.push_back(task.domain);
    if (task.score)
      strata.push_back(
          {&task, entries_of(task, tasks.at(task.task), models_are_runs)});
  }
  std::vector<Group> groups{make_group(std::nullopt, strata)};
  for (const std::string& domain : domains)
    groups.push_back(make_group(domain, strata));
  bootstrap(strata, groups, options);

  report.overall = groups.front().aggregate;
  std::vector<double> domain_means;
  for (size_t g = 1; g < groups.size(); ++g) {
    report.domains.push_back(groups[g].aggregate);
    if (groups[g].aggregate.mean)
      domain_means.push_back(*groups[g].aggregate.mean);
  }
  if (!domain_means.empty()) report.domain_mean = mean(domain_means);
  for (int percent = 0; percent <= 100; ++percent) {
    const auto reached =
        std::ranges::count_if(strata, [&](const Stratum& stratum) {
          return *stratum.task->score >= percent;
        });
    report.thresholds.push_back({percent, reached});
  }
  return report;
}

}  // namespace gato
