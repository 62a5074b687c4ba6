#include "gato/train/run/training_run.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "gato/base/digest.h"
#include "gato/base/file_io.h"
#include "gato/base/signals.h"
#include "gato/model/device.h"
#include "gato/model/model_directory.h"
#include "gato/train/evaluate_loss.h"
#include "gato/train/input/fingerprint.h"
#include "gato/train/resource_usage.h"

// run() has two phases. open() brings all ranks to the same state: rank 0
// chooses the checkpoint and prepares the directory, every rank then loads or
// makes the network and the optimizer, and rank 0's parameters are broadcast.
// train_loop() takes steps and, after each of them, evaluates, logs, stops or
// saves if it is time to. Stop requests are part of the totals of a step, so
// all ranks stop after the same step.
namespace gato::train {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

nlohmann::json make_provenance(const TrainingData& data,
                               const data::RunRecord& record) {
  data::Provenance provenance(record);
  if (!provenance.enabled) {
    return nullptr;
  }
  data.record_inputs(provenance);
  return provenance.to_json();
}

// Throws if the options or the data of a resumed run differ from the stored
// ones. A precision of "auto" matches any stored precision.
void check_resumable(const TrainingState& stored, const nlohmann::json& fixed,
                     const TrainingData& data,
                     const std::filesystem::path& path) {
  for (const auto& [key, value] : stored.configuration.items()) {
    if (!fixed.contains(key) || (key == "precision" && fixed[key] == "auto")) {
      continue;
    }
    if (fixed[key] != value) {
      throw base::usage_error(
          "{} was started with {} = {}, not {}: omit --{}, or train in another "
          "directory",
          path.string(), key, value.dump(), fixed[key].dump(), key);
    }
  }
  if (stored.data_fingerprint != data.fingerprint()) {
    throw base::input_error(
        "{} was started with different data: {}: give the data that the run "
        "was started with, or train in another directory",
        path.string(),
        describe_fingerprint_change(stored.data_fingerprint, data.fingerprint(),
                                    data.file_names()));
  }
}

std::string stop_reason() {
  if (const int signal = base::received_stop_signal()) {
    return fmt::format("stopped by signal {} ({})", signal,
                       ::strsignal(signal));
  }
  return "time limit reached, or another rank was asked to stop";
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
                                          : RunDirectory::Role::observer) {
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
    const TrainingState before = state_;
    const base::ExitStatus status = train_loop();
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
  require_equal_on_all_ranks("configuration", options_.fixed_configuration, {});
  require_equal_on_all_ranks("data", data_.fingerprint(), data_.file_names());
  const TrainingData* validation = options_.validation_data;
  require_equal_on_all_ranks(
      "validation data",
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
    state_.provenance = make_provenance(data_, options_.record);
  }
  spdlog::info("{} parameters, {} sequences of {} tokens",
               network_->parameter_count(), data_.row_count(),
               data_.sequence_length());
}

void TrainingRun::resume(int64_t step) {
  const std::filesystem::path checkpoint = run_directory_.checkpoint_path(step);
  state_ = read_training_state(checkpoint);
  check_resumable(state_, options_.fixed_configuration, data_, checkpoint);
  network_ = model::load_model(checkpoint).network;
  network_->move_to(device_);
  make_optimizer();
  read_optimizer_state(checkpoint, *network_, state_, *optimizer_);
  forget_best_of_other_data();
  if (process_group_.is_rank_zero()) {
    run_directory_.set_references(step, best_step());
  }
  spdlog::info("resuming from {}", checkpoint.string());
}

// The losses of different data cannot be compared, so the choice of the best
// checkpoint starts again if the validation data has changed.
void TrainingRun::forget_best_of_other_data() {
  if (!state_.best || !options_.validation_data ||
      state_.best->validation_digest == validation_digest()) {
    return;
  }
  if (process_group_.is_rank_zero()) {
    spdlog::warn(
        "{}: the validation data has changed: the best checkpoint, so far that "
        "of step {}, is chosen again",
        options_.validation_data->display_name(), state_.best->step);
  }
  state_.best.reset();
}

std::string TrainingRun::validation_digest() const {
  return base::digest_bytes(options_.validation_data->fingerprint().dump());
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
  optimizer_ =
      std::make_unique<AdamW>(config_.optimizer, network_->flat_parameters(),
                              network_->decayed_parameter_count(), slice);
}

void TrainingRun::require_equal_on_all_ranks(
    const char* what, const nlohmann::json& json,
    const std::vector<std::string>& files) {
  const std::string own = json.dump(), first = process_group_.broadcast(own);
  process_group_.run_collectively([&] {
    if (own != first) {
      throw base::usage_error(
          "the {} of rank {} differs from that of rank 0: {}", what,
          process_group_.rank(),
          describe_fingerprint_change(nlohmann::json::parse(first), json,
                                      files));
    }
  });
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
  if (config_.tensorboard) {
    run_directory_.open_event_file(state_.step);
  }
}

base::ExitStatus TrainingRun::train_loop() {
  at::set_num_threads(static_cast<int>(config_.gradient.threads));
  const base::ScopedStopDeferral defer_stop;
  const std::vector<data::TokenizedDocument> demonstrations =
      data_.demonstrations();
  TrainingStepper stepper(data_, config_,
                          {*network_, *optimizer_, state_, process_group_});
  CheckpointWriter checkpoints(run_directory_, config_, demonstrations,
                               *network_, *optimizer_, state_, process_group_);
  MetricsAccumulator metrics = make_metrics();
  base::Progress progress(options_.progress, "training", "steps", config_.steps,
                          state_.step);
  BatchLoader loader(data_, config_.loader, state_.step);
  while (state_.step < config_.steps) {
    stepper.take_step(loader, metrics, has_stop_request());
    const bool is_last = state_.step == config_.steps;
    progress.set_done(state_.step,
                      fmt::format("loss {:.3f}", metrics.mean_loss()));
    const auto evaluation_start = std::chrono::steady_clock::now();
    evaluate_if_due(is_last);
    const std::optional<BestCheckpoint> previous_best = state_.best;
    const bool is_best = validate_if_due();
    metrics.exclude(std::chrono::steady_clock::now() - evaluation_start);
    if (is_last || state_.step % config_.log_every == 0) {
      log_metrics(stepper, metrics);
    }
    // Several ranks must stop after the same step, so they use the stop request
    // that the step has summed over all of them.
    const bool should_stop = process_group_.is_single_process()
                                 ? has_stop_request()
                                 : stepper.should_stop();
    if (!is_last && should_stop) {
      stop_early(stepper, metrics, checkpoints);
      return base::ExitStatus::stopped_early;
    }
    if (!is_last && is_best && !checkpoints.save_now_or_warn()) {
      state_.best = previous_best;  // whose checkpoint is on disk
    }
    // Do not save while steps are skipped: the weights may be unusable, and
    // pruning would remove the older checkpoints to go back to.
    if (!is_last && state_.step % config_.save_every == 0 &&
        !stepper.is_skipping()) {
      checkpoints.save_or_warn();
    }
    checkpoints.poll();
  }
  checkpoints.save_final();
  spdlog::info("{} of {} steps are done: {}", state_.step, config_.steps,
               run_directory_.checkpoint_path(state_.step).string());
  return base::ExitStatus::success;
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
      stop_reason(), run_directory_.checkpoint_path(state_.step).string());
}

bool TrainingRun::has_stop_request() const {
  if (base::received_stop_signal() != 0) {
    return true;
  }
  return config_.max_seconds > 0 &&
         seconds_since(options_.start_time) >= config_.max_seconds;
}

void TrainingRun::evaluate_if_due(bool is_last) {
  if (options_.evaluate_every == 0 || !process_group_.is_rank_zero() ||
      (!is_last && state_.step % options_.evaluate_every != 0)) {
    return;
  }
  nlohmann::json line = options_.evaluate(*network_);
  line["step"] = state_.step;
  run_directory_.append_metrics(line);
}

// Computes the validation loss, of which each rank computes its part, and
// records it. Returns whether the network is the best so far; state_.best is
// then this step, whose checkpoint has not been saved yet.
bool TrainingRun::validate_if_due() {
  if (!options_.validation_data || state_.step % config_.validate_every != 0) {
    return false;
  }
  const data::TaskTable& tasks = options_.validation_data->tasks();
  at::Tensor sums = compute_losses(*network_, *options_.validation_data,
                                   {.threads = config_.gradient.threads,
                                    .rank = process_group_.rank(),
                                    .world_size = process_group_.size()})
                        .to_tensor(std::ssize(tasks.tasks));
  process_group_.all_reduce(sums);
  const LossTable losses(sums);
  const double loss = losses.target_count() > 0
                          ? losses.mean()
                          : std::numeric_limits<double>::quiet_NaN();
  if (process_group_.is_rank_zero()) {
    run_directory_.append_metrics(
        {{"step", state_.step}, {"validation", losses.to_json(tasks)}});
    if (!std::isfinite(loss)) {
      spdlog::warn("step {}: the validation loss is {}", state_.step, loss);
    }
  }
  if (!config_.keep_best || !std::isfinite(loss) ||
      (state_.best && state_.best->loss <= loss)) {
    return false;
  }
  state_.best = BestCheckpoint{state_.step, loss, validation_digest()};
  return true;
}

void TrainingRun::log_metrics(const TrainingStepper& stepper,
                              MetricsAccumulator& metrics) {
  metrics.loss_table() = stepper.all_reduce_losses(metrics.loss_table());
  const nlohmann::json line = metrics.take_line(state_.step, data_.tasks());
  if (process_group_.is_rank_zero()) {
    run_directory_.append_metrics(line);
  }
}

void check_output_directory(const std::filesystem::path& output, bool resume,
                            bool force,
                            const std::vector<std::string>& config_files) {
  namespace fs = std::filesystem;
  if (output == "-") {
    throw base::usage_error(
        "'-' is not a valid name for the directory of a run");
  }
  base::check_not_dangling_symlink(output);
  std::error_code ignored;
  if (!fs::exists(output, ignored)) {
    return;
  }
  if (!fs::is_directory(output, ignored)) {
    throw base::usage_error(
        "{} is not a directory: choose another name for the run",
        output.string());
  }
  const bool is_resumed = resume && contains_run(output);
  for (const std::string& config : config_files) {
    if (!is_resumed &&
        fs::equivalent(config, output / "config.toml", ignored)) {
      throw base::usage_error(
          "{} is read with --config, and the run would overwrite it: copy it "
          "out of {}",
          config, output.string());
    }
  }
  if (force || is_effectively_empty(output)) {
    return;
  }
  if (!contains_run(output)) {
    throw base::usage_error(
        "{} contains files but no run: choose another directory, or start a "
        "run beside them with --force",
        output.string());
  }
  if (!resume) {
    throw base::usage_error(
        "{} already contains a run: --resume continues it, --force replaces it",
        output.string());
  }
}

void check_compatible(const model::ModelConfig& config,
                      const TrainingData& data) {
  if (!config.vocabulary.has_same_ids(data.vocabulary())) {
    throw base::input_error(
        "the vocabulary of {} differs from the model's: tokenize with the "
        "model's own tokenizer.model",
        data.display_name());
  }
  if (config.context < data.sequence_length()) {
    throw base::usage_error(
        "{} has sequences of {} tokens, but the context of the network is {}: "
        "pack with --length {}, or make a new network with a larger --context",
        data.display_name(), data.sequence_length(), config.context,
        config.context);
  }
}

}  // namespace gato::train
