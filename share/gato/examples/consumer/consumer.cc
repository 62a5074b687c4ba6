// Records an episode of an expert, tokenizes it, trains a small network on it
// for two steps, and lets the network play. Everything stays in memory.
#include <fmt/format.h>

#include "gato/env/environment.h"
#include "gato/rollout/policy_factory.h"
#include "gato/tokenize/document_encoder.h"
#include "gato/train/adamw.h"
#include "gato/train/input/document_data.h"
#include "gato/train/step_gradient.h"

using namespace gato;

std::unique_ptr<env::Environment> make_environment() {
  return env::make_builtin_environment("control/cartpole-swingup");
}

// Plays one episode of at most 100 steps.
data::Episode play(const rollout::PolicyFactory& make_policy) {
  data::Episode played;
  rollout::run_episodes(
      {.batches = rollout::plan_batches(1, 1), .max_steps = 100},
      make_environment, make_policy,
      [&](data::Episode&& episode) { played = std::move(episode); });
  return played;
}

int main() {
  const data::TaskSpec task = make_environment()->spec().task;
  const data::Episode demonstration =
      play(rollout::make_scripted_policy_factory(task, {.is_expert = true}));

  const model::ModelConfig config{
      .layers = 2,
      .width = 64,
      .heads = 4,
      .key_size = 16,
      .feedforward = 256,
      .context = 256,
      // The task has no text, so one unused piece of text is enough.
      .vocabulary =
          data::Vocabulary::make("", 1, data::DiscreteLayout::separate),
      .tasks = {.tasks = {{.spec = task}}}};
  const auto codec = std::make_shared<tokenize::TaskCodec>(
      tokenize::TaskCodec::for_environment(task, config.vocabulary,
                                           config.tasks));
  const train::DocumentData data(
      {tokenize::encode_episode(demonstration, codec->step_encoder())}, config);

  model::Network network(config, /*seed=*/1);
  train::AdamW optimizer({}, network.flat_parameters(),
                         network.decayed_parameter_count());
  for (int64_t step = 0; step < 2; ++step) {
    const train::StepBatch batch =
        train::load_step_batch(data, {.batch_size = 4}, step);
    train::LossTable losses;
    train::compute_step_gradient(network, batch, {}, optimizer.gradients,
                                 losses);
    optimizer.step(/*learning_rate=*/1e-3, train::l2_norm(optimizer.gradients));
    fmt::print("step {}: loss {:.3f} over {} targets\n", step, losses.mean(),
               losses.target_count());
  }

  const data::Episode episode =
      play(rollout::make_model_policy_factory(network, codec, "consumer", {}));
  fmt::print("{} steps, return {:.2f} (expert: {:.2f})\n", episode.step_count(),
             episode.total_reward(), demonstration.total_reward());
}
