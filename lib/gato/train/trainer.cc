#include "gato/train/trainer.h"

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
#include "gato/cli/progress.h"
#include "gato/train/background_save.h"
#include "gato/train/cost.h"
#include "gato/train/metrics.h"
#include "gato/train/step_exchange.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int largest_skip = 10;  // steps in a row

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Trainer {
 public:
  Trainer(const TrainingData& data, RunDirectory& run,
          const TrainerOptions& options, Training training)
      : data_(data),
        run_(run),
        options_(options),
        network_(training.network),
        optimiser_(training.optimiser),
        state_(training.state),
        ranks_(training.ranks),
        exchange_(ranks_, network_, options.loader.average,
                  std::ssize(data.tasks().tasks), options.shard_optimizer),
        demonstrations_(data.demonstrations()) {
    if (is_checkpoint(run_.checkpoint(state_.step))) saved_step_ = state_.step;
  }

  ExitStatus train() {
    const SavesOnStop saves_on_stop;
    cli::Progress progress("training", "steps", options_.steps, state_.step);
    Loader loader(data_, options_.loader, state_.step);
    while (state_.step < options_.steps) {
      take_step(loader);
      const bool is_last = state_.step == options_.steps;
      progress.set(state_.step, fmt::format("loss {:.3f}", metrics_.loss()));
      evaluate(is_last);
      if (is_last || state_.step % options_.log_every == 0) report();
      if (!is_last && must_stop()) {
        if (metrics_.steps() > 0) report();
        save_at_end();
        spdlog::info(
            "{}: saved {}; the same command with --resume goes on from there",
            reason_to_stop(), run_.checkpoint(state_.step).string());
        return ExitStatus::stopped_early;
      }
      if (!is_last && is_due()) try_to_save();
      if (background_.is_started() && background_.is_ready()) finish_saving();
    }
    save_at_end();
    spdlog::info("{} of {} steps are done: {}", state_.step, options_.steps,
                 run_.checkpoint(state_.step).string());
    return ExitStatus::done;
  }

 private:
  void take_step(Loader& loader) {
    const auto start = Clock::now();
    const double waited = ranks_.waited();
    StepBatch batch = loader.next();
    StepMetrics step{.learning_rate = options_.schedule.rate(state_.step),
                     .data_wait = seconds_since(start)};
    exchange_.complete(batch);
    step.tokens = batch.tokens;
    step.targets = batch.targets;
    LossTable losses;
    const StepLoss loss = gradient_of(batch, losses);
    const StepTotals totals =
        exchange_.total(optimiser_, loss.total, wants_to_stop());
    step.loss = totals.loss;
    step.gradient_norm = totals.gradient_norm;
    must_stop_ = totals.must_stop;
    step.is_skipped =
        !std::isfinite(step.loss) || !std::isfinite(step.gradient_norm);
    ++state_.step;
    state_.tokens += batch.tokens;
    state_.targets += batch.targets;
    if (step.is_skipped) {
      skip(step, batch, loss);
    } else {
      skipped_in_a_row_ = 0;
      optimiser_.step(step.learning_rate, step.gradient_norm);
      exchange_.share_parameters(optimiser_);
      state_.updates = optimiser_.updates;
      metrics_.table().add(losses);
    }
    step.exchange = ranks_.waited() - waited;
    metrics_.add(step);
  }

  StepLoss gradient_of(const StepBatch& batch, LossTable& losses) {
    try {
      return step_gradient(network_, batch, options_.gradient,
                           optimiser_.gradients, losses,
                           exchange_.start(optimiser_));
    } catch (const c10::OutOfMemoryError&) {
      throw run_error(
          "the memory of the device cannot hold a micro-batch of {} sequences; "
          "lower --micro-batch",
          options_.loader.micro_batch);
    }
  }

  void skip(const StepMetrics& step, const StepBatch& batch,
            const StepLoss& loss) {
    ++state_.skipped;
    const std::string places = places_in_all_ranks(batch, loss);
    if (ranks_.is_first()) {
      spdlog::warn(
          "step {}: loss {}, gradient norm {}: the step is skipped ({})",
          state_.step, step.loss, step.gradient_norm, places);
    }
    if (++skipped_in_a_row_ >= largest_skip) {
      throw run_error(
          "{} steps in a row had no finite loss and gradient, the last of them "
          "with {}; go back to an older checkpoint, lower --learning-rate or "
          "use --precision fp32",
          largest_skip, places);
    }
  }

  // The sequences without a finite loss, of all ranks; where there are none,
  // all sequences of the step.
  std::string places_in_all_ranks(const StepBatch& batch,
                                  const StepLoss& loss) {
    if (ranks_.is_alone()) return places_of(batch, loss);
    at::Tensor count = at::full({1}, std::ssize(loss.not_finite), at::kLong);
    ranks_.sum(count);
    const bool is_elsewhere =
        loss.not_finite.empty() && count.item<int64_t>() > 0;
    const std::string own = is_elsewhere ? "" : places_of(batch, loss);
    std::string text;
    for (int64_t rank = 0; rank < ranks_.size(); ++rank) {
      const std::string places = ranks_.broadcast(own, rank);
      if (places.empty()) continue;
      text += fmt::format("{}{} of rank {}", text.empty() ? "" : "; ", places,
                          rank);
    }
    return text;
  }

  // The sequences of the micro-batches without a finite loss; all of the step
  // where the gradient alone is not finite.
  std::string places_of(const StepBatch& batch, const StepLoss& loss) const {
    std::vector<int64_t> rows;
    const auto row = [&batch](size_t place) {
      return place == batch.parts.size()
                 ? batch.rows.end()
                 : batch.rows.begin() + (batch.parts[place].first_row -
                                         batch.parts[0].first_row);
    };
    for (size_t place : loss.not_finite) {
      rows.insert(rows.end(), row(place), row(place + 1));
    }
    if (rows.empty()) rows = batch.rows;
    constexpr size_t most = 8;
    std::string text;
    for (size_t i = 0; i < std::min(rows.size(), most); ++i) {
      text += fmt::format("{}{}", i > 0 ? ", " : "", data_.place_of(rows[i]));
    }
    if (rows.size() > most) {
      text += fmt::format(" and {} more", rows.size() - most);
    }
    return text;
  }

  void evaluate(bool is_last) {
    if (options_.evaluate_every == 0 || !ranks_.is_first()) return;
    if (!is_last && state_.step % options_.evaluate_every != 0) return;
    nlohmann::json line = options_.evaluate(state_.step);
    line["step"] = state_.step;
    run_.append_metrics(line);
  }

  void report() {
    metrics_.table() = exchange_.total(metrics_.table());
    const nlohmann::json line = metrics_.line(state_.step, data_.tasks());
    if (ranks_.is_first()) run_.append_metrics(line);
  }

  // Ranks stop where all know that one of them wants to.
  bool must_stop() const {
    return ranks_.is_alone() ? wants_to_stop() : must_stop_;
  }

  bool wants_to_stop() const {
    if (stop_signal() != 0) return true;
    return options_.max_seconds > 0 &&
           seconds_since(options_.started) >= options_.max_seconds;
  }

  // Not while steps are skipped: the weights may be beyond help, and the older
  // checkpoints, which new ones push out, are those to go back to.
  bool is_due() const {
    return state_.step % options_.save_every == 0 && skipped_in_a_row_ == 0;
  }

  void save_at_end() {
    try {
      save();
    } catch (const Error& error) {
      throw Error(error.status(),
                  fmt::format("{}; {}", error.what(),
                              saved_step_ < 0
                                  ? std::string("no checkpoint was saved")
                                  : fmt::format("the newest checkpoint is of "
                                                "step {}: --resume goes on "
                                                "from there",
                                                saved_step_)));
    }
  }

  static std::string reason_to_stop() {
    if (const int signal = stop_signal())
      return fmt::format("asked to stop by signal {} ({})", signal,
                         ::strsignal(signal));
    return "the time is over, or another process is asked to stop";
  }

  // Leaves a checkpoint of this step, whatever is being saved meanwhile.
  void save() {
    finish_saving();
    if (ranks_.broadcast(saved_step_) == state_.step) return;
    write(network_, optimiser_, state_, ranks_);
    was_saved(state_.step);
  }

  void was_saved(int64_t step) {
    saved_step_ = step;
    if (!std::exchange(has_failed_to_save_, false)) return;
    if (ranks_.is_first())
      spdlog::info("saved the checkpoint of step {}", step);
  }

  void write(const Network& network, const AdamW& optimiser,
             const TrainingState& state, Ranks& ranks) {
    write_checkpoint(run_.checkpoint(state.step), network, optimiser, state,
                     demonstrations_, ranks);
    ranks.together([&] {
      if (!ranks.is_first()) return;
      run_.set_latest(state.step);
      run_.rotate(state.step, options_.keep, options_.keep_every);
    });
  }

  void try_to_save() {
    if (options_.asynchronous_save) {
      finish_saving();
      if (ranks_.is_first()) save_in_background();
      return;
    }
    try {
      save();
    } catch (const Error& error) {
      if (ranks_.is_first()) warn_unsaved(state_.step, error);  // all have it
    }
  }

  void save_in_background() {
    background_.start(
        network_, optimiser_, state_,
        [this](const Network& network, const AdamW& optimiser,
               const TrainingState& state) {
          Ranks alone;
          ranks_.write([&] { write(network, optimiser, state, alone); });
        });
    saving_step_ = state_.step;
  }

  void finish_saving() {
    if (!background_.is_started()) return;
    try {
      background_.finish();
      was_saved(saving_step_);
    } catch (const Error& error) {
      warn_unsaved(saving_step_, error);
    }
  }

  void warn_unsaved(int64_t step, const Error& error) {
    has_failed_to_save_ = true;
    spdlog::error(
        "the checkpoint of step {} was not saved: {}; training goes on", step,
        error.what());
  }

  const TrainingData& data_;
  RunDirectory& run_;
  const TrainerOptions& options_;
  Network& network_;
  AdamW& optimiser_;
  TrainingState& state_;
  Ranks& ranks_;
  StepExchange exchange_;
  const std::vector<TokenizedDocument> demonstrations_;
  Metrics metrics_{
      {.config = network_.config(),
       .length = data_.length(),
       .device = network_.device(),
       .product_rate = product_rate(network_.device(), network_.precision()),
       .ranks = ranks_.size()}};
  int skipped_in_a_row_ = 0;
  bool must_stop_ = false;
  bool has_failed_to_save_ = false;
  int64_t saved_step_ = -1;
  int64_t saving_step_ = -1;   // by background_
  BackgroundSave background_;  // last: its thread reads what is above
};

}  // namespace

ExitStatus train(const TrainingData& data, RunDirectory& run,
                 const TrainerOptions& options, Training training) {
  at::set_num_threads(int(options.gradient.threads));
  return Trainer(data, run, options, training).train();
}

}  // namespace gato
