#include "gato/train/loader.h"

#include <algorithm>
#include <utility>

namespace gato {
namespace {

constexpr size_t steps_ahead = 2;

// Calls visit(part, place, task, modality) for every target of the step.
template <class Step, class Visit>
void for_each_target(Step& step, LossAverage average, Visit visit) {
  for (auto& part : step.parts) {
    const Batch& batch = part.batch;
    const int32_t* task = batch.target_task.const_data_ptr<int32_t>();
    const uint8_t* modality = batch.target_modality.const_data_ptr<uint8_t>();
    for (int64_t i = 0; i < batch.target_task.numel(); ++i) {
      visit(part, i, average == LossAverage::token ? 0 : task[i],
            average == LossAverage::modality ? modality[i] : uint8_t{0});
    }
  }
}

}  // namespace

int64_t micro_batches(const LoaderOptions& options) {
  return (options.batch_size + options.micro_batch - 1) / options.micro_batch;
}

TargetCounts count_targets(const StepBatch& step, LossAverage average) {
  TargetCounts count;
  for_each_target(step, average,
                  [&](const MicroBatch&, int64_t, int32_t task,
                      uint8_t modality) { ++count[task][modality]; });
  return count;
}

// Groups of targets count alike in the group above: targets in a modality,
// modalities in a task, tasks in the step. What is not told apart is one group.
void weigh_targets(StepBatch& step, LossAverage average,
                   const TargetCounts& count) {
  for (MicroBatch& part : step.parts) {
    part.batch.target_weight =
        at::empty({part.batch.target_task.numel()}, at::kFloat);
  }
  for_each_target(
      step, average,
      [&](MicroBatch& part, int64_t place, int32_t task, uint8_t modality) {
        const auto& modalities = count.at(task);
        part.batch.target_weight.data_ptr<float>()[place] =
            1 / (float(count.size()) * float(modalities.size()) *
                 float(modalities.at(modality)));
      });
}

StepBatch load_step(const TrainingData& data, const LoaderOptions& options,
                    int64_t step) {
  const RowOrder order(options.seed, data.rows());
  StepBatch result;
  result.step = step;
  const int64_t parts = micro_batches(options);
  const int64_t begin = parts * options.rank / options.ranks;
  for (int64_t part = begin; part < parts * (options.rank + 1) / options.ranks;
       ++part) {
    const int64_t first = part * options.micro_batch;
    const int64_t end =
        std::min(first + options.micro_batch, options.batch_size);
    std::vector<TrainingData::Row> rows;
    for (int64_t i = first; i < end; ++i) {
      result.rows.push_back(order.row(step * options.batch_size + i));
      rows.push_back(data.row(result.rows.back()));
    }
    result.parts.push_back(
        make_batch(rows, {.training = true,
                          .seed = options.seed,
                          .step = uint64_t(step),
                          .first_row = uint64_t(first),
                          .blank_actions = options.blank_actions,
                          .separator = data.vocabulary().separator(),
                          .device = options.device}));
    result.tokens += result.parts.back().tokens;
    result.targets += result.parts.back().batch.target_place.numel();
  }
  if (options.ranks == 1) {
    weigh_targets(result, options.average,
                  count_targets(result, options.average));
  }
  if (!options.device.is_cpu()) {
    for (MicroBatch& part : result.parts) part.batch = part.batch.pinned();
  }
  return result;
}

Loader::Loader(const TrainingData& data, const LoaderOptions& options,
               int64_t first_step)
    : data_(data),
      options_(options),
      thread_([this, first_step] { run(first_step); }) {}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

StepBatch Loader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || error_; });
  if (ready_.empty()) std::rethrow_exception(error_);
  StepBatch step = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return step;
}

void Loader::run(int64_t step) {
  try {
    for (;; ++step) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] {
          return is_closing_ || ready_.size() < steps_ahead;
        });
        if (is_closing_) return;
      }
      StepBatch loaded = load_step(data_, options_, step);
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(loaded));
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

}  // namespace gato
