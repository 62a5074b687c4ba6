// Loads the batches of training steps and prefetches them in a thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "gato/train/input/epoch_order.h"
#include "gato/train/input/training_batch.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

// The way in which the losses of targets are averaged over a step.
enum class LossReduction {
  token,  // the mean over targets (Reed et al. 2022, section 2.3)
  task,   // the mean over tasks of the mean over the task's targets
  // The mean over tasks of the mean over the task's modalities of the mean over
  // targets, so that text and actions have equal weight within a task.
  modality,
};

struct BatchLoaderOptions {
  uint64_t seed = 0;
  int64_t batch_size = 512;      // rows per step
  int64_t micro_batch_size = 2;  // rows per micro-batch
  LossReduction loss_reduction = LossReduction::token;
  double action_mask_probability = 0;
  // The device of the network. For a GPU, the tensors are in pinned memory.
  at::Device device = at::kCPU;
  // This rank loads its part of the micro-batches of every step.
  int64_t rank = 0, world_size = 1;
};

// Returns the number of micro-batches per step, over all ranks.
int64_t micro_batch_count(const BatchLoaderOptions& options);

// The number of targets by task and modality. A key that the LossReduction does
// not distinguish is 0.
using TargetCounts = std::map<int32_t, std::map<uint8_t, int64_t>>;

// The batch of one step, or a rank's part of it. The target weights sum to 1
// over the step, that is, over all ranks.
struct StepBatch {
  int64_t step = 0;
  std::vector<MicroBatch> micro_batches;
  std::vector<int64_t> row_indices;  // rows of micro_batches, in order
  int64_t token_count = 0, target_count = 0;
};

// Counts the targets of `step`.
TargetCounts count_targets(const StepBatch& step, LossReduction reduction);
// Sets the target weights of `step` from `counts`, the counts of all ranks.
void set_target_weights(StepBatch& step, LossReduction reduction,
                        const TargetCounts& counts);

// Returns the batch of step `step`, which depends only on the arguments. The
// step consists of rows [step x batch size, (step + 1) x batch size) of
// EpochOrder, and a rank loads a contiguous range of its micro-batches. With
// several ranks the target weights are left undefined: call
// set_target_weights() when the counts of all ranks are known.
StepBatch load_step_batch(const TrainingData& data,
                          const BatchLoaderOptions& options, int64_t step);

// Loads consecutive steps, beginning with `first_step`, a few steps ahead in a
// thread.
class BatchLoader {
 public:
  // `data` must outlive the loader.
  BatchLoader(const TrainingData& data, const BatchLoaderOptions& options,
              int64_t first_step);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Blocks until the next step is loaded and returns it. Throws the exception
  // that loading it threw in the thread.
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
