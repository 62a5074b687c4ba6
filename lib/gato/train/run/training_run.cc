#include "gato/train/run/training_run.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/base/signals.h"
#include "gato/model/device.h"
#include "gato/model/model_directory.h"
#include "gato/train/resource_usage.h"
#include "gato/train/run/run_consistency.h"

// run() has two phases. open() brings all ranks to the same state: rank 0
// chooses the checkpoint and prepares the directory, every rank then loads or
// makes the network and the optimizer, and rank 0's parameters are broadcast.
// take_steps() takes steps and, after each of them, logs, stops, saves or
// evaluates if that is due. Stop requests are part of the totals of a step, so
// all ranks stop after the same step. An evaluation begins after the checkpoint
// of its step and is recorded before the next one: a run that is resumed from a
// checkpoint lacks at most the evaluation of that very step, which it then
// begins with.
namespace gato::train {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

// Calls `function` and returns how long it took.
template <class Function>
std::chrono::steady_clock::duration time_of(const Function& function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::steady_clock::now() - start;
}

nlohmann::json make_provenance(const TrainingData& data,
                               const TrainingRunOptions& options) {
  data::Provenance provenance(options.record);
  if (!provenance.enabled) {
    return nullptr;
  }
  data.record_inputs(provenance);
  if (options.record_inputs) {
    options.record_inputs(provenance);
  }
  return provenance.to_json();
}

std::string stop_reason(bool has_other_ranks) {
  if (const int signal = base::received_stop_signal()) {
    return fmt::format("stopped by signal {} ({})", signal,
                       ::strsignal(signal));
  }
  return has_other_ranks
             ? "time limit reached, or another rank was asked to stop"
             : "time limit reached";
}

}  // namespace

TrainingRun::TrainingRun(const TrainingData& data, TrainingRunOptions options)
    : data_(data),
      options_(std::move(options)),
      config_(options_.config),
      process_group_(options_.process_group ? *options_.process_group
                                            : single_process_),
      device_(model::parse_device(config_.device,
                                  process_group_.launch().local_rank)),
      run_directory_(options_.output, process_group_.is_rank_zero()
                                          ? RunDirectory::Role::owner
                                          : RunDirectory::Role::observer),
      validator_(options_.validation_data, config_, state_, run_directory_,
                 process_group_) {
  BatchLoaderOptions& loader = config_.loader;
  loader.micro_batch_size =
      resolve_micro_batch_size(config_, data.sequence_length());
  loader.device = device_;
  loader.rank = process_group_.rank();
  loader.world_size = process_group_.size();
}

base::ExitStatus TrainingRun::run() {
  try {
    open();
    at::set_num_threads(static_cast<int>(config_.gradient.threads));
    const base::ScopedStopDeferral defer_stop;
    PolicyEvaluator evaluator(
        run_directory_, options_.evaluate_every,
        process_group_.is_rank_zero() ? options_.evaluate : EvaluateFunction());
    const TrainingState before = state_;
    const auto start = std::chrono::steady_clock::now();
    const base::ExitStatus status = take_steps(evaluator);
    evaluator.finish();
    evaluator.log_time(std::chrono::steady_clock::now() - start);
    spdlog::info("peak memory: {:.2f} GB",
                 static_cast<double>(peak_memory(device_)) / 1e9);
    counts_ = {.steps = state_.step - before.step,
               .skipped = state_.skipped - before.skipped,
               .tokens = state_.tokens - before.tokens,
               .targets = state_.targets - before.targets};
    return status;
  } catch (const base::Error&) {
    // Nothing was trained: undo everything, so that the same command can be
    // tried again.
    if (process_group_.is_rank_zero() && state_.step == 0) {
      run_directory_.discard(!has_preexisting_log_);
    }
    throw;
  }
}

// Brings the network, the optimizer, the state and the files of RUN to the step
// at which training continues, the same on every rank.
void TrainingRun::open() {
  const std::optional<int64_t> step = agree_on_resume_step();
  has_preexisting_log_ = std::filesystem::exists(run_directory_.log_path()) &&
                         !contains_run(run_directory_.path());
  process_group_.run_collectively([&] {
    if (process_group_.is_rank_zero()) {
      prepare_directory(/*is_new=*/!step);
    }
  });
  process_group_.run_collectively([&] {
    if (step) {
      resume(*step);
    } else {
      start_new();
    }
  });
  require_equal_on_all_ranks(process_group_, "configuration",
                             options_.fixed_configuration, {});
  require_equal_on_all_ranks(process_group_, "data", data_.fingerprint(),
                             data_.file_names());
  const TrainingData* validation = options_.validation_data;
  require_equal_on_all_ranks(
      process_group_, "validation data",
      validation ? validation->fingerprint() : nlohmann::json(),
      validation ? validation->file_names() : std::vector<std::string>());
  resolve_precision();
  network_->set_activation_checkpointing(config_.activation_checkpointing);
  process_group_.broadcast(network_->flat_parameters().detach());
  process_group_.run_collectively([this] {
    if (process_group_.is_rank_zero()) {
      prepare_run_files();
    }
  });
}

// Returns the step of the checkpoint that the run continues from; nullopt if it
// is new.
std::optional<int64_t> TrainingRun::agree_on_resume_step() {
  std::optional<int64_t> step;
  process_group_.run_collectively([&] {
    if (options_.resume && process_group_.is_rank_zero()) {
      run_directory_.restore_copied_checkpoints();
      step = run_directory_.latest_complete_checkpoint();
    }
  });
  const int64_t agreed = process_group_.broadcast(step.value_or(-1));
  return agreed < 0 ? std::nullopt : std::optional(agreed);
}

void TrainingRun::prepare_directory(bool is_new) {
  if (is_new) {
    run_directory_.reset();
  }
  if (options_.open_log) {
    options_.open_log(run_directory_.log_path());
  }
  run_directory_.remove_leftovers();
}

void TrainingRun::start_new() {
  network_ = options_.make_initial_network();
  network_->move_to(device_);
  make_optimizer();
  state_.configuration = options_.fixed_configuration;
  state_.data_fingerprint = data_.fingerprint();
  if (process_group_.is_rank_zero()) {
    state_.provenance = make_provenance(data_, options_);
  }
  spdlog::info("{} parameters, {} sequences of {} tokens",
               network_->parameter_count(), data_.row_count(),
               data_.sequence_length());
}

void TrainingRun::resume(int64_t step) {
  const std::filesystem::path checkpoint = run_directory_.checkpoint_path(step);
  state_ = read_training_state(checkpoint);
  state_.configuration = complete_configuration(state_.configuration,
                                                options_.default_configuration);
  check_resumable(state_, options_.fixed_configuration, data_, checkpoint);
  network_ = model::load_model(checkpoint).network;
  network_->move_to(device_);
  make_optimizer();
  read_optimizer_state(checkpoint, *network_, state_, optimizer_->state());
  validator_.forget_best_of_other_data();
  if (process_group_.is_rank_zero()) {
    run_directory_.set_references(step, best_step());
  }
  spdlog::info("resuming from {}", checkpoint.string());
}

std::optional<int64_t> TrainingRun::best_step() const {
  return state_.best ? std::optional(state_.best->step) : std::nullopt;
}

void TrainingRun::make_optimizer() {
  std::optional<FlatSlice> slice;
  if (config_.shard_optimizer) {
    slice =
        ShardLayout{network_->parameter_count(), process_group_.size()}.shard(
            process_group_.rank());
  }
  optimizer_ = train::make_optimizer(config_.optimizer, *network_, slice);
}

// Resolves a precision of "auto" once, on rank 0 when the run is new. All ranks
// and resumed runs then use the same precision.
void TrainingRun::resolve_precision() {
  const auto stored = state_.configuration.find("precision");
  std::string name = stored != state_.configuration.end() && stored->is_string()
                         ? stored->get<std::string>()
                         : "auto";
  if (name == "auto") {
    name = process_group_.broadcast(
        model::precision_name(model::parse_precision(name, device_)));
    state_.configuration["precision"] = name;
  }
  network_->set_precision(model::parse_precision(name, device_));
  spdlog::info("matmul precision: {}", name);
}

void TrainingRun::prepare_run_files() {
  run_directory_.truncate_metrics(state_.step);
  base::write_file(run_directory_.config_path(), options_.config_toml,
                   /*force=*/true);
  if (!options_.demonstrations.is_null()) {
    base::write_file(run_directory_.demonstrations_path(),
                     options_.demonstrations.dump() + "\n", /*force=*/true);
  }
  if (config_.tensorboard) {
    run_directory_.open_event_file(state_.step);
  }
}

base::ExitStatus TrainingRun::take_steps(PolicyEvaluator& evaluator) {
  const std::vector<data::TokenizedDocument> demonstrations =
      data_.demonstrations();
  TrainingStepper stepper(data_, config_,
                          {*network_, *optimizer_, state_, process_group_});
  CheckpointWriter checkpoints(run_directory_, config_, demonstrations,
                               *network_, optimizer_->state(), state_,
                               process_group_);
  MetricsAccumulator metrics = make_metrics();
  base::Progress progress(options_.progress, "training", "steps", config_.steps,
                          state_.step);
  BatchLoader loader(data_, config_.loader, state_.step);
  evaluator.start_if_due(*network_, state_.step, /*is_last=*/false);
  while (state_.step < config_.steps) {
    stepper.take_step(loader, metrics, has_stop_request());
    const bool is_last = state_.step == config_.steps;
    progress.set_done(state_.step,
                      fmt::format("loss {:.3f}", metrics.mean_loss()));
    const std::optional<BestCheckpoint> previous_best = state_.best;
    bool is_best = false;
    metrics.exclude(
        time_of([&] { is_best = validator_.validate_if_due(*network_); }));
    if (is_last || state_.step % config_.log_every == 0) {
      log_metrics(stepper, metrics);
    }
    // Several ranks must stop after the same step, so they use the stop request
    // that the step has summed over all of them.
    const bool should_stop = process_group_.is_single_process()
                                 ? has_stop_request()
                                 : stepper.should_stop();
    if (!is_last && should_stop) {
      evaluator.finish();
      stop_early(stepper, metrics, checkpoints);
      return base::ExitStatus::stopped_early;
    }
    // Do not save while steps are skipped: the weights may be unusable, and
    // pruning would remove the older checkpoints to go back to.
    const bool is_save_due = !is_last &&
                             state_.step % config_.save_every == 0 &&
                             !stepper.is_skipping();
    if (is_best || is_save_due || is_last) {
      metrics.exclude(time_of([&] { evaluator.finish(); }));
    }
    if (!is_last && is_best && !checkpoints.save_now_or_warn()) {
      state_.best = previous_best;  // whose checkpoint is on disk
    }
    if (is_save_due) {
      checkpoints.save_or_warn();
    }
    checkpoints.poll();
    evaluator.poll();
    if (!is_last) {
      metrics.exclude(time_of([&] {
        evaluator.start_if_due(*network_, state_.step, /*is_last=*/false);
      }));
    }
  }
  require_targets();
  checkpoints.save_final();
  evaluator.start_if_due(*network_, state_.step, /*is_last=*/true);
  spdlog::info("{} of {} steps are done: {}", state_.step, config_.steps,
               run_directory_.checkpoint_path(state_.step).string());
  return base::ExitStatus::success;
}

void TrainingRun::require_targets() const {
  if (state_.targets == 0 && state_.step > 0) {
    throw base::run_error(
        "{}: nothing was learned: no token of the sequences of {} steps is a "
        "target; only actions, and text after the first token of a sequence, "
        "are targets",
        data_.display_name(), state_.step);
  }
}

MetricsAccumulator TrainingRun::make_metrics() const {
  return MetricsAccumulator(
      {.config = network_->config(),
       .sequence_length = data_.sequence_length(),
       .device = network_->device(),
       .peak_flops_per_second = measure_matmul_flops_per_second(
           network_->device(), network_->precision()),
       .world_size = process_group_.size()});
}

// Logs the metrics since the last line and saves a checkpoint.
void TrainingRun::stop_early(const TrainingStepper& stepper,
                             MetricsAccumulator& metrics,
                             CheckpointWriter& checkpoints) {
  if (metrics.step_count() > 0) {
    log_metrics(stepper, metrics);
  }
  checkpoints.save_final();
  spdlog::info(
      "{}: saved {}; the same command with --resume continues from there",
      stop_reason(/*has_other_ranks=*/process_group_.size() > 1),
      run_directory_.checkpoint_path(state_.step).string());
}

bool TrainingRun::has_stop_request() const {
  if (base::received_stop_signal() != 0) {
    return true;
  }
  return config_.max_seconds > 0 &&
         seconds_since(options_.start_time) >= config_.max_seconds;
}

void TrainingRun::log_metrics(const TrainingStepper& stepper,
                              MetricsAccumulator& metrics) {
  metrics.loss_table() = stepper.all_reduce_losses(metrics.loss_table());
  const nlohmann::json line = metrics.take_line(state_.step, data_.tasks());
  if (process_group_.is_rank_zero()) {
    run_directory_.append_metrics(line);
  }
}

}  // namespace gato::train
