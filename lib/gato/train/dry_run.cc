#include "gato/train/dry_run.h"

#include <algorithm>

#include "gato/model/parameters.h"
#include "gato/train/cost.h"

namespace gato {

nlohmann::json dry_run(const ModelConfig& config,
                       const OptimisationOptions& options,
                       const TrainingData& data, int64_t threads,
                       int64_t optimizer_slices) {
  const int64_t parameters = parameter_count(config);
  const int64_t length = data.length();
  const int64_t rows = micro_batch_rows(options, length);
  const int64_t micro_batches = (options.batch_size + rows - 1) / rows;
  const int64_t bytes = parameters * int64_t(sizeof(float));
  const bool is_on_cpu = options.device == "cpu";
  const int64_t workers = is_on_cpu ? std::min(threads, micro_batches) : 1;
  return {{"parameters", parameters},
          {"flops_per_token", training_operations(config, length, 1, 1)},
          {"tokens_per_step", options.batch_size * length},
          {"micro_batches", micro_batches},
          {"memory",
           {{"state", 2 * bytes + 2 * bytes / optimizer_slices},
            {"gradients", workers > 1 ? workers * bytes : 0}}}};
}

}  // namespace gato
