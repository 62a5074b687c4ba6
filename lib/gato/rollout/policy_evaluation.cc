#include "gato/rollout/policy_evaluation.h"

#include <ATen/Parallel.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/statistics.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/model_policy.h"

namespace gato::rollout {

void validate_policy_evaluation(
    const commands::PolicyEvaluationOptions& evaluation,
    const data::TaskTable& tasks) {
  match_task(env::make_builtin_environment(evaluation.environment)->spec().task,
             tasks);
}

nlohmann::json evaluate_policy(
    const model::Network& network,
    const commands::PolicyEvaluationOptions& evaluation) {
  const model::ModelConfig& config = network.config();
  const auto make_evaluation_environment = [&] {
    return env::make_builtin_environment(evaluation.environment);
  };
  const TaskMatch match =
      match_task(make_evaluation_environment()->spec().task, config.tasks);
  tokenize::Resize resize;
  if (match.task_index)
    resize = recorded_resize(config.tasks.tasks[*match.task_index]);
  std::optional<tokenize::TextEncoder> text;
  if (!config.vocabulary.sentencepiece_model.empty()) {
    text.emplace(config.vocabulary.sentencepiece_model);
  }
  const tokenize::StepEncoder encoder(match.spec, config.vocabulary,
                                      text ? &*text : nullptr, resize);
  const auto make_policy = [&](int64_t slots) {
    at::set_num_threads(1);  // teams are what the threads play
    ModelPolicyOptions options;
    options.sampling.seed = evaluation.seed;
    options.context_steps = config.window_steps;
    options.mask_actions = evaluation.mask_actions;
    return make_model_policy({network, match, encoder}, slots, "model",
                             options);
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
