// Every option says what happens to it when a run is resumed: it keeps its
// value (fixed_on_resume), may get a new one (may_change_on_resume), or applies
// to one invocation only and is not saved (per_invocation).
#include "gato/commands/train/training_options.h"

#include <limits>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"
#include "gato/cli/logging.h"
#include "gato/cli/toml_config.h"
#include "gato/commands/device_options.h"

namespace gato::commands {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

train::OptimizerKind parse_optimizer(const std::string& name) {
  return name == "muon" ? train::OptimizerKind::muon
                        : train::OptimizerKind::adamw;
}

train::LossReduction parse_loss_reduction(const std::string& name) {
  if (name == "task") {
    return train::LossReduction::task;
  }
  return name == "modality" ? train::LossReduction::modality
                            : train::LossReduction::token;
}

void add_schedule_options(cli::OptionTable& table, TrainingOptions& options) {
  train::TrainingConfig& config = options.config;
  table
      .add("optimizer", &options.optimizer,
           "adamw: that of the paper. muon: matrices of the blocks are updated "
           "by their orthogonalized momentum, everything else by AdamW, at the "
           "same learning rate; not with --shard-optimizer")
      .one_of({"adamw", "muon"})
      .metavar("NAME")
      .fixed_on_resume();
  table.add("learning-rate", &config.schedule.peak_rate, "Peak learning rate")
      .range(0, 1000)
      .fixed_on_resume();
  table
      .add("warmup-steps", &config.schedule.warmup_steps,
           "Length of the linear warmup in steps, from a learning rate of 1e-7 "
           "to the peak")
      .range(0, 1e12)
      .fixed_on_resume();
  table
      .add("decay-steps", &config.schedule.decay_steps,
           "Last step of the cosine decay to a tenth of the peak learning "
           "rate, which then stays constant; 0: no decay")
      .range(0, 1e12)
      .fixed_on_resume();
  table
      .add("weight-decay", &config.optimizer.weight_decay,
           "Decoupled weight decay, for weight matrices only; AdamW without it "
           "is Adam")
      .range(0, 1000)
      .fixed_on_resume();
  table
      .add("gradient-clip", &config.optimizer.max_gradient_norm,
           "Maximum norm of the gradient; 0: no clipping")
      .range(0, kUnlimited)
      .fixed_on_resume();
}

void add_regularization_options(cli::OptionTable& table,
                                TrainingOptions& options) {
  train::TrainingConfig& config = options.config;
  table
      .add("stochastic-depth", &config.gradient.stochastic_depth,
           "Stochastic depth: the probability, per sequence, that a residual "
           "branch is dropped")
      .metavar("P")
      .range(0, 0.99)
      .fixed_on_resume();
  table
      .add("dropout", &config.gradient.dropout,
           "Dropout rate of the attention output, the feed-forward output and "
           "the hidden feed-forward layer")
      .metavar("P")
      .range(0, 0.99)
      .fixed_on_resume();
  table
      .add("loss-average", &options.loss_reduction,
           "How the loss is averaged over a batch. token: over target tokens. "
           "task: over tasks. modality: over tasks and, within each, over text "
           "and action tokens")
      .one_of({"token", "task", "modality"})
      .metavar("UNIT")
      .fixed_on_resume();
  table
      .add("target-smoothing", &config.gradient.target_smoothing,
           "Gaussian label smoothing over neighboring bins for continuous "
           "actions: the standard deviation in bins; 0: none")
      .range(0, 1024)
      .fixed_on_resume();
  table
      .add("blank-actions", &config.loader.action_mask_probability,
           "Probability, per sequence, that its action tokens are masked in "
           "the input, that is, replaced by the separator token")
      .metavar("P")
      .range(0, 1)
      .fixed_on_resume();
}

void add_device_options(cli::OptionTable& table,
                        train::TrainingConfig& config) {
  add_precision_option(table, config.precision,
                       "; it is fixed by rank 0 when a run starts");
  add_device_option(table, config.device);
  table
      .add("activation-checkpointing", &config.activation_checkpointing,
           "Keep only the input of each block and recompute the block in the "
           "backward pass, which uses less memory for about a third more "
           "computation")
      .may_change_on_resume();
}

void add_checkpoint_options(cli::OptionTable& table,
                            train::TrainingConfig& config) {
  table
      .add("save-every", &config.save_every,
           "Training steps between checkpoints")
      .range(1, 1e12)
      .may_change_on_resume();
  table
      .add("asynchronous-save", &config.asynchronous_save,
           "Write checkpoints in the background, from a copy of the state that "
           "takes 12 bytes per parameter; the last checkpoint is written "
           "before the program exits")
      .may_change_on_resume();
  table
      .add("keep", &config.keep,
           "Number of recent checkpoints to keep; 0: all of them")
      .range(0, 1e9)
      .may_change_on_resume();
  table
      .add("keep-every", &config.keep_every,
           "Also keep the checkpoint of every N-th step; 0: none")
      .range(0, 1e12)
      .may_change_on_resume();
}

}  // namespace

void add_network_options(cli::OptionTable& table, NetworkOptions& options) {
  model::ModelConfig& config = options.config;
  table.begin_group("Network");
  table.add("layers", &config.layers, "Number of transformer blocks")
      .range(1, 1000)
      .fixed_on_resume();
  table.add("width", &config.width, "Model dimension, d_model")
      .range(1, 1 << 20)
      .fixed_on_resume();
  table.add("heads", &config.heads, "Number of attention heads")
      .range(1, 4096)
      .fixed_on_resume();
  table.add("key-size", &config.key_size, "Dimension of an attention head")
      .range(1, 1 << 16)
      .fixed_on_resume();
  table
      .add("feedforward", &config.feedforward,
           "Hidden dimension of the feed-forward layers, gate and value "
           "together: GEGLU halves it")
      .range(2, 1 << 22)
      .fixed_on_resume();
  table
      .add("context", &config.context,
           "Context length in tokens; at least the length of the sequences")
      .range(1, 1 << 24)
      .fixed_on_resume();
  table
      .add("position", &options.position_encoding,
           "Position encoding of the attention. relative: that of "
           "Transformer-XL and of the paper. rotary: faster")
      .one_of({"relative", "rotary"})
      .metavar("ENCODING")
      .fixed_on_resume();
  table
      .add("action-position", &options.action_position_encoding,
           "Position embedding of action tokens within their time step. "
           "shared: the same for all of them, as in the paper. none: they have "
           "none")
      .one_of({"shared", "none"})
      .metavar("EMBEDDING")
      .fixed_on_resume();
  table
      .add("document-mask", &config.document_mask,
           "Let tokens attend only to their own document or window, and to the "
           "prompt, instead of to all earlier tokens of the sequence. Slow for "
           "sequences of more than a few hundred tokens")
      .fixed_on_resume();
  table
      .add("window-steps", &options.window_steps,
           "Time steps per window; 0: no windows. With --data, it must equal "
           "that of the sequences")
      .metavar("W")
      .range(0, 1 << 24)
      .default_is("that of --data; 0 with --mixture")
      .fixed_on_resume();
  table
      .add("logit-scale", &config.logit_scale,
           "Multiply the logits by X, to compensate for a larger "
           "--embedding-scale: the embeddings are also the output matrix")
      .range(1e-6, 1e6)
      .fixed_on_resume();
  table
      .add("embedding-scale", &options.initialization.embedding_scale,
           "Standard deviation of the initial token embeddings; those of "
           "patches are scaled in proportion")
      .range(1e-6, 1e3)
      .fixed_on_resume();
  table
      .add("smooth-bin-rows", &options.initialization.smooth_bins,
           "Initialize the embeddings of neighboring bins of continuous values "
           "to similar vectors")
      .fixed_on_resume();
}

void add_optimization_options(cli::OptionTable& table,
                              TrainingOptions& options) {
  train::TrainingConfig& config = options.config;
  table.begin_group("Optimization");
  table
      .add("batch-size", &config.loader.batch_size,
           "Sequences per training step")
      .range(1, 1 << 24)
      .fixed_on_resume();
  table
      .add("micro-batch", &config.loader.micro_batch_size,
           "Sequences that a thread computes at a time; 0: as many as have "
           "about 2,048 tokens, or 16,384 on a GPU")
      .range(0, 1 << 24)
      .fixed_on_resume();
  add_schedule_options(table, options);
  add_regularization_options(table, options);
  add_device_options(table, config);
  table.add_check([&options] {
    options.config.optimizer.kind = parse_optimizer(options.optimizer);
    options.config.loader.loss_reduction =
        parse_loss_reduction(options.loss_reduction);
  });
}

void add_run_options(cli::OptionTable& table, TrainingOptions& options) {
  table.begin_group("Run");
  table
      .add("steps", &options.config.steps,
           "Number of training steps after which the run is complete")
      .range(0, 1e12)
      .may_change_on_resume();
  table
      .add("resume", &options.resume,
           "Resume from the newest checkpoint whose digests match; if the run "
           "has no checkpoint, start from scratch")
      .not_in_config();
  table
      .add("max-time", &options.max_time,
           "Save a checkpoint and exit with status 75 after this time: 90s, "
           "15m, 2h, 1d or HH:MM:SS")
      .metavar("TIME")
      .per_invocation();
  add_checkpoint_options(table, options.config);
  table
      .add("log-every", &options.config.log_every,
           "Training steps per line of metrics.jsonl")
      .range(1, 1e12)
      .may_change_on_resume();
  table
      .add("tensorboard", &options.config.tensorboard,
           "Also write the metrics as TensorBoard event files")
      .may_change_on_resume();
  table.add_check([&options] {
    if (options.max_time.empty()) {
      return;
    }
    options.config.max_seconds =
        base::parse_duration(options.max_time, "option --max-time");
    if (options.config.max_seconds <= 0) {
      throw base::usage_error(
          "option --max-time: '{}' is not a time limit; omit the option for no "
          "limit",
          options.max_time);
    }
  });
}

void add_process_options(cli::OptionTable& table, ProcessOptions& options,
                         train::TrainingConfig& config) {
  table.begin_group("Processes");
  table
      .add("processes", &options.processes,
           "Train data-parallel with N processes on this machine, which split "
           "every batch; has no effect under torchrun, mpirun or srun")
      .metavar("N")
      .range(1, 4096)
      .per_invocation();
  table
      .add("shard-optimizer", &config.shard_optimizer,
           "Partition the optimizer state across the processes (ZeRO stage 1): "
           "each of them stores and updates its own shard")
      .may_change_on_resume();
  table
      .add("rank-timeout", &options.rank_timeout,
           "Fail the job if a process (rank) makes no progress for this long; "
           "must be longer than writing a checkpoint takes")
      .metavar("TIME")
      .per_invocation();
  table.add_check([&options] {
    if (base::parse_duration(options.rank_timeout, "option --rank-timeout") <
        5) {
      throw base::usage_error(
          "option --rank-timeout: '{}' is less than 5 seconds",
          options.rank_timeout);
    }
  });
}

train::TrainingRunOptions make_run_options(const TrainingOptions& options,
                                           const cli::OptionTable& table,
                                           const cli::CommandContext& context,
                                           int64_t threads) {
  const cli::CommonOptions& common = context.common;
  train::TrainingRunOptions run;
  run.output = common.output;
  run.config = options.config;
  run.config.loader.seed = run.config.gradient.seed = common.seed;
  run.config.gradient.threads = threads;
  run.resume = options.resume;
  run.fixed_configuration =
      cli::fixed_configuration(table, context.record.configuration);
  run.default_configuration =
      cli::fixed_configuration(table, cli::default_configuration(table));
  run.config_toml =
      cli::to_toml(table, cli::ConfigScope::without_per_invocation);
  run.record = context.record;
  run.progress = &context.progress;
  if (common.log_file.empty()) {
    run.open_log = [&common](const std::filesystem::path& log) {
      cli::configure_logging(common.log_level, common.quiet, log.string());
    };
  }
  return run;
}

base::ExitStatus run_training(const train::TrainingData& data,
                              train::TrainingRunOptions options) {
  train::TrainingRun run(data, std::move(options));
  const base::ExitStatus status = run.run();
  const train::TrainingCounts& counts = run.counts();
  cli::log_counts({{"steps", counts.steps},
                   {"skipped", counts.skipped},
                   {"tokens", counts.tokens},
                   {"targets", counts.targets}});
  return status;
}

}  // namespace gato::commands
