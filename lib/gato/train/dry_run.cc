#include "gato/train/dry_run.h"

#include <spdlog/spdlog.h>

#include <optional>

#include "gato/base/error.h"
#include "gato/model/parameters.h"
#include "gato/train/resource_usage.h"
#include "gato/train/step_benchmark.h"
#include "gato/train/step_gradient.h"

namespace gato::train {
namespace {

std::optional<StepCost> measure_or_warn(const model::ModelConfig& config,
                                        const TrainingConfig& training,
                                        const TrainingData& data,
                                        int64_t world_size) {
  try {
    return measure_step_cost(config, training, data, world_size);
  } catch (const base::Error& error) {
    if (error.status() != base::ExitStatus::usage) {
      throw;
    }
    spdlog::warn("cannot estimate peak memory and time: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace

nlohmann::json dry_run_report(const model::ModelConfig& config,
                              TrainingConfig training, const TrainingData& data,
                              int64_t world_size) {
  const int64_t parameters = model::parameter_count(config);
  const int64_t length = data.sequence_length();
  training.loader.micro_batch_size = resolve_micro_batch_size(training, length);
  const int64_t micro_batches = micro_batch_count(training.loader);
  const int64_t bytes = parameters * static_cast<int64_t>(sizeof(float));
  const int64_t optimizer_shards = training.shard_optimizer ? world_size : 1;
  const int64_t parallel_micro_batches = worker_count(
      at::Device(training.device),
      (micro_batches + world_size - 1) / world_size, training.gradient.threads);
  // Weights and gradient are complete in every process. Of the workers, one
  // accumulates into the gradient; each of the others may wait with its own.
  nlohmann::json json = {
      {"parameters", parameters},
      {"flops_per_token", training_flops(config, length, 1, 1)},
      {"tokens_per_step", training.loader.batch_size * length},
      {"micro_batches", micro_batches},
      {"memory",
       {{"state", 2 * bytes + 2 * bytes / optimizer_shards},
        {"gradients", (parallel_micro_batches - 1) * bytes},
        {"peak", nullptr}}},
      {"seconds", {{"step", nullptr}, {"run", nullptr}}}};
  if (const auto cost = measure_or_warn(config, training, data, world_size)) {
    // An AsyncCheckpointer copies the weights and two moments. On a GPU, the
    // copy is in host memory, which the peak does not include.
    const bool has_async_copy =
        training.asynchronous_save && training.device == "cpu";
    json["memory"]["peak"] =
        cost->peak_memory + (has_async_copy ? 3 * bytes : 0);
    json["seconds"] = {
        {"step", cost->seconds},
        {"run", cost->seconds * static_cast<double>(training.steps)}};
  }
  return json;
}

}  // namespace gato::train
