#include "gato/train/evaluate_loss.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/train/input/observation_ablation.h"
#include "gato/train/input/training_batch.h"
#include "gato/train/step_gradient.h"

// Batches of about kBatchTokens tokens are computed in parallel. Their losses
// are added to the table in the order of the batches, so that the sums do not
// depend on the number of threads.
namespace gato::train {
namespace {

constexpr int64_t kBatchTokens = 2048;

class LossEvaluator {
 public:
  // All references must outlive the evaluator.
  LossEvaluator(const model::Network& network, const SequenceFileData& data,
                const LossEvaluationOptions& options)
      : network_(network),
        data_(data),
        rows_per_batch_(
            std::max<int64_t>(1, kBatchTokens / data.sequence_length())),
        batch_count_((data.row_count() + rows_per_batch_ - 1) /
                     rows_per_batch_),
        rank_(options.rank),
        world_size_(options.world_size),
        workers_(worker_count(network.device(),
                              (batch_count_ + world_size_ - 1) / world_size_,
                              options.threads)),
        threads_per_worker_(options.threads / workers_),
        ablation_(options.swap_observations
                      ? std::make_optional<ObservationAblation>(data)
                      : std::nullopt),
        progress_(options.progress, "evaluating", "sequences",
                  data.row_count()) {}

  const LossTable& run() {
    base::OrderedThreadPool pool(workers_);
    for (int64_t batch = rank_; batch < batch_count_; batch += world_size_) {
      pool.submit([this, batch](int64_t) { return evaluate_batch(batch); });
    }
    pool.wait_all();
    return table_;
  }

  // Returns the number of sequences for which the observation ablation has
  // found no donor.
  int64_t unchanged_count() const { return unchanged_count_; }

 private:
  // Computes the losses of a batch. Returns the function that adds them to the
  // table.
  base::OrderedThreadPool::Completion evaluate_batch(int64_t batch_index) {
    const c10::NoGradGuard no_gradient;
    at::set_num_threads(static_cast<int>(threads_per_worker_));
    const int64_t first = batch_index * rows_per_batch_;
    const int64_t end = std::min(first + rows_per_batch_, data_.row_count());
    std::vector<ObservationAblation::AblatedRow> storage;
    std::vector<TrainingData::Row> rows;
    int64_t unchanged_count = 0;
    for (int64_t i = first; i < end; ++i) {
      if (ablation_) {
        storage.push_back(ablation_->row(i));
        unchanged_count += storage.back().is_changed ? 0 : 1;
      }
      rows.push_back(ablation_ ? storage.back().row : data_.row(i));
    }
    const at::Device device = network_.device();
    const model::Batch batch =
        make_batch(rows, {.is_training = false, .device = device}).batch;
    at::Tensor target_losses;
    if (batch.target_index.numel() > 0) {
      target_losses = network_.loss(batch.to(device)).per_target;
    }
    return [this, batch, target_losses, unchanged_count, count = end - first] {
      if (target_losses.defined()) {
        table_.add(batch, target_losses);
      }
      unchanged_count_ += unchanged_count;
      progress_.advance(count);
    };
  }

  const model::Network& network_;
  const SequenceFileData& data_;
  const int64_t rows_per_batch_, batch_count_, rank_, world_size_, workers_,
      threads_per_worker_;
  std::optional<ObservationAblation> ablation_;
  base::Progress progress_;
  LossTable table_;
  int64_t unchanged_count_ = 0;
};

}  // namespace

LossTable compute_losses(const model::Network& network,
                         const SequenceFileData& data,
                         const LossEvaluationOptions& options) {
  check_compatible(network.config(), data);
  LossEvaluator evaluator(network, data, options);
  const LossTable& table = evaluator.run();
  if (evaluator.unchanged_count() > 0) {
    spdlog::warn(
        "{} of {} sequences kept their observations: there was no other "
        "sequence of their task with different observations",
        evaluator.unchanged_count(), data.row_count());
  }
  return table;
}

base::Error non_finite_loss_error(model::Precision precision) {
  return precision == model::Precision::fp32
             ? base::run_error(
                   "the loss is not finite: the model has diverged, or its "
                   "activations overflow: use an older checkpoint")
             : base::run_error("the loss is not finite: try --precision fp32");
}

nlohmann::json evaluate_loss(const model::Network& network,
                             const SequenceFileData& data,
                             const LossEvaluationOptions& options) {
  const LossTable table = compute_losses(network, data, options);
  if (table.target_count() == 0) {
    throw base::input_error(
        "{}: no token of the sequences is a target, so there is no loss",
        data.display_name());
  }
  if (!std::isfinite(table.mean())) {
    throw non_finite_loss_error(network.precision());
  }
  return table.to_json(data.tasks());
}

}  // namespace gato::train
