#include "gato/commands/policy_builder.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include "gato/base/error.h"
#include "gato/commands/token_options.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/rollout/prompt.h"
#include "gato/rollout/scripted_policy.h"

namespace gato::commands {

PolicyBuilder::PolicyBuilder(const ControlCommandOptions& options,
                             uint64_t seed)
    : options_(options), seed_(seed) {
  if (!options.model) return;
  model_ = model::load_model(*options.model);
  const data::Vocabulary& vocabulary = model_->network->config().vocabulary;
  if (!vocabulary.sentencepiece_model.empty())
    text_encoder_.emplace(vocabulary.sentencepiece_model);
  if (options.prompt == "own" && model_->demonstrations.empty())
    throw base::usage_error(
        "--prompt own: the model directory {} has no demonstrations.h5; give a "
        "dataset, or none",
        model_->directory.string());
}

std::string PolicyBuilder::agent_name() const {
  if (options_.model) return *options_.model;
  if (options_.noise > 0)
    return fmt::format("{} with noise {:g}", *options_.policy, options_.noise);
  return *options_.policy;
}

rollout::PolicyFactory PolicyBuilder::make_factory(
    const env::EnvironmentSpec& spec) {
  if (options_.model) return make_model_factory(spec);
  const bool is_expert = options_.policy == "expert";
  if (is_expert && !spec.has_expert)
    throw base::usage_error(
        "--policy expert: {} has no expert; --policy random works",
        spec.task.name);
  return [this, is_expert, task = spec.task](int64_t) {
    std::unique_ptr<rollout::Policy> policy =
        is_expert ? rollout::make_expert_policy()
                  : rollout::make_random_policy(task, seed_);
    if (options_.noise == 0) return policy;
    return rollout::make_noisy_policy(std::move(policy), task, options_.noise,
                                      is_expert, seed_);
  };
}

rollout::PolicyFactory PolicyBuilder::make_model_factory(
    const env::EnvironmentSpec& spec) {
  const model::ModelConfig& config = model_->network->config();
  auto task = std::make_shared<PreparedTask>();
  task->match = rollout::match_task(spec.task, config.tasks);
  tokenize::Resize resize;
  if (options_.resize)
    resize = parse_resize(*options_.resize);
  else if (task->match.task_index)
    resize =
        rollout::recorded_resize(config.tasks.tasks[*task->match.task_index]);
  task->encoder.emplace(task->match.spec, config.vocabulary,
                        text_encoder_ ? &*text_encoder_ : nullptr, resize);
  rollout::ModelPolicyOptions& options = task->options;
  options.sampling = {options_.temperature.value_or(1), options_.greedy, seed_};
  options.context_steps = options_.context_steps.value_or(config.window_steps);
  options.mask_actions = options_.mask_actions;
  options.prompt = load_prompt(*task);
  return [this, task](int64_t slots) {
    // Teams are what the threads play; within one the arithmetic is that of a
    // single thread, so that scores do not depend on their number.
    at::set_num_threads(1);
    return rollout::make_model_policy(
        {*model_->network, task->match, *task->encoder}, slots, agent_name(),
        task->options);
  };
}

std::optional<std::string> PolicyBuilder::prompt_dataset() const {
  if (options_.prompt == "own" || options_.prompt == "none") return {};
  return options_.prompt;
}

std::vector<rollout::StepTokens> PolicyBuilder::load_prompt(
    const PreparedTask& task) const {
  const model::ModelConfig& config = model_->network->config();
  if (const auto dataset = prompt_dataset())
    return rollout::dataset_prompt(*dataset, task.match, *task.encoder,
                                   config.context, options_.max_episode_steps);
  const std::string prompt = options_.prompt.value_or(
      config.window_steps == 0 && !model_->demonstrations.empty() ? "own"
                                                                  : "none");
  if (prompt == "none") return {};
  std::vector<rollout::StepTokens> steps = rollout::demonstration_prompt(
      model_->demonstrations, task.match, config.context);
  if (steps.empty())
    spdlog::warn("the model directory has no demonstration of '{}': no prompt",
                 task.match.spec.name);
  return steps;
}

void PolicyBuilder::add_inputs(data::Provenance& provenance) const {
  if (model_) {
    provenance.add_input(model_->directory / "config.json");
    provenance.add_input(model_->directory / "model.safetensors");
  }
  if (const auto dataset = prompt_dataset()) {
    ingest::EpisodeSourceOptions options;
    options.max_episode_steps = options_.max_episode_steps;
    const auto source = ingest::open_episodes(*dataset, options);
    provenance.add_input(source->file());
    provenance.add_parent(source->provenance());
  }
}

}  // namespace gato::commands
