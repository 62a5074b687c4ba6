#include "gato/train/run/training_run.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/cli/terminal_progress.h"
#include "gato/data/provenance.h"
#include "gato/model/device.h"
#include "gato/model/model_directory.h"
#include "gato/train/resource_usage.h"
#include "gato/train/run/run_directory.h"

namespace gato::train {
namespace {

nlohmann::json make_provenance(const TrainingData& data,
                               const cli::CommandContext& context) {
  data::Provenance provenance(context);
  if (!provenance.enabled) return nullptr;
  data.record_inputs(provenance);
  return provenance.to_json();
}

// A resumed run continues the stored one, or is refused. It keeps the precision
// that "auto" was when it started.
void check_resumable(const TrainingState& stored,
                     const nlohmann::json& immutable, const TrainingData& data,
                     const std::filesystem::path& path) {
  for (const auto& [key, value] : stored.configuration.items()) {
    if (!immutable.contains(key)) continue;
    if (key == "precision" && immutable[key] == "auto") continue;
    if (immutable[key] != value) {
      throw base::usage_error(
          "{} was started with {} = {}, not {}: leave --{} out, or train into "
          "another directory",
          path.string(), key, value.dump(), immutable[key].dump(), key);
    }
  }
  if (stored.data_fingerprint != data.fingerprint()) {
    throw base::input_error("{} was started with other data: {}, not {}",
                            path.string(), stored.data_fingerprint.dump(),
                            data.fingerprint().dump());
  }
}

class TrainingRun {
 public:
  TrainingRun(const TrainingRunOptions& session,
              const cli::CommandContext& context)
      : options_(session),
        context_(context),
        process_group_(session.process_group ? *session.process_group
                                             : single_process_),
        device_(model::parse_device(session.optimization.device,
                                    process_group_.launch().local_rank)),
        run_directory_(session.output, process_group_.is_rank_zero()
                                           ? RunDirectory::Role::owner
                                           : RunDirectory::Role::observer) {}

  base::ExitStatus run() {
    const auto step = agree_on_resume_step();
    has_preexisting_log_ = std::filesystem::exists(run_directory_.log_path()) &&
                           !holds_run(run_directory_.path());
    try {
      process_group_.run_collectively([&] {
        if (process_group_.is_rank_zero()) prepare_directory(!step);
      });
      process_group_.run_collectively([&] {
        if (step) {
          resume(*step);
        } else {
          start_new();
        }
      });
      require_equal_on_all_ranks(
          "configuration", commands::immutable_config(options_.configuration));
      require_equal_on_all_ranks("data", options_.data.fingerprint());
      resolve_precision();
      return continue_training();
    } catch (const base::Error&) {
      if (process_group_.is_rank_zero() && state_.step == 0)
        run_directory_.discard(!has_preexisting_log_);
      throw;
    }
  }

 private:
  // Of the checkpoint that the run goes on from; none where it starts.
  std::optional<int64_t> agree_on_resume_step() {
    std::optional<int64_t> step;
    if (options_.run_options.resume && process_group_.is_rank_zero()) {
      step = run_directory_.latest_complete_checkpoint();
    }
    const int64_t agreed = process_group_.broadcast(step.value_or(-1));
    return agreed < 0 ? std::nullopt : std::optional(agreed);
  }

  void require_equal_on_all_ranks(const char* what,
                                  const nlohmann::json& json) {
    const std::string own = json.dump(), first = process_group_.broadcast(own);
    process_group_.run_collectively([&] {
      if (own == first) return;
      throw base::usage_error("rank {} has another {} than rank 0: {}, not {}",
                              process_group_.rank(), what, own, first);
    });
  }

  // What "auto" is on the machine of the first rank, where the run starts, is
  // it everywhere and for good.
  void resolve_precision() {
    std::string name = state_.configuration.value("precision", "auto");
    if (name == "auto") {
      name = process_group_.broadcast(
          model::precision_name(model::parse_precision(name, device_)));
      state_.configuration["precision"] = name;
    }
    network_->set_precision(model::parse_precision(name, device_));
    spdlog::info("products are computed in {}", name);
  }

  void prepare_directory(bool is_new) const {
    if (is_new) run_directory_.reset();
    open_log();
    run_directory_.remove_leftovers();
  }

  void open_log() const {
    if (!context_.common.log_file.empty()) return;
    cli::configure_logging(context_.common.log_level, context_.common.quiet,
                           run_directory_.log_path().string());
  }

  void start_new() {
    network_ = options_.make_initial_network();
    network_->move_to(device_);
    make_optimizer();
    state_.configuration = commands::immutable_config(options_.configuration);
    state_.data_fingerprint = options_.data.fingerprint();
    if (process_group_.is_rank_zero()) {
      state_.provenance = make_provenance(options_.data, context_);
    }
    spdlog::info("{} parameters, {} sequences of {} tokens",
                 network_->parameter_count(), options_.data.row_count(),
                 options_.data.sequence_length());
  }

  void resume(int64_t step) {
    const std::filesystem::path checkpoint =
        run_directory_.checkpoint_path(step);
    state_ = read_training_state(checkpoint);
    check_resumable(state_, commands::immutable_config(options_.configuration),
                    options_.data, checkpoint);
    network_ = model::load_model(checkpoint).network;
    network_->move_to(device_);
    make_optimizer();
    read_optimizer_state(checkpoint, *network_, state_, *optimizer_);
    if (process_group_.is_rank_zero()) run_directory_.set_latest(step);
    spdlog::info("resuming from {}", checkpoint.string());
  }

  base::ExitStatus continue_training() {
    network_->set_activation_checkpointing(
        options_.optimization.activation_checkpointing);
    process_group_.broadcast(network_->flat_parameters().detach());
    process_group_.run_collectively([this] {
      if (process_group_.is_rank_zero()) prepare_run_files();
    });
    TrainerOptions options = commands::make_trainer_options(
        options_.optimization, options_.run_options,
        options_.data.sequence_length(), options_.threads,
        context_.common.seed);
    options.loader.device = device_;
    options.loader.rank = process_group_.rank();
    options.loader.world_size = process_group_.size();
    options.shard_optimizer = options_.shard_optimizer;
    options.start_time = options_.start_time;
    options.evaluate_every = options_.evaluate_every;
    options.evaluate = [this](int64_t) { return options_.evaluate(*network_); };
    const TrainingState before = state_;
    const base::ExitStatus status =
        run_training_loop(options_.data, run_directory_, options,
                          {*network_, *optimizer_, state_, process_group_});
    spdlog::info("peak of memory: {:.2f} GB",
                 double(peak_memory(device_)) / 1e9);
    cli::log_counts({{"steps", state_.step - before.step},
                     {"skipped", state_.skipped - before.skipped},
                     {"tokens", state_.tokens - before.tokens},
                     {"targets", state_.targets - before.targets}});
    return status;
  }

  void prepare_run_files() {
    run_directory_.truncate_metrics(state_.step);
    base::write_file(run_directory_.config_path(), options_.config_toml,
                     /*force=*/true);
    if (options_.run_options.tensorboard)
      run_directory_.open_event_file(state_.step);
  }

  void make_optimizer() {
    std::optional<FlatSlice> slice;
    if (options_.shard_optimizer) {
      slice =
          ShardLayout{network_->parameter_count(), process_group_.size()}.shard(
              process_group_.rank());
    }
    optimizer_ = std::make_unique<AdamW>(
        options_.optimization.adamw, network_->flat_parameters(),
        network_->decayed_parameter_count(), slice);
  }

  const TrainingRunOptions& options_;
  const cli::CommandContext& context_;
  ProcessGroup single_process_;
  ProcessGroup& process_group_;
  const at::Device device_;
  RunDirectory run_directory_;
  bool has_preexisting_log_ = false;  // one that no run has left
  std::unique_ptr<model::Network> network_;
  std::unique_ptr<AdamW> optimizer_;
  TrainingState state_;
};

}  // namespace

void check_output_directory(const std::filesystem::path& output, bool resume,
                            const cli::CommonOptions& common) {
  namespace fs = std::filesystem;
  if (output == "-")
    throw base::usage_error("- is no name for the directory of a run");
  base::check_not_dangling_symlink(output);
  std::error_code ignored;
  if (!fs::exists(output, ignored)) return;
  if (!fs::is_directory(output, ignored)) {
    throw base::usage_error(
        "{} is no directory: choose another name for the run", output.string());
  }
  const bool is_resumed = resume && holds_run(output);
  for (const std::string& config : common.config_files) {
    if (!is_resumed &&
        fs::equivalent(config, output / "config.toml", ignored)) {
      throw base::usage_error(
          "{} is read with --config, and the run would overwrite it: copy it "
          "out of {}",
          config, output.string());
    }
  }
  if (common.force || is_effectively_empty(output)) return;
  if (!holds_run(output)) {
    throw base::usage_error(
        "{} holds files but no run; choose another directory, or start one "
        "beside them with --force",
        output.string());
  }
  if (!resume) {
    throw base::usage_error(
        "{} exists; --resume goes on with it, --force replaces it",
        output.string());
  }
}

void check_compatible(const model::ModelConfig& config,
                      const TrainingData& data) {
  if (!config.vocabulary.has_same_ids(data.vocabulary())) {
    throw base::input_error(
        "{} has another vocabulary than the model; tokenize with the model's "
        "own tokenizer.model",
        data.display_name());
  }
  if (config.context < data.sequence_length()) {
    throw base::usage_error(
        "{} has sequences of {} tokens, the network a context of {}; make "
        "sequences of --length {}, or a new network of a larger --context",
        data.display_name(), data.sequence_length(), config.context,
        config.context);
  }
}

base::ExitStatus run_training(const TrainingRunOptions& session,
                              const cli::CommandContext& context) {
  return TrainingRun(session, context).run();
}

}  // namespace gato::train
