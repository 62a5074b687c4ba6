#include "gato/train/run/checkpoint_writer.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

// Saves are collective (write_checkpoint), except background saves, which rank
// 0 does alone in the thread of an AsyncCheckpointer. There is at most one
// background save at a time: each save first finishes the previous one. Only
// rank 0 knows last_saved_step_ of background saves, so save() broadcasts it.
namespace gato::train {

CheckpointWriter::CheckpointWriter(
    RunDirectory& run_directory, const TrainingConfig& config,
    const std::vector<data::TokenizedDocument>& demonstrations,
    const model::Network& network, const OptimizerState& optimizer,
    const TrainingState& state, ProcessGroup& process_group)
    : run_directory_(run_directory),
      config_(config),
      demonstrations_(demonstrations),
      network_(network),
      optimizer_(optimizer),
      state_(state),
      process_group_(process_group) {
  if (is_checkpoint(run_directory_.checkpoint_path(state_.step))) {
    last_saved_step_ = state_.step;
  }
}

void CheckpointWriter::save_or_warn() {
  if (config_.asynchronous_save) {
    finish_async_save();
    if (process_group_.is_rank_zero()) {
      start_async_save();
    }
    return;
  }
  save_now_or_warn();
}

bool CheckpointWriter::save_now_or_warn() {
  try {
    save();
    return true;
  } catch (const base::Error& error) {
    // Every rank has this error; one of them reports it.
    if (process_group_.is_rank_zero()) {
      record_failure(state_.step, error);
    }
    return false;
  }
}

void CheckpointWriter::save_final() {
  try {
    save();
  } catch (const base::Error& error) {
    const std::string newest =
        last_saved_step_ < 0
            ? "no checkpoint was saved"
            : fmt::format(
                  "the newest checkpoint is that of step {}: --resume "
                  "continues from there",
                  last_saved_step_);
    throw base::Error(error.status(),
                      fmt::format("{}; {}", error.what(), newest));
  }
}

void CheckpointWriter::poll() {
  if (async_checkpointer_.is_pending() && async_checkpointer_.is_ready()) {
    finish_async_save();
  }
}

// Saves a checkpoint of the current step, unless there is one already.
void CheckpointWriter::save() {
  finish_async_save();
  if (process_group_.broadcast(last_saved_step_) == state_.step) {
    return;
  }
  write_and_prune(network_, optimizer_, state_, process_group_);
  record_success(state_.step);
}

void CheckpointWriter::write_and_prune(const model::Network& network,
                                       const OptimizerState& optimizer,
                                       const TrainingState& state,
                                       ProcessGroup& process_group) {
  write_checkpoint(run_directory_.checkpoint_path(state.step), network,
                   optimizer, state, demonstrations_, process_group);
  if (!process_group.is_rank_zero()) {
    return;
  }
  // From here on the checkpoint is saved: a failure below is not a failure to
  // save.
  const std::optional<int64_t> best =
      state.best ? std::optional(state.best->step) : std::nullopt;
  run_directory_.set_references(state.step, best);
  try {
    run_directory_.prune_checkpoints(state.step, {.newest_count = config_.keep,
                                                  .every = config_.keep_every,
                                                  .best = best});
  } catch (const std::filesystem::filesystem_error& error) {
    spdlog::warn("{}: cannot remove older checkpoints: {}",
                 run_directory_.path().string(), error.code().message());
  }
}

void CheckpointWriter::start_async_save() {
  async_checkpointer_.start(
      network_, optimizer_, state_,
      [this](const model::Network& network, const OptimizerState& optimizer,
             const TrainingState& state) {
        ProcessGroup single_process;
        process_group_.run_uninterrupted([&] {
          write_and_prune(network, optimizer, state, single_process);
        });
      });
  pending_step_ = state_.step;
}

void CheckpointWriter::finish_async_save() {
  if (!async_checkpointer_.is_pending()) {
    return;
  }
  try {
    async_checkpointer_.finish();
    record_success(pending_step_);
  } catch (const base::Error& error) {
    record_failure(pending_step_, error);
  }
}

void CheckpointWriter::record_success(int64_t step) {
  last_saved_step_ = step;
  if (std::exchange(has_failed_, false) && process_group_.is_rank_zero()) {
    spdlog::info("saved the checkpoint of step {}", step);
  }
}

void CheckpointWriter::record_failure(int64_t step, const base::Error& error) {
  has_failed_ = true;
  spdlog::error(
      "the checkpoint of step {} was not saved: {}; training continues", step,
      error.what());
}

}  // namespace gato::train
