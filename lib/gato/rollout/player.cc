#include "gato/rollout/player.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include "gato/base/error.h"
#include "gato/ingest/episode_source.h"
#include "gato/rollout/prompt.h"
#include "gato/rollout/scripted_policy.h"
#include "gato/tokenize/token_output.h"

namespace gato {

Player::Player(const ControlOptions& options, uint64_t seed)
    : options_(options), seed_(seed) {
  if (!options.model) return;
  model_ = load_model(*options.model);
  const Vocabulary& vocabulary = model_->network->config().vocabulary;
  if (!vocabulary.sentencepiece.empty())
    text_.emplace(vocabulary.sentencepiece);
  if (options.prompt == "own" && model_->demonstrations.empty())
    throw usage_error(
        "--prompt own: the model directory {} has no demonstrations.h5; give a "
        "dataset, or none",
        model_->directory.string());
}

std::string Player::name() const {
  if (options_.model) return *options_.model;
  if (options_.noise > 0)
    return fmt::format("{} with noise {:g}", *options_.policy, options_.noise);
  return *options_.policy;
}

PolicyFactory Player::prepare(const EnvironmentSpec& spec) {
  if (options_.model) return prepare_model(spec);
  const bool is_expert = options_.policy == "expert";
  if (is_expert && !spec.has_expert)
    throw usage_error(
        "--policy expert: {} has no expert; --policy random works",
        spec.task.name);
  return [this, is_expert, task = spec.task](int64_t) {
    std::unique_ptr<Policy> policy =
        is_expert ? make_expert_policy() : make_random_policy(task, seed_);
    if (options_.noise == 0) return policy;
    return make_noisy_policy(std::move(policy), task, options_.noise, is_expert,
                             seed_);
  };
}

PolicyFactory Player::prepare_model(const EnvironmentSpec& spec) {
  const ModelConfig& config = model_->network->config();
  auto task = std::make_shared<PreparedTask>();
  task->match = match_task(spec.task, config.tasks);
  Resize resize;
  if (options_.resize)
    resize = parse_resize(*options_.resize);
  else if (task->match.task)
    resize = recorded_resize(config.tasks.tasks[*task->match.task]);
  task->encoder.emplace(task->match.spec, config.vocabulary,
                        text_ ? &*text_ : nullptr, resize);
  ModelPolicyOptions& options = task->options;
  options.sampler = {options_.temperature.value_or(1), options_.greedy, seed_};
  options.context_steps = options_.context_steps.value_or(config.window_steps);
  options.blank_actions = options_.blank_actions;
  options.prompt = prompt_of(*task);
  return [this, task](int64_t slots) {
    // Teams are what the threads play; within one the arithmetic is that of a
    // single thread, so that scores do not depend on their number.
    at::set_num_threads(1);
    return make_model_policy({*model_->network, task->match, *task->encoder},
                             slots, name(), task->options);
  };
}

std::optional<std::string> Player::prompt_dataset() const {
  if (options_.prompt == "own" || options_.prompt == "none") return {};
  return options_.prompt;
}

std::vector<StepTokens> Player::prompt_of(const PreparedTask& task) const {
  const ModelConfig& config = model_->network->config();
  if (const auto dataset = prompt_dataset())
    return dataset_prompt(*dataset, task.match, *task.encoder, config.context,
                          options_.max_episode_steps);
  const std::string prompt = options_.prompt.value_or(
      config.window_steps == 0 && !model_->demonstrations.empty() ? "own"
                                                                  : "none");
  if (prompt == "none") return {};
  std::vector<StepTokens> steps =
      own_prompt(model_->demonstrations, task.match, config.context);
  if (steps.empty())
    spdlog::warn("the model directory has no demonstration of '{}': no prompt",
                 task.match.spec.name);
  return steps;
}

void Player::add_inputs(Provenance& provenance) const {
  if (model_) {
    provenance.add_input(model_->directory / "config.json");
    provenance.add_input(model_->directory / "model.safetensors");
  }
  if (const auto dataset = prompt_dataset()) {
    EpisodeSourceOptions options;
    options.max_episode_steps = options_.max_episode_steps;
    const auto source = open_episodes(*dataset, options);
    provenance.add_input(source->file());
    provenance.add_parent(source->provenance());
  }
}

}  // namespace gato
