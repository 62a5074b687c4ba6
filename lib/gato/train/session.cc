#include "gato/train/session.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "gato/base/output.h"
#include "gato/cli/log.h"
#include "gato/cli/progress.h"
#include "gato/data/provenance.h"
#include "gato/model/device.h"
#include "gato/model/directory.h"
#include "gato/train/memory.h"
#include "gato/train/run_directory.h"

namespace gato {
namespace {

nlohmann::json provenance_of(const TrainingData& data,
                             const cli::Context& context) {
  Provenance provenance(context);
  if (!provenance.enabled) return nullptr;
  data.record(provenance);
  return provenance.to_json();
}

// A resumed run continues the stored one, or is refused. It keeps the precision
// that "auto" was when it started.
void check_same_run(const TrainingState& stored, const nlohmann::json& lasting,
                    const TrainingData& data,
                    const std::filesystem::path& path) {
  for (const auto& [key, value] : stored.configuration.items()) {
    if (!lasting.contains(key)) continue;
    if (key == "precision" && lasting[key] == "auto") continue;
    if (lasting[key] != value) {
      throw usage_error(
          "{} was started with {} = {}, not {}: leave --{} out, or train into "
          "another directory",
          path.string(), key, value.dump(), lasting[key].dump(), key);
    }
  }
  if (stored.data != data.fingerprint()) {
    throw input_error("{} was started with other data: {}, not {}",
                      path.string(), stored.data.dump(),
                      data.fingerprint().dump());
  }
}

class Runner {
 public:
  Runner(const Session& session, const cli::Context& context)
      : session_(session),
        context_(context),
        ranks_(session.ranks ? *session.ranks : alone_),
        device_(device_named(session.optimisation.device,
                             ranks_.launch().local_rank)),
        run_(session.output, ranks_.is_first() ? RunDirectory::Role::owner
                                               : RunDirectory::Role::guest) {}

  ExitStatus run() {
    const auto step = first_step();
    has_foreign_log_ =
        std::filesystem::exists(run_.log()) && !holds_run(run_.path());
    try {
      ranks_.together([&] {
        if (ranks_.is_first()) prepare_directory(!step);
      });
      ranks_.together([&] {
        if (step) {
          resume(*step);
        } else {
          start();
        }
      });
      check_alike("configuration", lasting_part(session_.configuration));
      check_alike("data", session_.data.fingerprint());
      agree_on_precision();
      return go_on();
    } catch (const Error&) {
      if (ranks_.is_first() && state_.step == 0)
        run_.abandon(!has_foreign_log_);
      throw;
    }
  }

 private:
  // Of the checkpoint that the run goes on from; none where it starts.
  std::optional<int64_t> first_step() {
    std::optional<int64_t> step;
    if (session_.run.resume && ranks_.is_first()) {
      step = run_.newest_whole_checkpoint();
    }
    const int64_t agreed = ranks_.broadcast(step.value_or(-1));
    return agreed < 0 ? std::nullopt : std::optional(agreed);
  }

  void check_alike(const char* what, const nlohmann::json& json) {
    const std::string own = json.dump(), first = ranks_.broadcast(own);
    ranks_.together([&] {
      if (own == first) return;
      throw usage_error("rank {} has another {} than rank 0: {}, not {}",
                        ranks_.rank(), what, own, first);
    });
  }

  // What "auto" is on the machine of the first rank, where the run starts, is
  // it everywhere and for good.
  void agree_on_precision() {
    std::string name = state_.configuration.value("precision", "auto");
    if (name == "auto") {
      name = ranks_.broadcast(name_of(precision_named(name, device_)));
      state_.configuration["precision"] = name;
    }
    network_->set_precision(precision_named(name, device_));
    spdlog::info("products are computed in {}", name);
  }

  void prepare_directory(bool is_new) const {
    if (is_new) run_.start_anew();
    open_log();
    run_.remove_leftovers();
  }

  void open_log() const {
    if (!context_.common.log_file.empty()) return;
    cli::configure_log(context_.common.log_level, context_.common.quiet,
                       run_.log().string());
  }

  void start() {
    network_ = session_.start();
    network_->move_to(device_);
    make_optimiser();
    state_.configuration = lasting_part(session_.configuration);
    state_.data = session_.data.fingerprint();
    if (ranks_.is_first()) {
      state_.provenance = provenance_of(session_.data, context_);
    }
    spdlog::info("{} parameters, {} sequences of {} tokens",
                 network_->parameter_count(), session_.data.rows(),
                 session_.data.length());
  }

  void resume(int64_t step) {
    const std::filesystem::path checkpoint = run_.checkpoint(step);
    state_ = read_state(checkpoint);
    check_same_run(state_, lasting_part(session_.configuration), session_.data,
                   checkpoint);
    network_ = load_model(checkpoint).network;
    network_->move_to(device_);
    make_optimiser();
    read_optimiser(checkpoint, *network_, state_, *optimiser_);
    if (ranks_.is_first()) run_.set_latest(step);
    spdlog::info("resuming from {}", checkpoint.string());
  }

  ExitStatus go_on() {
    network_->set_activation_checkpointing(
        session_.optimisation.activation_checkpointing);
    ranks_.broadcast(network_->flat().detach());
    ranks_.together([this] {
      if (ranks_.is_first()) prepare_files();
    });
    TrainerOptions options = trainer_options(
        session_.optimisation, session_.run, session_.data.length(),
        session_.threads, context_.common.seed);
    options.loader.device = device_;
    options.loader.rank = ranks_.rank();
    options.loader.ranks = ranks_.size();
    options.shard_optimizer = session_.shard_optimizer;
    options.started = session_.started;
    options.evaluate_every = session_.evaluate_every;
    options.evaluate = [this](int64_t) { return session_.evaluate(*network_); };
    const TrainingState before = state_;
    const ExitStatus status = train(session_.data, run_, options,
                                    {*network_, *optimiser_, state_, ranks_});
    spdlog::info("peak of memory: {:.2f} GB",
                 double(peak_memory(device_)) / 1e9);
    cli::report_counts({{"steps", state_.step - before.step},
                        {"skipped", state_.skipped - before.skipped},
                        {"tokens", state_.tokens - before.tokens},
                        {"targets", state_.targets - before.targets}});
    return status;
  }

  void prepare_files() {
    run_.truncate_metrics(state_.step);
    write_file(run_.configuration(), session_.config_toml, /*force=*/true);
    if (session_.run.tensorboard) run_.open_events(state_.step);
  }

  void make_optimiser() {
    std::optional<FlatSlice> slice;
    if (session_.shard_optimizer) {
      slice = FlatSlices{network_->parameter_count(), ranks_.size()}.of_rank(
          ranks_.rank());
    }
    optimiser_ =
        std::make_unique<AdamW>(session_.optimisation.adamw, network_->flat(),
                                network_->decaying_count(), slice);
  }

  const Session& session_;
  const cli::Context& context_;
  Ranks alone_;
  Ranks& ranks_;
  const at::Device device_;
  RunDirectory run_;
  bool has_foreign_log_ = false;  // one that no run has left
  std::unique_ptr<Network> network_;
  std::unique_ptr<AdamW> optimiser_;
  TrainingState state_;
};

}  // namespace

void check_run_output(const std::filesystem::path& output, bool resume,
                      const cli::CommonOptions& common) {
  namespace fs = std::filesystem;
  if (output == "-")
    throw usage_error("- is no name for the directory of a run");
  check_link(output);
  std::error_code ignored;
  if (!fs::exists(output, ignored)) return;
  if (!fs::is_directory(output, ignored)) {
    throw usage_error("{} is no directory: choose another name for the run",
                      output.string());
  }
  const bool is_resumed = resume && holds_run(output);
  for (const std::string& config : common.config) {
    if (!is_resumed &&
        fs::equivalent(config, output / "config.toml", ignored)) {
      throw usage_error(
          "{} is read with --config, and the run would overwrite it: copy it "
          "out of {}",
          config, output.string());
    }
  }
  if (common.force || holds_nothing(output)) return;
  if (!holds_run(output)) {
    throw usage_error(
        "{} holds files but no run; choose another directory, or start one "
        "beside them with --force",
        output.string());
  }
  if (!resume) {
    throw usage_error(
        "{} exists; --resume goes on with it, --force replaces it",
        output.string());
  }
}

void check_fit(const ModelConfig& config, const TrainingData& data) {
  if (!config.vocabulary.same_ids(data.vocabulary())) {
    throw input_error(
        "{} has another vocabulary than the model; tokenize with the model's "
        "own tokenizer.model",
        data.label());
  }
  if (config.context < data.length()) {
    throw usage_error(
        "{} has sequences of {} tokens, the network a context of {}; make "
        "sequences of --length {}, or a new network of a larger --context",
        data.label(), data.length(), config.context, config.context);
  }
}

ExitStatus run_session(const Session& session, const cli::Context& context) {
  return Runner(session, context).run();
}

}  // namespace gato
