#include "gato/train/run/validator.h"

#include <spdlog/spdlog.h>

#include <cmath>
#include <limits>

#include "gato/base/digest.h"
#include "gato/train/evaluate_loss.h"

namespace gato::train {

Validator::Validator(const SequenceFileData* data, const TrainingConfig& config,
                     TrainingState& state, RunDirectory& run_directory,
                     ProcessGroup& process_group)
    : data_(data),
      config_(config),
      state_(state),
      run_directory_(run_directory),
      process_group_(process_group) {}

void Validator::forget_best_of_other_data() {
  if (!state_.best || !data_ ||
      state_.best->validation_digest == data_digest()) {
    return;
  }
  if (process_group_.is_rank_zero()) {
    spdlog::warn(
        "{}: the validation data has changed: the best checkpoint, so far that "
        "of step {}, is chosen again",
        data_->display_name(), state_.best->step);
  }
  state_.best.reset();
}

std::string Validator::data_digest() const {
  return base::digest_bytes(data_->fingerprint().dump());
}

// Each rank computes its part of the loss.
bool Validator::validate_if_due(const model::Network& network) {
  if (!data_ || state_.step % config_.validate_every != 0) {
    return false;
  }
  at::Tensor sums = compute_losses(network, *data_,
                                   {.threads = config_.gradient.threads,
                                    .rank = process_group_.rank(),
                                    .world_size = process_group_.size()})
                        .to_tensor(std::ssize(data_->tasks().tasks));
  process_group_.all_reduce(sums);
  const LossTable losses(sums);
  const double loss = losses.target_count() > 0
                          ? losses.mean()
                          : std::numeric_limits<double>::quiet_NaN();
  if (process_group_.is_rank_zero()) {
    run_directory_.append_metrics(
        {{"step", state_.step},
         {"validation", losses.to_json(data_->tasks())}});
    if (!std::isfinite(loss)) {
      spdlog::warn("step {}: the validation loss is {}", state_.step, loss);
    }
  }
  if (!config_.keep_best || !std::isfinite(loss) ||
      (state_.best && state_.best->loss <= loss)) {
    return false;
  }
  state_.best = BestCheckpoint{state_.step, loss, data_digest()};
  return true;
}

}  // namespace gato::train
