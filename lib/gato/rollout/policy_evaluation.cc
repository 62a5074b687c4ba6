#include "gato/rollout/policy_evaluation.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "gato/eval/statistics.h"
#include "gato/rollout/policy_factory.h"

namespace gato::rollout {
namespace {

constexpr int64_t kBatchSize = 16;

}  // namespace

PolicyEvaluation::PolicyEvaluation(PolicyEvaluationOptions options,
                                   const data::TaskTable& tasks)
    : options_(std::move(options)),
      task_(options_.make_environment()->spec().task) {
  tokenize::match_task(task_, tasks);
}

nlohmann::json PolicyEvaluation::evaluate(const model::Network& network,
                                          int64_t index) {
  const model::ModelConfig& config = network.config();
  if (!codec_) {
    codec_ = std::make_shared<tokenize::TaskCodec>(
        tokenize::TaskCodec::for_environment(task_, config.vocabulary,
                                             config.tasks));
  }
  ModelPolicyOptions policy_options;
  policy_options.sampling.seed = options_.seed;
  policy_options.mask_actions = options_.mask_actions;
  policy_options.context_steps = config.window_steps;
  const PolicyFactory make_policy = make_model_policy_factory(
      network, codec_, "model", std::move(policy_options));

  std::vector<int64_t> numbers(static_cast<size_t>(options_.episodes));
  std::iota(numbers.begin(), numbers.end(), index * options_.episodes);
  RunnerOptions runner_options;
  runner_options.batches = plan_batches(numbers, kBatchSize);
  runner_options.threads =
      std::min(options_.threads, std::ssize(runner_options.batches));
  runner_options.max_steps = options_.max_steps;
  runner_options.seed = options_.seed;
  std::vector<double> returns;
  int64_t success_count = 0;
  bool has_success_reports = false;
  const RunnerCounts counts =
      run_episodes(runner_options, options_.make_environment, make_policy,
                   [&](data::Episode&& episode) {
                     if (episode.failed) {
                       return;
                     }
                     returns.push_back(episode.total_reward());
                     has_success_reports |= episode.success.has_value();
                     success_count += episode.success.value_or(false);
                   });

  nlohmann::json mean, stddev, success;
  if (counts.failed == 0 && !returns.empty()) {
    mean = eval::mean(returns);
    stddev = eval::standard_deviation(returns);
  }
  if (has_success_reports) {
    success = static_cast<double>(success_count) /
              static_cast<double>(counts.episodes);
  }
  return {{"environment", options_.environment},
          {"task", task_.name},
          {"episodes", counts.episodes},
          {"failed", counts.failed},
          {"returns", returns},
          {"mean", mean},
          {"std", stddev},
          {"success", success}};
}

}  // namespace gato::rollout
