#include "gato/train/loader.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gato {
namespace {

constexpr size_t steps_ahead = 2;

// Targets a task, over the whole step.
std::map<int32_t, int64_t> count_targets(const StepBatch& step) {
  std::map<int32_t, int64_t> count;
  for (const MicroBatch& part : step.parts) {
    const int32_t* task = part.batch.target_task.const_data_ptr<int32_t>();
    for (int64_t i = 0; i < part.batch.target_task.numel(); ++i) {
      ++count[task[i]];
    }
  }
  return count;
}

void weigh_targets(StepBatch& step, LossAverage average) {
  const std::map<int32_t, int64_t> count = count_targets(step);
  for (MicroBatch& part : step.parts) {
    const int32_t* task = part.batch.target_task.const_data_ptr<int32_t>();
    const int64_t targets = part.batch.target_task.numel();
    part.batch.target_weight = at::empty({targets}, at::kFloat);
    float* weight = part.batch.target_weight.data_ptr<float>();
    for (int64_t i = 0; i < targets; ++i) {
      weight[i] = average == LossAverage::token
                      ? 1 / float(step.targets)
                      : 1 / (float(count.size()) * float(count.at(task[i])));
    }
  }
}

}  // namespace

StepBatch load_step(const SequenceSet& set, const LoaderOptions& options,
                    int64_t step) {
  const RowOrder order(options.seed, set.rows());
  StepBatch result;
  result.step = step;
  for (int64_t first = 0; first < options.batch_size;
       first += options.micro_batch) {
    const int64_t end =
        std::min(first + options.micro_batch, options.batch_size);
    std::vector<SequenceSet::Row> rows;
    for (int64_t i = first; i < end; ++i) {
      rows.push_back(set.row(order.row(step * options.batch_size + i)));
    }
    result.parts.push_back(
        make_batch(rows, {.training = true,
                          .seed = options.seed,
                          .step = uint64_t(step),
                          .first_row = uint64_t(first),
                          .blank_actions = options.blank_actions}));
    result.tokens += result.parts.back().tokens;
    result.targets += result.parts.back().batch.target_place.numel();
  }
  weigh_targets(result, options.average);
  return result;
}

Loader::Loader(const SequenceSet& set, const LoaderOptions& options,
               int64_t first_step)
    : set_(set),
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
      StepBatch loaded = load_step(set_, options_, step);
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
