#include "gato/train/run/training_step.h"

#include <c10/util/Exception.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

// A step of a rank: wait for its batch, weight the targets by the counts of all
// ranks, compute the gradient of its micro-batches while finished parts of it
// are reduced, sum loss and norm over all ranks, and update. Every rank decides
// from the same totals whether to skip the step, so the networks stay equal.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxConsecutiveSkips = 10;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

TrainingStepper::TrainingStepper(const TrainingData& data,
                                 const TrainingConfig& config,
                                 const TrainingContext& context)
    : data_(data),
      config_(config),
      context_(context),
      synchronizer_(context.process_group, context.network,
                    config.loader.loss_reduction,
                    std::ssize(data.tasks().tasks), config.shard_optimizer) {}

void TrainingStepper::take_step(BatchLoader& loader,
                                MetricsAccumulator& metrics, bool should_stop) {
  Optimizer& optimizer = context_.optimizer;
  TrainingState& state = context_.state;
  const ProcessGroup& process_group = context_.process_group;
  const auto start = Clock::now();
  const double communication_before = process_group.communication_seconds();
  StepBatch batch = loader.next();
  StepMetrics step{.learning_rate = config_.schedule.rate(state.step),
                   .data_wait_seconds = seconds_since(start)};
  synchronizer_.set_global_target_weights(batch);
  step.token_count = batch.token_count;
  step.target_count = batch.target_count;
  LossTable losses;
  const StepLoss loss = compute_gradient(batch, losses);
  const StepTotals totals =
      synchronizer_.all_reduce_step(optimizer, loss.total_loss, should_stop);
  step.loss = totals.loss;
  step.gradient_norm = totals.gradient_norm;
  should_stop_ = totals.should_stop;
  step.is_skipped =
      !std::isfinite(step.loss) || !std::isfinite(step.gradient_norm);
  ++state.step;
  state.tokens += batch.token_count;
  state.targets += batch.target_count;
  if (batch.target_count == 0) {
    warn_without_targets();
  }
  if (step.is_skipped) {
    skip_step(step, batch, loss);
  } else {
    consecutive_skips_ = 0;
    optimizer.step(step.learning_rate, step.gradient_norm);
    synchronizer_.all_gather_parameters(optimizer);
    state.updates = optimizer.state().updates;
    metrics.loss_table().add(losses);
  }
  step.communication_seconds =
      process_group.communication_seconds() - communication_before;
  metrics.add(step);
}

void TrainingStepper::warn_without_targets() {
  if (!has_warned_without_targets_ && context_.process_group.is_rank_zero()) {
    spdlog::warn(
        "step {}: no token of its sequences is a target, so nothing is learned "
        "from it; further such steps are not reported",
        context_.state.step);
  }
  has_warned_without_targets_ = true;
}

StepLoss TrainingStepper::compute_gradient(const StepBatch& batch,
                                           LossTable& losses) {
  try {
    return compute_step_gradient(
        context_.network, batch, config_.gradient,
        context_.optimizer.gradients(), losses,
        synchronizer_.gradient_ready_callback(context_.optimizer));
  } catch (const c10::OutOfMemoryError&) {
    throw base::run_error(
        "the device has too little memory for a micro-batch of {} sequences: "
        "lower --micro-batch",
        config_.loader.micro_batch_size);
  }
}

void TrainingStepper::skip_step(const StepMetrics& step, const StepBatch& batch,
                                const StepLoss& loss) {
  ++context_.state.skipped;
  const std::string locations = non_finite_locations_on_all_ranks(batch, loss);
  if (context_.process_group.is_rank_zero()) {
    spdlog::warn("step {}: loss {}, gradient norm {}: skipping the step ({})",
                 context_.state.step, step.loss, step.gradient_norm, locations);
  }
  if (++consecutive_skips_ >= kMaxConsecutiveSkips) {
    throw base::run_error(
        "{} consecutive steps had no finite loss and gradient, the last one "
        "with {}: go back to an older checkpoint, lower --learning-rate or use "
        "--precision fp32",
        kMaxConsecutiveSkips, locations);
  }
}

// Returns the locations of the sequences without a finite loss on all ranks, or
// of all sequences of the step if every loss is finite.
std::string TrainingStepper::non_finite_locations_on_all_ranks(
    const StepBatch& batch, const StepLoss& loss) const {
  ProcessGroup& process_group = context_.process_group;
  if (process_group.is_single_process()) {
    return non_finite_locations(batch, loss);
  }
  at::Tensor total_non_finite =
      at::full({1}, std::ssize(loss.non_finite_micro_batches), at::kLong);
  process_group.all_reduce(total_non_finite);
  const bool is_elsewhere = loss.non_finite_micro_batches.empty() &&
                            total_non_finite.item<int64_t>() > 0;
  const std::string local_locations =
      is_elsewhere ? "" : non_finite_locations(batch, loss);
  std::string text;
  for (int64_t rank = 0; rank < process_group.size(); ++rank) {
    const std::string locations =
        process_group.broadcast(local_locations, rank);
    if (!locations.empty()) {
      text += fmt::format("{}{} of rank {}", text.empty() ? "" : "; ",
                          locations, rank);
    }
  }
  return text;
}

// Returns the locations of the sequences in micro-batches without a finite
// loss, or of all sequences of this rank if only the gradient is not finite.
std::string TrainingStepper::non_finite_locations(const StepBatch& batch,
                                                  const StepLoss& loss) const {
  std::vector<int64_t> rows;
  // first_row counts rows of the step over all ranks, row_indices has only
  // those of this rank.
  const auto first_row_of = [&batch](size_t micro_batch) {
    return micro_batch == batch.micro_batches.size()
               ? batch.row_indices.end()
               : batch.row_indices.begin() +
                     (batch.micro_batches[micro_batch].first_row -
                      batch.micro_batches[0].first_row);
  };
  for (size_t micro_batch : loss.non_finite_micro_batches) {
    rows.insert(rows.end(), first_row_of(micro_batch),
                first_row_of(micro_batch + 1));
  }
  if (rows.empty()) {
    rows = batch.row_indices;
  }
  constexpr size_t kMaxListed = 8;
  std::string text;
  for (size_t i = 0; i < std::min(rows.size(), kMaxListed); ++i) {
    text += fmt::format("{}{}", i > 0 ? ", " : "", data_.row_location(rows[i]));
  }
  if (rows.size() > kMaxListed) {
    text += fmt::format(" and {} more", rows.size() - kMaxListed);
  }
  return text;
}

}  // namespace gato::train
