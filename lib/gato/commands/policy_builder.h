// Who plays, as the options of gato-rollout control say: makes the policy of a
// task.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/commands/rollout_control.h"
#include "gato/data/provenance.h"
#include "gato/model/model_directory.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/model_policy.h"

namespace gato::commands {

// What a model needs to play one task, kept alive while its policies are.
struct PreparedTask {
  tokenize::TaskCodec codec;
  rollout::ModelPolicyOptions options;
};

class PolicyBuilder {
 public:
  // Loads the model where one is to play.
  PolicyBuilder(const ControlCommandOptions& options, uint64_t seed);

  // The agent's name for the dataset.
  std::string agent_name() const;
  // Error (usage) where an expert is asked for that the environment lacks,
  // (bad_input) where its spec is not what the model learned.
  rollout::PolicyFactory make_factory(const env::EnvironmentSpec& spec);
  void add_inputs(data::Provenance& provenance) const;

 private:
  rollout::PolicyFactory make_model_factory(const env::EnvironmentSpec& spec);
  // Of --prompt, where that names one.
  std::optional<std::string> prompt_dataset() const;
  std::vector<rollout::StepTokens> load_prompt(
      const tokenize::TaskCodec& codec) const;

  const ControlCommandOptions& options_;
  uint64_t seed_;
  std::optional<model::LoadedModel> model_;
};

}  // namespace gato::commands
