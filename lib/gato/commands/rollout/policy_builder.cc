// Options that are absent get their values here, from what the model recorded:
// the size of images, the number of context steps and the prompt.
#include "gato/commands/rollout/policy_builder.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/commands/tokenize/token_options.h"
#include "gato/ingest/episodes/dataset_search.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/utf8.h"
#include "gato/rollout/model_policy.h"
#include "gato/rollout/policy_factory.h"
#include "gato/rollout/prompt.h"

namespace gato::commands {

PolicyBuilder::PolicyBuilder(const RolloutControlOptions& options,
                             uint64_t seed)
    : options_(options), seed_(seed) {
  if (!options.model) {
    return;
  }
  model_ = load_model_for_decoding(*options.model, options.decoding);
  if (options.prompt == "own" && model_->demonstrations.empty()) {
    throw base::usage_error(
        "--prompt own: the model directory {} has no demonstrations.h5: "
        "specify a dataset or none",
        model_->directory.string());
  }
  decoder_ = model::make_decoder(*model_->network);
}

std::string PolicyBuilder::precision() const {
  return model_ ? model::precision_name(model_->network->precision())
                : options_.decoding.precision;
}

std::string PolicyBuilder::agent_name() const {
  if (options_.model) {
    // Names in datasets must be printable UTF-8.
    return base::escape_control_characters(
        ingest::escape_invalid_utf8(*options_.model));
  }
  if (options_.noise > 0) {
    return fmt::format("{} with noise {:g}", *options_.policy, options_.noise);
  }
  return *options_.policy;
}

rollout::PolicyFactory PolicyBuilder::make_factory(
    const env::EnvironmentSpec& spec, bool is_only_task,
    nlohmann::json& attributes) const {
  if (options_.model) {
    return make_model_factory(spec, attributes);
  }
  return options_.policy == "nearest"
             ? make_nearest_factory(spec, is_only_task, attributes)
             : make_scripted_factory(spec);
}

rollout::PolicyFactory PolicyBuilder::make_nearest_factory(
    const env::EnvironmentSpec& spec, bool is_only_task,
    nlohmann::json& attributes) const {
  const auto demonstrations = base::with_context("--demonstrations", [&] {
    return rollout::read_demonstrations(
        spec.task,
        {options_.demonstrations, options_.max_episode_steps, is_only_task});
  });
  attributes["gato_demonstrations"] = demonstrations->episode_count();
  return rollout::make_nearest_policy_factory(
      demonstrations, options_.neighbors, options_.noise, seed_);
}

rollout::PolicyFactory PolicyBuilder::make_scripted_factory(
    const env::EnvironmentSpec& spec) const {
  const bool is_expert = options_.policy == "expert";
  if (is_expert && !spec.has_expert) {
    throw base::usage_error(
        "--policy expert: {} has no expert: use --policy random",
        spec.task.name);
  }
  return rollout::make_scripted_policy_factory(
      spec.task, {is_expert, options_.noise, seed_});
}

rollout::PolicyFactory PolicyBuilder::make_model_factory(
    const env::EnvironmentSpec& spec, nlohmann::json& attributes) const {
  const model::ModelConfig& config = model_->network->config();
  std::optional<tokenize::Resize> resize;
  if (options_.resize) {
    resize = data::parse_resize(*options_.resize, "option --resize");
  }
  auto codec = std::make_shared<tokenize::TaskCodec>(
      tokenize::TaskCodec::for_environment(spec.task, config.vocabulary,
                                           config.tasks, resize));
  rollout::ModelPolicyOptions options;
  options.sampling = {options_.temperature.value_or(1), options_.greedy, seed_};
  options.context_steps = options_.context_steps.value_or(config.window_steps);
  options.mask_actions = options_.mask_actions;
  load_prompt(spec, *codec, options, attributes);
  return rollout::make_model_policy_factory(decoder_, std::move(codec),
                                            agent_name(), std::move(options));
}

std::optional<std::string> PolicyBuilder::prompt_dataset() const {
  if (options_.prompt == "own" || options_.prompt == "none") {
    return {};
  }
  return options_.prompt;
}

void PolicyBuilder::load_prompt(const env::EnvironmentSpec& spec,
                                const tokenize::TaskCodec& codec,
                                rollout::ModelPolicyOptions& policy,
                                nlohmann::json& attributes) const {
  const auto dataset = prompt_dataset();
  if (!dataset) {
    policy.prompt = own_prompt(codec);
    return;
  }
  int64_t episode_count = 0;
  try {
    if (options_.prompt_part == "nearest") {
      policy.retriever = std::make_shared<rollout::PromptRetriever>(
          *dataset, spec.task, codec, options_.max_episode_steps);
      episode_count = policy.retriever->episode_count();
    } else {
      rollout::DatasetPrompt prompt = rollout::dataset_prompt(
          *dataset, codec, model_->network->config().context,
          options_.prompt_part == "last" ? rollout::PromptPart::last
                                         : rollout::PromptPart::first,
          options_.max_episode_steps);
      policy.prompt = std::move(prompt.steps);
      episode_count = prompt.episode_count;
    }
  } catch (const base::Error& error) {
    throw base::Error(
        error.status(),
        fmt::format("--prompt: {}; --prompt none plays without a prompt",
                    error.what()));
  }
  attributes["gato_demonstrations"] = episode_count;
}

std::vector<data::TokenRow> PolicyBuilder::own_prompt(
    const tokenize::TaskCodec& codec) const {
  const model::ModelConfig& config = model_->network->config();
  // A model that was trained on windows of a few steps never saw a prompt.
  const std::string prompt = options_.prompt.value_or(
      config.window_steps == 0 && !model_->demonstrations.empty() ? "own"
                                                                  : "none");
  if (prompt == "none") {
    return {};
  }
  std::vector<data::TokenRow> steps = rollout::demonstration_prompt(
      model_->demonstrations, codec, config.context);
  if (steps.empty()) {
    spdlog::warn(
        "the model directory has no demonstration of '{}': playing without a "
        "prompt",
        codec.spec().name);
  }
  return steps;
}

void PolicyBuilder::add_inputs(data::Provenance& provenance) const {
  if (model_) {
    provenance.add_input(model_->directory / "config.json");
    provenance.add_input(model_->directory / "model.safetensors");
  }
  std::vector<std::string> datasets =
      ingest::find_all_datasets(options_.demonstrations);
  if (const auto dataset = prompt_dataset()) {
    datasets.push_back(*dataset);
  }
  for (const std::string& dataset : datasets) {
    ingest::EpisodeSourceOptions options;
    options.max_episode_steps = options_.max_episode_steps;
    const auto source = ingest::open_episodes(dataset, options);
    provenance.add_input(source->file());
    provenance.add_parent(source->provenance());
  }
}

}  // namespace gato::commands
