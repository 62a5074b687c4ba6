#include "gato/train/input/batch_loader.h"

#include <algorithm>
#include <utility>

// A step is a pure function of the data, the options and the step number
// (load_step_batch), so a run can be resumed at any step. Ranks load disjoint
// ranges of the same micro-batches, which therefore do not depend on how many
// ranks there are. BatchLoader calls the function in a thread that keeps up to
// kPrefetchSteps steps in a queue.
namespace gato::train {
namespace {

constexpr size_t kPrefetchSteps = 2;

// Calls visit(micro_batch, index, task, modality) for every target of the step,
// with the key 0 for what `reduction` does not distinguish.
template <class Step, class Visit>
void for_each_target(Step& step, LossReduction reduction, Visit visit) {
  for (auto& micro_batch : step.micro_batches) {
    const model::Batch& batch = micro_batch.batch;
    const int32_t* task = batch.target_task.const_data_ptr<int32_t>();
    const uint8_t* modality = batch.target_modality.const_data_ptr<uint8_t>();
    for (int64_t i = 0; i < batch.target_task.numel(); ++i) {
      visit(micro_batch, i, reduction == LossReduction::token ? 0 : task[i],
            reduction == LossReduction::modality ? modality[i] : uint8_t{0});
    }
  }
}

}  // namespace

int64_t micro_batch_count(const BatchLoaderOptions& options) {
  return (options.batch_size + options.micro_batch_size - 1) /
         options.micro_batch_size;
}

TargetCounts count_targets(const StepBatch& step, LossReduction reduction) {
  TargetCounts counts;
  for_each_target(step, reduction,
                  [&](const MicroBatch&, int64_t, int32_t task,
                      uint8_t modality) { ++counts[task][modality]; });
  return counts;
}

// The weight of a target is
//   1 / (tasks x modalities of the task x targets of the task and modality)
// because each mean is over groups of equal weight: targets in a modality,
// modalities in a task, tasks in the step. Keys that are not distinguished form
// one group.
void set_target_weights(StepBatch& step, LossReduction reduction,
                        const TargetCounts& counts) {
  for (MicroBatch& micro_batch : step.micro_batches) {
    micro_batch.batch.target_weight =
        at::empty({micro_batch.batch.target_task.numel()}, at::kFloat);
  }
  for_each_target(step, reduction,
                  [&](MicroBatch& micro_batch, int64_t index, int32_t task,
                      uint8_t modality) {
                    const auto& modalities = counts.at(task);
                    micro_batch.batch.target_weight.data_ptr<float>()[index] =
                        1 / (static_cast<float>(counts.size()) *
                             static_cast<float>(modalities.size()) *
                             static_cast<float>(modalities.at(modality)));
                  });
}

StepBatch load_step_batch(const TrainingData& data,
                          const BatchLoaderOptions& options, int64_t step) {
  const EpochOrder order(options.seed, data.row_count());
  StepBatch result;
  result.step = step;
  const int64_t micro_batches = micro_batch_count(options);
  const int64_t begin = micro_batches * options.rank / options.world_size;
  for (int64_t index = begin;
       index < micro_batches * (options.rank + 1) / options.world_size;
       ++index) {
    const int64_t first = index * options.micro_batch_size;
    const int64_t end =
        std::min(first + options.micro_batch_size, options.batch_size);
    std::vector<TrainingData::Row> rows;
    for (int64_t i = first; i < end; ++i) {
      result.row_indices.push_back(order.row(step * options.batch_size + i));
      rows.push_back(data.row(result.row_indices.back()));
    }
    result.micro_batches.push_back(make_batch(
        rows, {.is_training = true,
               .seed = options.seed,
               .step = static_cast<uint64_t>(step),
               .first_row = static_cast<uint64_t>(first),
               .action_mask_probability = options.action_mask_probability,
               .separator = data.vocabulary().separator(),
               .device = options.device}));
    result.token_count += result.micro_batches.back().token_count;
    result.target_count +=
        result.micro_batches.back().batch.target_index.numel();
  }
  if (options.world_size == 1) {
    set_target_weights(result, options.loss_reduction,
                       count_targets(result, options.loss_reduction));
  }
  if (!options.device.is_cpu()) {
    for (MicroBatch& micro_batch : result.micro_batches) {
      micro_batch.batch = micro_batch.batch.pin_memory();
    }
  }
  return result;
}

BatchLoader::BatchLoader(const TrainingData& data,
                         const BatchLoaderOptions& options, int64_t first_step)
    : data_(data),
      options_(options),
      thread_([this, first_step] { prefetch_from(first_step); }) {}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

StepBatch BatchLoader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !prefetched_.empty() || error_; });
  if (prefetched_.empty()) {
    std::rethrow_exception(error_);
  }
  StepBatch step = std::move(prefetched_.front());
  prefetched_.pop_front();
  changed_.notify_all();
  return step;
}

void BatchLoader::prefetch_from(int64_t step) {
  try {
    for (;; ++step) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] {
          return is_closing_ || prefetched_.size() < kPrefetchSteps;
        });
        if (is_closing_) {
          return;
        }
      }
      StepBatch loaded = load_step_batch(data_, options_, step);
      const std::lock_guard lock(mutex_);
      prefetched_.push_back(std::move(loaded));
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

}  // namespace gato::train
