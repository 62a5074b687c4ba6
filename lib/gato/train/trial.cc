#include "gato/train/trial.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "gato/model/device.h"
#include "gato/model/network.h"
#include "gato/model/precision.h"
#include "gato/train/adamw.h"
#include "gato/train/memory.h"
#include "gato/train/norm.h"
#include "gato/train/step_gradient.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int timed_steps = 3;  // after one that is not
// Short ones are followed by others: their sequences differ, and the largest
// makes the peak.
constexpr std::chrono::seconds least_time{6};
constexpr int most_steps = 60;
// The peak of a few layers is that of the patch network or of the output
// matrix, and grows less with a layer than that of many does.
constexpr int64_t few_layers = 3, most_layers = 5;

// Seconds of a round, in which every thread works on one micro-batch, and of an
// update; the peak of the process's memory so far.
struct Trial {
  double round = 0, update = 0;
  int64_t peak_memory = 0;
};

class Tried {
 public:
  Tried(const OptimisationOptions& optimisation, const TrainerOptions& options,
        const TrainingData& data, int64_t processes)
      : optimisation_(optimisation),
        options_(options),
        data_(data),
        processes_(processes),
        device_(device_named(optimisation.device)) {
    const int64_t parts =
        (micro_batches(options.loader) + processes - 1) / processes;
    const int64_t together = workers(device_, parts, options.gradient.threads);
    rounds_ = (parts + together - 1) / together;
    loading_ = options.loader;
    loading_.device = device_;
    loading_.batch_size = together * loading_.micro_batch;
  }

  int64_t rounds() const { return rounds_; }

  Trial with_layers(ModelConfig config, int64_t layers) const {
    config.layers = layers;
    Network network(config, options_.loader.seed);
    network.move_to(device_);
    network.set_precision(precision_named(optimisation_.precision, device_));
    network.set_activation_checkpointing(
        optimisation_.activation_checkpointing);
    std::optional<FlatSlice> slice;
    if (options_.shard_optimizer)
      slice = FlatSlices{network.parameter_count(), processes_}.of_rank(0);
    AdamW optimiser(optimisation_.adamw, network.flat(),
                    network.decaying_count(), slice);
    Trial trial;
    const auto began = Clock::now();
    for (int step = -1;
         step < timed_steps ||
         (step < most_steps && Clock::now() - began < least_time);
         ++step) {
      const StepBatch batch = load_step(data_, loading_, step + 1);
      LossTable losses;
      const auto start = Clock::now();
      step_gradient(network, batch, options_.gradient, optimiser.gradients,
                    losses);
      const double norm = norm_of(optimiser.gradients);
      const auto middle = Clock::now();
      optimiser.step(0, norm);
      norm_of(optimiser.mean);  // a GPU has finished
      if (step < 0 || step >= timed_steps) continue;
      const auto seconds = [](Clock::duration time) {
        return std::chrono::duration<double>(time).count() / timed_steps;
      };
      trial.round += seconds(middle - start);
      trial.update += seconds(Clock::now() - middle);
    }
    trial.peak_memory = peak_memory(device_);
    return trial;
  }

 private:
  const OptimisationOptions& optimisation_;
  const TrainerOptions& options_;
  const TrainingData& data_;
  const int64_t processes_;
  const at::Device device_;
  int64_t rounds_ = 1;
  LoaderOptions loading_;
};

}  // namespace

StepCost try_steps(const ModelConfig& config,
                   const OptimisationOptions& optimisation,
                   const TrainerOptions& options, const TrainingData& data,
                   int64_t processes) {
  at::set_num_threads(int(options.gradient.threads));
  const Tried tried(optimisation, options, data, processes);
  const int64_t most = std::min(config.layers, most_layers);
  // The peak never falls: few layers come first.
  const int64_t beyond = config.layers - most;
  const Trial fewer =
      beyond > 0 ? tried.with_layers(config, few_layers) : Trial();
  const Trial more = tried.with_layers(config, most);
  const auto whole = [&](auto Trial::*value) {
    if (beyond == 0) return double(more.*value);
    const double a_layer =
        double(more.*value - fewer.*value) / double(most - few_layers);
    return double(more.*value) + a_layer * double(beyond);
  };
  return {.seconds = double(tried.rounds()) * whole(&Trial::round) +
                     whole(&Trial::update),
          .peak_memory = int64_t(whole(&Trial::peak_memory))};
}

}  // namespace gato
