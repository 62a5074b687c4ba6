// Records an episode of an expert, trains a small network on its tokens for two
// steps, and lets the network play. Everything stays in memory.
#include <fmt/format.h>

#include "gato/rollout/policy_factory.h"
#include "gato/train/input/document_data.h"
#include "gato/train/run/train_network.h"

using namespace gato;

int main() {
  const rollout::EnvironmentFactory make_environment = [] {
    return env::make_builtin_environment("control/cartpole-swingup");
  };
  const data::TaskSpec task = make_environment()->spec().task;
  const rollout::RunnerOptions options{.max_steps = 100};
  const data::Episode demonstration = rollout::play_episode(
      options, make_environment,
      rollout::make_scripted_policy_factory(task, {.is_expert = true}));

  const model::ModelConfig config{
      .layers = 2,
      .width = 64,
      .heads = 4,
      .key_size = 16,
      .vocabulary = data::Vocabulary::without_text(),
      .tasks = {.tasks = {{.spec = task}}}};
  const train::DocumentData data({demonstration}, task, config);
  model::Network network(config, /*seed=*/1);
  train::TrainingConfig training{.steps = 2, .loader = {.batch_size = 4}};
  training.schedule.warmup_steps = 0;
  const double loss = train::train_network(network, data, training).mean();

  const data::Episode episode =
      rollout::play_episode(options, make_environment,
                            rollout::make_model_policy_factory(network, task));
  fmt::print("loss {:.3f}, {} steps, return {:.2f} (expert: {:.2f})\n", loss,
             episode.step_count(), episode.total_reward(),
             demonstration.total_reward());
}
