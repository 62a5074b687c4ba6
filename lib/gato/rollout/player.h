// Who plays, as the options of gato-rollout control say: makes the policy of a
// task.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/model/directory.h"
#include "gato/rollout/control.h"
#include "gato/rollout/model_policy.h"
#include "gato/rollout/runner.h"

namespace gato {

// What a model needs to play one task, kept alive while its policies are.
struct PreparedTask {
  TaskMatch match;
  std::optional<StepEncoder> encoder;
  ModelPolicyOptions options;
};

class Player {
 public:
  // Loads the model where one is to play.
  Player(const ControlOptions& options, uint64_t seed);

  // The agent's name for the dataset.
  std::string name() const;
  // Error (usage) where an expert is asked for that the environment lacks,
  // (bad_input) where its spec is not what the model learned.
  PolicyFactory prepare(const EnvironmentSpec& spec);
  void add_inputs(Provenance& provenance) const;

 private:
  PolicyFactory prepare_model(const EnvironmentSpec& spec);
  // Of --prompt, where that names one.
  std::optional<std::string> prompt_dataset() const;
  std::vector<StepTokens> prompt_of(const PreparedTask& task) const;

  const ControlOptions& options_;
  uint64_t seed_;
  std::optional<Model> model_;
  std::optional<TextEncoder> text_;
};

}  // namespace gato
