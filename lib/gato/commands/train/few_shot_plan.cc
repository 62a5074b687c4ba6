#include "gato/commands/train/few_shot_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"
#include "gato/ingest/episodes/episode_selection.h"

namespace gato::commands {
namespace {

// The paper samples from the 2,000 best episodes of a task.
constexpr int64_t kPaperBestCount = 2000;

PlannedRun make_run(int64_t episode_count, int64_t repeat) {
  return {.episode_count = episode_count,
          .repeat = repeat,
          .only = fmt::format("{}:{}", episode_count, repeat),
          .name = fmt::format("episodes-{}-repeat-{}", episode_count, repeat),
          .episodes = {}};
}

// Parses EPISODES:REPEAT.
PlannedRun parse_only(const std::string& text) {
  const size_t colon = std::min(text.find(':'), text.size());
  int64_t numbers[2] = {0, 0};
  try {
    numbers[0] = base::parse_number<int64_t>(text.substr(0, colon), "episodes");
    numbers[1] = base::parse_number<int64_t>(
        text.substr(std::min(colon + 1, text.size())), "repeat");
  } catch (const base::Error&) {
    numbers[0] = 0;
  }
  if (numbers[0] < 1 || numbers[1] < 1) {
    throw base::usage_error(
        "option --only: '{}' is not a number of episodes and a repeat, such as "
        "10:2",
        text);
  }
  return make_run(numbers[0], numbers[1]);
}

void check_episode_counts(const std::vector<int64_t>& episodes) {
  std::set<int64_t> seen;
  for (const int64_t count : episodes) {
    if (count < 1) {
      throw base::usage_error("--episodes {}: must be at least 1", count);
    }
    if (!seen.insert(count).second) {
      throw base::usage_error(
          "--episodes contains {} twice; use --repeats for several samples of "
          "the same size",
          count);
    }
  }
}

// Returns the indices of the usable episodes that runs may use.
std::vector<int64_t> candidates(const std::vector<train::Demonstration>& usable,
                                int64_t best_count) {
  std::vector<int64_t> all(usable.size());
  std::iota(all.begin(), all.end(), 0);
  if (best_count == 0 || best_count >= std::ssize(usable)) {
    return all;
  }
  std::vector<double> returns;
  for (const train::Demonstration& demonstration : usable) {
    if (std::isnan(demonstration.total_reward)) {
      throw base::input_error(
          "there are more demonstrations than the {} best ones that are used, "
          "but episode {} has no rewards: --best 0 uses all",
          best_count, demonstration.number);
    }
    returns.push_back(demonstration.total_reward);
  }
  return ingest::best_episodes(returns, best_count);
}

}  // namespace

void check_few_shot_options(const FewShotOptions& options) {
  check_episode_counts(options.episodes);
  if (!options.only || options.episodes.empty()) {
    return;
  }
  const PlannedRun only = parse_only(*options.only);
  if (std::ranges::count(options.episodes, *only.episode_count) == 0 ||
      only.repeat > options.repeats) {
    throw base::usage_error(
        "--only {} is not a run of the curve: --episodes is {} and --repeats "
        "is {}",
        *options.only, fmt::join(options.episodes, ","), options.repeats);
  }
}

std::vector<PlannedRun> plan_runs(const FewShotOptions& options) {
  if (options.only) {
    return {parse_only(*options.only)};
  }
  if (options.episodes.empty()) {
    return {PlannedRun()};
  }
  std::vector<PlannedRun> runs;
  for (int64_t repeat = 1; repeat <= options.repeats; ++repeat) {
    for (const int64_t count : options.episodes) {
      runs.push_back(make_run(count, repeat));
    }
  }
  return runs;
}

void select_demonstrations(const std::vector<train::Demonstration>& usable,
                           const FewShotOptions& options, uint64_t seed,
                           std::vector<PlannedRun>& runs) {
  const bool is_curve = runs.front().episode_count.has_value();
  const std::vector<int64_t> pool =
      candidates(usable, options.best.value_or(is_curve ? kPaperBestCount : 0));
  const auto total = std::ssize(pool);
  for (PlannedRun& run : runs) {
    const int64_t count = run.episode_count.value_or(total);
    if (count > total && total < std::ssize(usable)) {
      throw base::usage_error(
          "--episodes {}: demonstrations are sampled from the {} best ones: "
          "raise --best",
          count, total);
    }
    run.episodes.clear();
    for (const int64_t i :
         ingest::sample_episodes(seed, run.repeat, total, count)) {
      run.episodes.push_back(pool[static_cast<size_t>(i)]);
    }
  }
}

}  // namespace gato::commands
