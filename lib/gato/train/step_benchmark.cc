#include "gato/train/step_benchmark.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "gato/model/device.h"
#include "gato/model/network.h"
#include "gato/model/precision.h"
#include "gato/train/flat_buffer.h"
#include "gato/train/optimizer.h"
#include "gato/train/resource_usage.h"
#include "gato/train/step_gradient.h"

// The time of a step is
//   rounds x round_seconds(layers) + update_seconds(layers)
// where a round computes one micro-batch per worker. Only one round is run per
// benchmark step. Both times and the peak memory are linear in the number of
// layers, so two shallow networks are measured and extrapolated linearly to the
// layers of the configuration.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTimedSteps = 3;  // after one warmup step
// Minimum duration of a measurement. If steps are short, more of them follow
// that are not timed: their sequences differ, and the peak memory is that of
// the largest batch.
constexpr std::chrono::seconds kMinDuration{6};
constexpr int kMaxSteps = 60;
// At least three layers: with fewer, the peak memory is dominated by the patch
// network or the output matrix and grows less per layer than in deep networks.
constexpr int64_t kShallowLayers = 3, kDeepLayers = 5;

// Seconds of a round, in which every worker computes one micro-batch, and of an
// optimizer update; peak memory of the process so far.
struct StepTiming {
  double round_seconds = 0, update_seconds = 0;
  int64_t peak_memory = 0;
};

class StepBenchmark {
 public:
  StepBenchmark(const TrainingConfig& training, const TrainingData& data,
                int64_t world_size)
      : training_(training),
        data_(data),
        world_size_(world_size),
        device_(model::parse_device(training.device)) {
    const int64_t micro_batches =
        (micro_batch_count(training.loader) + world_size - 1) / world_size;
    const int64_t parallel_micro_batches =
        worker_count(device_, micro_batches, training.gradient.threads);
    rounds_ =
        (micro_batches + parallel_micro_batches - 1) / parallel_micro_batches;
    loader_options_ = training.loader;
    loader_options_.device = device_;
    loader_options_.batch_size =
        parallel_micro_batches * loader_options_.micro_batch_size;
  }

  int64_t rounds() const { return rounds_; }

  // Times kTimedSteps steps of a network with `layers` layers.
  StepTiming measure_with_layers(model::ModelConfig config,
                                 int64_t layers) const {
    config.layers = layers;
    model::Network network = make_network(config);
    const std::unique_ptr<Optimizer> optimizer =
        make_benchmark_optimizer(network);
    StepTiming timing;
    const auto began = Clock::now();
    for (int step = -1;
         step < kTimedSteps ||
         (step < kMaxSteps && Clock::now() - began < kMinDuration);
         ++step) {
      const StepTiming step_timing = time_step(network, *optimizer, step + 1);
      if (step >= 0 && step < kTimedSteps) {
        timing.round_seconds += step_timing.round_seconds / kTimedSteps;
        timing.update_seconds += step_timing.update_seconds / kTimedSteps;
      }
    }
    timing.peak_memory = peak_memory(device_);
    return timing;
  }

 private:
  model::Network make_network(const model::ModelConfig& config) const {
    model::Network network(config, training_.loader.seed);
    network.move_to(device_);
    network.set_precision(model::parse_precision(training_.precision, device_));
    network.set_activation_checkpointing(training_.activation_checkpointing);
    return network;
  }

  std::unique_ptr<Optimizer> make_benchmark_optimizer(
      const model::Network& network) const {
    std::optional<FlatSlice> slice;
    if (training_.shard_optimizer) {
      slice = ShardLayout{network.parameter_count(), world_size_}.shard(0);
    }
    return make_optimizer(training_.optimizer, network, slice);
  }

  // Takes one step, with one round and a learning rate of 0. Does not set
  // peak_memory.
  StepTiming time_step(const model::Network& network, Optimizer& optimizer,
                       int64_t step) const {
    const StepBatch batch = load_step_batch(data_, loader_options_, step);
    LossTable losses;
    const auto start = Clock::now();
    compute_step_gradient(network, batch, training_.gradient,
                          optimizer.gradients(), losses);
    const double norm = l2_norm(optimizer.gradients());
    const auto middle = Clock::now();
    optimizer.step(0, norm);
    l2_norm(optimizer.state().first_moment);  // blocks until a GPU has finished
    const auto seconds = [](Clock::duration time) {
      return std::chrono::duration<double>(time).count();
    };
    return {.round_seconds = seconds(middle - start),
            .update_seconds = seconds(Clock::now() - middle)};
  }

  const TrainingConfig training_;
  const TrainingData& data_;
  const int64_t world_size_;
  const at::Device device_;
  int64_t rounds_ = 1;
  BatchLoaderOptions loader_options_;
};

}  // namespace

StepCost measure_step_cost(const model::ModelConfig& config,
                           const TrainingConfig& training,
                           const TrainingData& data, int64_t world_size) {
  at::set_num_threads(static_cast<int>(training.gradient.threads));
  const StepBenchmark benchmark(training, data, world_size);
  const int64_t deep_layers = std::min(config.layers, kDeepLayers);
  // The peak of the process never decreases, so the shallow network is first.
  const int64_t remaining_layers = config.layers - deep_layers;
  const StepTiming shallow =
      remaining_layers > 0
          ? benchmark.measure_with_layers(config, kShallowLayers)
          : StepTiming();
  const StepTiming deep = benchmark.measure_with_layers(config, deep_layers);
  const auto extrapolate = [&](auto StepTiming::*value) {
    if (remaining_layers == 0) {
      return static_cast<double>(deep.*value);
    }
    const double per_layer = static_cast<double>(deep.*value - shallow.*value) /
                             static_cast<double>(deep_layers - kShallowLayers);
    return static_cast<double>(deep.*value) +
           per_layer * static_cast<double>(remaining_layers);
  };
  return {.seconds = static_cast<double>(benchmark.rounds()) *
                         extrapolate(&StepTiming::round_seconds) +
                     extrapolate(&StepTiming::update_seconds),
          .peak_memory =
              static_cast<int64_t>(extrapolate(&StepTiming::peak_memory))};
}

}  // namespace gato::train
