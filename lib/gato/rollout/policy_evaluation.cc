#include "gato/rollout/policy_evaluation.h"

#include <ATen/Parallel.h>

#include <memory>
#include <utility>
#include <vector>

#include "gato/eval/statistics.h"
#include "gato/rollout/policy_factory.h"

namespace gato::rollout {
namespace {

constexpr int64_t kBatchSize = 16;

}  // namespace

void validate_policy_evaluation(const PolicyEvaluation& evaluation,
                                const data::TaskTable& tasks) {
  tokenize::match_task(evaluation.make_environment()->spec().task, tasks);
}

nlohmann::json evaluate_policy(const model::Network& network,
                               const PolicyEvaluation& evaluation) {
  ModelPolicyOptions policy_options;
  policy_options.sampling.seed = evaluation.seed;
  policy_options.mask_actions = evaluation.mask_actions;
  const PolicyFactory make_policy = make_model_policy_factory(
      network, evaluation.make_environment()->spec().task,
      std::move(policy_options));
  std::vector<double> returns;
  RunnerOptions options;
  options.batches = plan_batches(evaluation.episodes, kBatchSize);
  options.threads = evaluation.threads;
  options.seed = evaluation.seed;
  const RunnerCounts counts =
      run_episodes(options, evaluation.make_environment, make_policy,
                   [&](data::Episode&& episode) {
                     returns.push_back(episode.total_reward());
                   });
  nlohmann::json mean, stddev;
  if (counts.failed == 0 && !returns.empty()) {
    mean = eval::mean(returns);
    stddev = eval::standard_deviation(returns);
  }
  return {{"environment", evaluation.environment},
          {"episodes", counts.episodes},
          {"failed", counts.failed},
          {"mean", mean},
          {"std", stddev}};
}

}  // namespace gato::rollout
