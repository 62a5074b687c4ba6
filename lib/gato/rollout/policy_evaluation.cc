#include "gato/rollout/policy_evaluation.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/rollout/episode_runner.h"
#include "gato/rollout/model_policy.h"

namespace gato::rollout {

void validate_policy_evaluation(const PolicyEvaluation& evaluation,
                                const data::TaskTable& tasks) {
  tokenize::match_task(
      env::make_builtin_environment(evaluation.environment)->spec().task,
      tasks);
}

nlohmann::json evaluate_policy(const model::Network& network,
                               const PolicyEvaluation& evaluation) {
  const model::ModelConfig& config = network.config();
  const auto make_evaluation_environment = [&] {
    return env::make_builtin_environment(evaluation.environment);
  };
  const auto codec = tokenize::TaskCodec::for_environment(
      make_evaluation_environment()->spec().task, config.vocabulary,
      config.tasks);
  const auto make_policy = [&](int64_t slots) {
    at::set_num_threads(1);  // teams are what the threads play
    ModelPolicyOptions options;
    options.sampling.seed = evaluation.seed;
    options.context_steps = config.window_steps;
    options.mask_actions = evaluation.mask_actions;
    return make_model_policy(network, codec, slots, "model", options);
  };
  std::vector<double> returns;
  RunnerOptions options;
  options.episodes = evaluation.episodes;
  options.threads = evaluation.threads;
  options.seed = evaluation.seed;
  const RunnerCounts counts =
      run_episodes(options, make_evaluation_environment, make_policy,
                   [&](data::Episode&& episode) {
                     returns.push_back(episode.total_reward());
                   });
  nlohmann::json mean, stddev;
  if (counts.failed == 0 && !returns.empty()) {
    double sum = 0, square = 0;
    for (double value : returns) sum += value;
    const double average = sum / double(returns.size());
    for (double value : returns)
      square += (value - average) * (value - average);
    mean = average;
    stddev = std::sqrt(square / double(returns.size()));
  }
  return {{"environment", evaluation.environment},
          {"episodes", counts.episodes},
          {"failed", counts.failed},
          {"mean", mean},
          {"std", stddev}};
}

}  // namespace gato::rollout
