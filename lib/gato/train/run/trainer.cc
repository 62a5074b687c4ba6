#include "gato/train/run/trainer.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/signals.h"
#include "gato/cli/terminal_progress.h"
#include "gato/train/gradient_synchronizer.h"
#include "gato/train/resource_usage.h"
#include "gato/train/run/async_checkpointer.h"
#include "gato/train/run/metrics.h"

namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxConsecutiveSkips = 10;  // steps in a row

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Trainer {
 public:
  Trainer(const TrainingData& data, RunDirectory& run,
          const TrainerOptions& options, TrainingContext context)
      : data_(data),
        run_directory_(run),
        options_(options),
        network_(context.network),
        optimizer_(context.optimizer),
        state_(context.state),
        process_group_(context.process_group),
        synchronizer_(process_group_, network_, options.loader.loss_reduction,
                      std::ssize(data.tasks().tasks), options.shard_optimizer),
        demonstrations_(data.demonstrations()) {
    if (is_checkpoint(run_directory_.checkpoint_path(state_.step)))
      last_saved_step_ = state_.step;
  }

  base::ExitStatus train() {
    const base::ScopedStopDeferral saves_on_stop;
    cli::Progress progress("training", "steps", options_.steps, state_.step);
    BatchLoader loader(data_, options_.loader, state_.step);
    while (state_.step < options_.steps) {
      take_step(loader);
      const bool is_last = state_.step == options_.steps;
      progress.set_done(state_.step,
                        fmt::format("loss {:.3f}", metrics_.mean_loss()));
      evaluate_if_due(is_last);
      if (is_last || state_.step % options_.log_every == 0) log_metrics();
      if (!is_last && should_stop()) {
        if (metrics_.step_count() > 0) log_metrics();
        save_final_checkpoint();
        spdlog::info(
            "{}: saved {}; the same command with --resume goes on from there",
            stop_reason(),
            run_directory_.checkpoint_path(state_.step).string());
        return base::ExitStatus::stopped_early;
      }
      if (!is_last && is_checkpoint_due()) save_or_warn();
      if (async_checkpointer_.is_pending() && async_checkpointer_.is_ready())
        finish_async_save();
    }
    save_final_checkpoint();
    spdlog::info("{} of {} steps are done: {}", state_.step, options_.steps,
                 run_directory_.checkpoint_path(state_.step).string());
    return base::ExitStatus::success;
  }

 private:
  void take_step(BatchLoader& loader) {
    const auto start = Clock::now();
    const double waited = process_group_.communication_seconds();
    StepBatch batch = loader.next();
    StepMetrics step{.learning_rate = options_.schedule.rate(state_.step),
                     .data_wait_seconds = seconds_since(start)};
    synchronizer_.set_global_target_weights(batch);
    step.token_count = batch.token_count;
    step.target_count = batch.target_count;
    LossTable losses;
    const StepLoss loss = compute_gradient(batch, losses);
    const StepTotals totals = synchronizer_.all_reduce_step(
        optimizer_, loss.total_loss, has_stop_request());
    step.loss = totals.loss;
    step.gradient_norm = totals.gradient_norm;
    should_stop_ = totals.should_stop;
    step.is_skipped =
        !std::isfinite(step.loss) || !std::isfinite(step.gradient_norm);
    ++state_.step;
    state_.tokens += batch.token_count;
    state_.targets += batch.target_count;
    if (step.is_skipped) {
      skip_step(step, batch, loss);
    } else {
      consecutive_skips_ = 0;
      optimizer_.step(step.learning_rate, step.gradient_norm);
      synchronizer_.all_gather_parameters(optimizer_);
      state_.updates = optimizer_.updates;
      metrics_.loss_table().add(losses);
    }
    step.communication_seconds =
        process_group_.communication_seconds() - waited;
    metrics_.add(step);
  }

  StepLoss compute_gradient(const StepBatch& batch, LossTable& losses) {
    try {
      return compute_step_gradient(
          network_, batch, options_.gradient, optimizer_.gradients, losses,
          synchronizer_.gradient_ready_callback(optimizer_));
    } catch (const c10::OutOfMemoryError&) {
      throw base::run_error(
          "the memory of the device cannot hold a micro-batch of {} sequences; "
          "lower --micro-batch",
          options_.loader.micro_batch_size);
    }
  }

  void skip_step(const StepMetrics& step, const StepBatch& batch,
                 const StepLoss& loss) {
    ++state_.skipped;
    const std::string locations =
        non_finite_locations_on_all_ranks(batch, loss);
    if (process_group_.is_rank_zero()) {
      spdlog::warn(
          "step {}: loss {}, gradient norm {}: the step is skipped ({})",
          state_.step, step.loss, step.gradient_norm, locations);
    }
    if (++consecutive_skips_ >= kMaxConsecutiveSkips) {
      throw base::run_error(
          "{} steps in a row had no finite loss and gradient, the last of them "
          "with {}; go back to an older checkpoint, lower --learning-rate or "
          "use --precision fp32",
          kMaxConsecutiveSkips, locations);
    }
  }

  // The sequences without a finite loss, of all ranks; where there are none,
  // all sequences of the step.
  std::string non_finite_locations_on_all_ranks(const StepBatch& batch,
                                                const StepLoss& loss) {
    if (process_group_.is_single_process())
      return non_finite_locations(batch, loss);
    at::Tensor total_non_finite =
        at::full({1}, std::ssize(loss.non_finite_micro_batches), at::kLong);
    process_group_.all_reduce(total_non_finite);
    const bool is_elsewhere = loss.non_finite_micro_batches.empty() &&
                              total_non_finite.item<int64_t>() > 0;
    const std::string local_locations =
        is_elsewhere ? "" : non_finite_locations(batch, loss);
    std::string text;
    for (int64_t rank = 0; rank < process_group_.size(); ++rank) {
      const std::string locations =
          process_group_.broadcast(local_locations, rank);
      if (locations.empty()) continue;
      text += fmt::format("{}{} of rank {}", text.empty() ? "" : "; ",
                          locations, rank);
    }
    return text;
  }

  // The sequences of the micro-batches without a finite loss; all of the step
  // where the gradient alone is not finite.
  std::string non_finite_locations(const StepBatch& batch,
                                   const StepLoss& loss) const {
    std::vector<int64_t> rows;
    const auto row = [&batch](size_t index) {
      return index == batch.micro_batches.size()
                 ? batch.row_indices.end()
                 : batch.row_indices.begin() +
                       (batch.micro_batches[index].first_row -
                        batch.micro_batches[0].first_row);
    };
    for (size_t index : loss.non_finite_micro_batches) {
      rows.insert(rows.end(), row(index), row(index + 1));
    }
    if (rows.empty()) rows = batch.row_indices;
    constexpr size_t max_listed = 8;
    std::string text;
    for (size_t i = 0; i < std::min(rows.size(), max_listed); ++i) {
      text +=
          fmt::format("{}{}", i > 0 ? ", " : "", data_.row_location(rows[i]));
    }
    if (rows.size() > max_listed) {
      text += fmt::format(" and {} more", rows.size() - max_listed);
    }
    return text;
  }

  void evaluate_if_due(bool is_last) {
    if (options_.evaluate_every == 0 || !process_group_.is_rank_zero()) return;
    if (!is_last && state_.step % options_.evaluate_every != 0) return;
    nlohmann::json line = options_.evaluate(state_.step);
    line["step"] = state_.step;
    run_directory_.append_metrics(line);
  }

  void log_metrics() {
    metrics_.loss_table() =
        synchronizer_.all_reduce_losses(metrics_.loss_table());
    const nlohmann::json line = metrics_.take_line(state_.step, data_.tasks());
    if (process_group_.is_rank_zero()) run_directory_.append_metrics(line);
  }

  // Ranks stop where all know that one of them wants to.
  bool should_stop() const {
    return process_group_.is_single_process() ? has_stop_request()
                                              : should_stop_;
  }

  bool has_stop_request() const {
    if (base::received_stop_signal() != 0) return true;
    return options_.max_seconds > 0 &&
           seconds_since(options_.start_time) >= options_.max_seconds;
  }

  // Not while steps are skipped: the weights may be beyond help, and the older
  // checkpoints, which new ones push out, are those to go back to.
  bool is_checkpoint_due() const {
    return state_.step % options_.save_every == 0 && consecutive_skips_ == 0;
  }

  void save_final_checkpoint() {
    try {
      save_checkpoint();
    } catch (const base::Error& error) {
      throw base::Error(
          error.status(),
          fmt::format("{}; {}", error.what(),
                      last_saved_step_ < 0
                          ? std::string("no checkpoint was saved")
                          : fmt::format("the newest checkpoint is of "
                                        "step {}: --resume goes on "
                                        "from there",
                                        last_saved_step_)));
    }
  }

  static std::string stop_reason() {
    if (const int signal = base::received_stop_signal())
      return fmt::format("asked to stop by signal {} ({})", signal,
                         ::strsignal(signal));
    return "the time is over, or another process is asked to stop";
  }

  // Leaves a checkpoint of this step, whatever is being saved meanwhile.
  void save_checkpoint() {
    finish_async_save();
    if (process_group_.broadcast(last_saved_step_) == state_.step) return;
    write_and_prune(network_, optimizer_, state_, process_group_);
    record_save(state_.step);
  }

  void record_save(int64_t step) {
    last_saved_step_ = step;
    if (!std::exchange(has_failed_to_save_, false)) return;
    if (process_group_.is_rank_zero())
      spdlog::info("saved the checkpoint of step {}", step);
  }

  void write_and_prune(const model::Network& network, const AdamW& optimizer,
                       const TrainingState& state,
                       ProcessGroup& process_group) {
    write_checkpoint(run_directory_.checkpoint_path(state.step), network,
                     optimizer, state, demonstrations_, process_group);
    process_group.run_collectively([&] {
      if (!process_group.is_rank_zero()) return;
      run_directory_.set_latest(state.step);
      run_directory_.prune_checkpoints(state.step, options_.keep,
                                       options_.keep_every);
    });
  }

  void save_or_warn() {
    if (options_.asynchronous_save) {
      finish_async_save();
      if (process_group_.is_rank_zero()) start_async_save();
      return;
    }
    try {
      save_checkpoint();
    } catch (const base::Error& error) {
      if (process_group_.is_rank_zero())
        report_save_failure(state_.step, error);  // all have it
    }
  }

  void start_async_save() {
    async_checkpointer_.start(
        network_, optimizer_, state_,
        [this](const model::Network& network, const AdamW& optimizer,
               const TrainingState& state) {
          ProcessGroup single_process;
          process_group_.run_uninterrupted([&] {
            write_and_prune(network, optimizer, state, single_process);
          });
        });
    pending_save_step_ = state_.step;
  }

  void finish_async_save() {
    if (!async_checkpointer_.is_pending()) return;
    try {
      async_checkpointer_.finish();
      record_save(pending_save_step_);
    } catch (const base::Error& error) {
      report_save_failure(pending_save_step_, error);
    }
  }

  void report_save_failure(int64_t step, const base::Error& error) {
    has_failed_to_save_ = true;
    spdlog::error(
        "the checkpoint of step {} was not saved: {}; training goes on", step,
        error.what());
  }

  const TrainingData& data_;
  RunDirectory& run_directory_;
  const TrainerOptions& options_;
  model::Network& network_;
  AdamW& optimizer_;
  TrainingState& state_;
  ProcessGroup& process_group_;
  GradientSynchronizer synchronizer_;
  const std::vector<data::TokenizedDocument> demonstrations_;
  MetricsAccumulator metrics_{
      {.config = network_.config(),
       .sequence_length = data_.sequence_length(),
       .device = network_.device(),
       .peak_flops_per_second = measure_matmul_flops_per_second(
           network_.device(), network_.precision()),
       .world_size = process_group_.size()}};
  int consecutive_skips_ = 0;
  bool should_stop_ = false;
  bool has_failed_to_save_ = false;
  int64_t last_saved_step_ = -1;
  int64_t pending_save_step_ = -1;  // by async_checkpointer_
  AsyncCheckpointer
      async_checkpointer_;  // last: its thread reads what is above
};

}  // namespace

base::ExitStatus run_training_loop(const TrainingData& data, RunDirectory& run,
                                   const TrainerOptions& options,
                                   TrainingContext context) {
  at::set_num_threads(int(options.gradient.threads));
  return Trainer(data, run, options, context).train();
}

}  // namespace gato::train
