#include "gato/train/training_config.h"

#include <algorithm>

namespace gato::train {

int64_t resolve_micro_batch_size(const TrainingConfig& config,
                                 int64_t sequence_length) {
  constexpr int64_t kCpuTokens = 2048, kGpuTokens = 16384;
  const int64_t batch_size = config.loader.batch_size;
  const int64_t tokens = config.device == "cpu" ? kCpuTokens : kGpuTokens;
  // Half the batch at most, so that a step has two micro-batches.
  const int64_t rows =
      config.loader.micro_batch_size > 0
          ? config.loader.micro_batch_size
          : std::min(tokens / sequence_length, (batch_size + 1) / 2);
  return std::clamp<int64_t>(rows, 1, batch_size);
}

}  // namespace gato::train
