#include "gato/train/training_config.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "gato/base/error.h"

namespace gato::train {

int64_t resolve_micro_batch_size(const TrainingConfig& config,
                                 int64_t sequence_length) {
  constexpr int64_t kCpuTokens = 2048, kGpuTokens = 16384;
  const int64_t batch_size = config.loader.batch_size;
  const int64_t tokens = config.device == "cpu" ? kCpuTokens : kGpuTokens;
  // Half of the batch at most, so that a step has two micro-batches.
  const int64_t rows =
      config.loader.micro_batch_size > 0
          ? config.loader.micro_batch_size
          : std::min(tokens / sequence_length, (batch_size + 1) / 2);
  return std::clamp<int64_t>(rows, 1, batch_size);
}

void check_micro_batches_per_rank(const TrainingConfig& config,
                                  int64_t sequence_length, int64_t world_size,
                                  bool is_rank_zero) {
  const int64_t batch_size = config.loader.batch_size;
  const int64_t rows = resolve_micro_batch_size(config, sequence_length);
  const int64_t micro_batches = (batch_size + rows - 1) / rows;
  if (micro_batches < world_size) {
    const std::string advice =
        batch_size < world_size
            ? fmt::format("raise --batch-size from {} to {}", batch_size,
                          world_size)
            : fmt::format("lower --micro-batch from {} to {}", rows,
                          batch_size / world_size);
    throw base::usage_error(
        "{} processes share the {} micro-batches of a step: {}, or start fewer "
        "processes",
        world_size, micro_batches, advice);
  }
  if (micro_batches % world_size != 0 && is_rank_zero) {
    spdlog::warn(
        "{} micro-batches per step are not a multiple of {} processes: some "
        "processes will wait for the others",
        micro_batches, world_size);
  }
}

}  // namespace gato::train
