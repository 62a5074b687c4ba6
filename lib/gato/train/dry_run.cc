#include "gato/train/dry_run.h"

#include <spdlog/spdlog.h>

#include <optional>

#include "gato/model/parameters.h"
#include "gato/train/cost.h"
#include "gato/train/step_gradient.h"
#include "gato/train/trial.h"

namespace gato {
namespace {

std::optional<StepCost> cost_of(const ModelConfig& config,
                                const OptimisationOptions& optimisation,
                                const TrainerOptions& options,
                                const TrainingData& data, int64_t processes) {
  try {
    return try_steps(config, optimisation, options, data, processes);
  } catch (const Error& error) {
    if (error.status() != ExitStatus::usage) throw;
    spdlog::warn("no peak of memory and no time are told: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace

nlohmann::json dry_run(const ModelConfig& config,
                       const OptimisationOptions& optimisation,
                       const TrainerOptions& options, const TrainingData& data,
                       int64_t processes) {
  const int64_t parameters = parameter_count(config);
  const int64_t length = data.length();
  const int64_t parts = micro_batches(options.loader);
  const int64_t bytes = parameters * int64_t(sizeof(float));
  const int64_t slices = options.shard_optimizer ? processes : 1;
  const int64_t together =
      workers(at::Device(optimisation.device),
              (parts + processes - 1) / processes, options.gradient.threads);
  nlohmann::json json = {
      {"parameters", parameters},
      {"flops_per_token", training_operations(config, length, 1, 1)},
      {"tokens_per_step", optimisation.batch_size * length},
      {"micro_batches", parts},
      {"memory",
       {{"state", 2 * bytes + 2 * bytes / slices},
        {"gradients", (together - 1) * bytes},
        {"peak", nullptr}}},
      {"seconds", {{"step", nullptr}, {"run", nullptr}}}};
  if (const auto cost =
          cost_of(config, optimisation, options, data, processes)) {
    const bool is_copied =
        options.asynchronous_save && optimisation.device == "cpu";
    json["memory"]["peak"] = cost->peak_memory + (is_copied ? 3 * bytes : 0);
    json["seconds"] = {{"step", cost->seconds},
                       {"run", cost->seconds * double(options.steps)}};
  }
  return json;
}

}  // namespace gato
