// Makes the policies that the options of gato-rollout control ask for.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/commands/rollout/rollout_control.h"
#include "gato/data/provenance.h"
#include "gato/env/environment.h"
#include "gato/model/decode/decoder.h"
#include "gato/model/model_directory.h"
#include "gato/rollout/context_window.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/model_policy.h"
#include "gato/tokenize/task_codec.h"

namespace gato::commands {

// Must outlive the factories that it makes.
class PolicyBuilder {
 public:
  // Loads the model if the options name one. `options` must outlive the
  // builder.
  PolicyBuilder(const RolloutControlOptions& options, uint64_t seed);

  // Returns the precision of the model, which --precision auto leaves open.
  std::string precision() const;
  // Returns the agent's name for the dataset.
  std::string agent_name() const;
  // Returns the policy factory for a task. `is_only_task` is true if this run
  // plays no other task. Throws Error(usage) if the environment lacks the
  // expert that is requested, and Error(bad_input) if its observations or
  // actions are not those that the model learned, or if the prompt or the
  // demonstrations cannot be read. Adds what the dataset must say about the
  // policy to `attributes`.
  rollout::PolicyFactory make_factory(const env::EnvironmentSpec& spec,
                                      bool is_only_task,
                                      nlohmann::json& attributes) const;
  void add_inputs(data::Provenance& provenance) const;

 private:
  rollout::PolicyFactory make_scripted_factory(
      const env::EnvironmentSpec& spec) const;
  rollout::PolicyFactory make_nearest_factory(const env::EnvironmentSpec& spec,
                                              bool is_only_task,
                                              nlohmann::json& attributes) const;
  rollout::PolicyFactory make_model_factory(const env::EnvironmentSpec& spec,
                                            nlohmann::json& attributes) const;
  // Returns the dataset that --prompt names, if it names one.
  std::optional<std::string> prompt_dataset() const;
  // Sets the prompt or the retriever of the policy.
  void load_prompt(const env::EnvironmentSpec& spec,
                   const tokenize::TaskCodec& codec,
                   rollout::ModelPolicyOptions& policy,
                   nlohmann::json& attributes) const;
  std::vector<data::TokenRow> own_prompt(
      const tokenize::TaskCodec& codec) const;

  const RolloutControlOptions& options_;
  uint64_t seed_;
  std::optional<model::LoadedModel> model_;
  std::shared_ptr<const model::Decoder> decoder_;  // of the model
};

}  // namespace gato::commands
