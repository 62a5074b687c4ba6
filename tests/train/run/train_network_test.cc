#include "gato/train/run/train_network.h"

#include <vector>

#include "catch.h"
#include "data/sample_documents.h"
#include "gato/model/model_directory.h"
#include "gato/rollout/policy_factory.h"
#include "gato/tokenize/document_encoder.h"
#include "gato/train/input/document_data.h"
#include "gato/train/run/training_run.h"
#include "model/tiny_model.h"
#include "train/same_rows.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;

namespace {

const rollout::EnvironmentFactory kMakeEnvironment = [] {
  return env::make_builtin_environment("control/cartpole-swingup");
};

data::TaskSpec task() { return kMakeEnvironment()->spec().task; }

data::Episode play_expert() {
  return rollout::play_episode(
      {.max_steps = 30}, kMakeEnvironment,
      rollout::make_scripted_policy_factory(task(), {.is_expert = true}));
}

model::ModelConfig config_without_text() {
  model::ModelConfig config = tiny_config();
  config.vocabulary = data::Vocabulary::without_text();
  config.tasks = {.tasks = {{.spec = task()}}};
  return config;
}

}  // namespace

TEST_CASE("Episodes in memory are tokenized for the network") {
  const model::ModelConfig config = config_without_text();
  const data::Episode episode = play_expert();
  const auto codec = tokenize::TaskCodec::for_environment(
      task(), config.vocabulary, config.tasks);
  check_same_rows(
      DocumentData({episode}, task(), config, /*seed=*/5),
      DocumentData({tokenize::encode_episode(episode, codec.step_encoder())},
                   config, /*seed=*/5));
}

TEST_CASE("Training without files takes the steps of a run") {
  const model::ModelConfig config = config_without_text();
  const DocumentData data({play_expert()}, task(), config);
  TrainingConfig training{.steps = 3, .loader = {.batch_size = 4}};
  training.schedule.warmup_steps = 0;

  model::Network network(config, /*seed=*/1);
  const at::Tensor initial = network.flat_parameters().detach().clone();
  std::vector<int64_t> steps;
  LossTable reported;
  const LossTable last = train_network(
      network, data, training, [&](int64_t step, const LossTable& losses) {
        steps.push_back(step);
        reported = losses;
      });
  CHECK(steps == std::vector<int64_t>{1, 2, 3});
  CHECK(last.target_count() > 0);
  CHECK(last.mean() == reported.mean());
  CHECK_FALSE(at::equal(network.flat_parameters(), initial));

  const TestDirectory folder;
  TrainingRunOptions options;
  options.output = folder / "run";
  options.config = training;
  options.fixed_configuration["precision"] = "fp32";
  options.make_initial_network = [&] {
    return std::make_unique<model::Network>(config, /*seed=*/1);
  };
  REQUIRE(TrainingRun(data, options).run() == base::ExitStatus::success);
  CHECK(
      at::equal(network.flat_parameters(),
                model::load_model(options.output).network->flat_parameters()));

  // The policies of the network know the vocabulary and the task.
  const data::Episode played = rollout::play_episode(
      {.max_steps = 5}, kMakeEnvironment,
      rollout::make_model_policy_factory(network, task()));
  CHECK(played.step_count() == 5);
  CHECK_FALSE(played.failed);
}
