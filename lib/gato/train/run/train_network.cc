#include "gato/train/run/train_network.h"

#include <ATen/Parallel.h>

#include "gato/train/optimizer.h"
#include "gato/train/run/metrics.h"
#include "gato/train/run/training_step.h"

namespace gato::train {

LossTable train_network(model::Network& network, const TrainingData& data,
                        TrainingConfig config, const StepCallback& on_step) {
  check_compatible(network.config(), data);
  at::set_num_threads(static_cast<int>(config.gradient.threads));
  config.device = network.device().str();
  config.loader.micro_batch_size =
      resolve_micro_batch_size(config, data.sequence_length());
  config.loader.device = network.device();
  const std::unique_ptr<Optimizer> optimizer =
      make_optimizer(config.optimizer, network);
  TrainingState state;
  ProcessGroup single_process;
  TrainingStepper stepper(data, config,
                          {network, *optimizer, state, single_process});
  BatchLoader loader(data, config.loader, /*first_step=*/0);
  LossTable losses;
  while (state.step < config.steps) {
    MetricsAccumulator metrics({});
    stepper.take_step(loader, metrics, /*should_stop=*/false);
    losses = metrics.loss_table();
    if (on_step) {
      on_step(state.step, losses);
    }
  }
  return losses;
}

}  // namespace gato::train
