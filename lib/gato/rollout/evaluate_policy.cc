#include "gato/rollout/evaluate_policy.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/rollout/model_policy.h"
#include "gato/rollout/runner.h"

namespace gato {

void check_evaluation(const PolicyEvaluation& evaluation,
                      const TaskTable& tasks) {
  match_task(make_environment(evaluation.environment)->spec().task, tasks);
}

nlohmann::json evaluate_policy(const Network& network,
                               const PolicyEvaluation& evaluation) {
  const ModelConfig& config = network.config();
  const auto make = [&] { return make_environment(evaluation.environment); };
  const TaskMatch match = match_task(make()->spec().task, config.tasks);
  Resize resize;
  if (match.task) resize = recorded_resize(config.tasks.tasks[*match.task]);
  std::optional<TextEncoder> text;
  if (!config.vocabulary.sentencepiece.empty()) {
    text.emplace(config.vocabulary.sentencepiece);
  }
  const StepEncoder encoder(match.spec, config.vocabulary,
                            text ? &*text : nullptr, resize);
  const auto make_policy = [&](int64_t slots) {
    at::set_num_threads(1);  // teams are what the threads play
    ModelPolicyOptions options;
    options.sampler.seed = evaluation.seed;
    options.context_steps = config.window_steps;
    options.blank_actions = evaluation.blank_actions;
    return make_model_policy({network, match, encoder}, slots, "model",
                             options);
  };
  std::vector<double> returns;
  RunnerOptions options;
  options.episodes = evaluation.episodes;
  options.threads = evaluation.threads;
  options.seed = evaluation.seed;
  const RunnerCounts counts = run_episodes(
      options, make, make_policy,
      [&](Episode&& episode) { returns.push_back(episode.total_reward()); });
  nlohmann::json mean, deviation;
  if (counts.failed == 0 && !returns.empty()) {
    double sum = 0, square = 0;
    for (double value : returns) sum += value;
    const double average = sum / double(returns.size());
    for (double value : returns)
      square += (value - average) * (value - average);
    mean = average;
    deviation = std::sqrt(square / double(returns.size()));
  }
  return {{"environment", evaluation.environment},
          {"episodes", counts.episodes},
          {"failed", counts.failed},
          {"mean", mean},
          {"std", deviation}};
}

}  // namespace gato
