// The training data, step by step, built ahead by a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "gato/train/input/batch_builder.h"
#include "gato/train/input/epoch_order.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

// What a target counts in the loss of a step.
enum class LossReduction {
  token,  // every target alike: the mean over targets (paper 2.3)
  task,   // every task alike: the mean over tasks of the mean over its targets
  // Every task alike, and in each task its text and its actions alike, however
  // many tokens each of them has.
  modality,
};

struct BatchLoaderOptions {
  uint64_t seed = 0;
  int64_t batch_size = 512;      // rows a step
  int64_t micro_batch_size = 2;  // rows a micro-batch
  LossReduction loss_reduction = LossReduction::token;
  double action_mask_probability = 0;
  // Of the network. For a GPU the tensors lie in memory that it reads by
  // itself.
  at::Device device = at::kCPU;
  // This rank of `ranks` loads its share of the micro-batches of every step.
  int64_t rank = 0, world_size = 1;
};

int64_t micro_batch_count(
    const BatchLoaderOptions& options);  // a step, of all ranks

// Targets by task and modality; what is not told apart has the number 0.
using TargetCounts = std::map<int32_t, std::map<uint8_t, int64_t>>;

// One step, or a rank's share of it: micro-batches whose target weights sum to
// 1 over all of the step.
struct StepBatch {
  int64_t step = 0;
  std::vector<MicroBatch> micro_batches;
  std::vector<int64_t>
      row_indices;  // numbers in the data, in the order of the parts
  int64_t token_count = 0, target_count = 0;
};

TargetCounts count_targets(const StepBatch& step, LossReduction reduction);
// Sets the weights by the counts of the whole step.
void set_target_weights(StepBatch& step, LossReduction reduction,
                        const TargetCounts& counts);

// Step `step`, a function of the arguments alone: rows [step x batch size,
// (step + 1) x batch size) of EpochOrder, and of these the micro-batches [p, q)
// that are the rank's. With several ranks the weights stay undefined:
// set_target_weights() sets them when the counts of all are known.
StepBatch load_step_batch(const TrainingData& data,
                          const BatchLoaderOptions& options, int64_t step);

// Steps from `first_step` on. Errors of the thread are thrown by next().
class BatchLoader {
 public:
  // `data` must outlive the loader.
  BatchLoader(const TrainingData& data, const BatchLoaderOptions& options,
              int64_t first_step);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  StepBatch next();

 private:
  void prefetch_from(int64_t step);
  const TrainingData& data_;
  BatchLoaderOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<StepBatch> prefetched_;
  std::exception_ptr error_;
  bool is_closing_ = false;
  std::thread thread_;
};

}  // namespace gato::train
