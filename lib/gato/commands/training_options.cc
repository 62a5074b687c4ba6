#include "gato/commands/training_options.h"

#include <algorithm>
#include <limits>
#include <set>

#include "gato/base/parse_number.h"

namespace gato::commands {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

train::LossReduction parse_loss_reduction(const std::string& name) {
  if (name == "task") return train::LossReduction::task;
  return name == "modality" ? train::LossReduction::modality
                            : train::LossReduction::token;
}

}  // namespace

void add_network_options(cli::OptionTable& table, NetworkOptions& options) {
  model::ModelConfig& config = options.config;
  table.begin_group("Network");
  table.add("layers", &config.layers, "Transformer blocks").range(1, 1000);
  table.add("width", &config.width, "Width of the embedding").range(1, 1 << 20);
  table.add("heads", &config.heads, "Attention heads").range(1, 4096);
  table.add("key-size", &config.key_size, "Size of a head's keys and values")
      .range(1, 1 << 16);
  table
      .add("feedforward", &config.feedforward,
           "Width of the feed-forward layers, before the GEGLU halves it")
      .range(2, 1 << 22);
  table
      .add("context", &config.context,
           "Tokens that the network sees; at least the length of the sequences")
      .range(1, 1 << 24);
  table
      .add("position", &options.position_encoding,
           "How attention knows positions: relative as in Transformer-XL (the "
           "paper's) or rotary (faster)")
      .one_of({"relative", "rotary"});
  table
      .add("action-position", &options.action_position_encoding,
           "What action tokens have for a position within their time step: "
           "one that all share (the paper's), or none")
      .one_of({"shared", "none"});
  table
      .add("window-steps", &options.window_steps,
           "Time steps a window: with --data, that of the sequences, which "
           "must agree; with --mixture 0, which is none, where not given")
      .range(0, 1 << 24);
  table
      .add("logit-scale", &config.logit_scale,
           "Factor of the logits, for a larger --embedding-scale")
      .range(1e-6, 1e6);
  table
      .add("embedding-scale", &options.initialization.embedding_scale,
           "Standard deviation of the fresh token embeddings")
      .range(1e-6, 1e3);
  table.add("smooth-bin-rows", &options.initialization.smooth_bins,
            "Let the fresh embeddings of neighbouring bins of continuous "
            "values start alike");
}

void add_optimization_options(cli::OptionTable& table,
                              OptimizationOptions& options) {
  table.begin_group("Optimisation");
  table.add("batch-size", &options.batch_size, "Sequences a step")
      .range(1, 1 << 24);
  table
      .add(
          "micro-batch", &options.micro_batch_size,
          "Sequences that one thread works on at a time; 0 chooses about 2,048 "
          "tokens")
      .range(0, 1 << 24);
  table.add("learning-rate", &options.learning_rate, "Largest learning rate")
      .range(0, 1000);
  table
      .add("warmup-steps", &options.warmup_steps,
           "Steps in which the rate rises from 1e-7 to its largest")
      .range(0, 1e12);
  table
      .add("decay-steps", &options.decay_steps,
           "Step at which the cosine has come down to a tenth of the largest "
           "rate; 0 keeps the rate constant")
      .range(0, 1e12);
  table
      .add("weight-decay", &options.adamw.weight_decay,
           "Weight decay of matrices; 0 is plain Adam")
      .range(0, 1000);
  table
      .add("gradient-clip", &options.adamw.max_gradient_norm,
           "Largest norm of the gradient; 0 does not clip")
      .range(0, kUnlimited);
  table
      .add("stochastic-depth", &options.stochastic_depth,
           "Probability that a sub-layer is skipped, a sequence")
      .metavar("P")
      .range(0, 0.99);
  table
      .add("dropout", &options.dropout,
           "Dropout of the residual and the feed-forward layers")
      .metavar("P")
      .range(0, 0.99);
  table
      .add("loss-average", &options.loss_reduction,
           "What counts alike in the loss: every target token, every task in "
           "the batch, or every task and in it text and actions")
      .one_of({"token", "task", "modality"});
  table
      .add(
          "target-smoothing", &options.target_smoothing,
          "Standard deviation, in bins, that the targets of continuous actions "
          "are spread with; 0 does not spread")
      .range(0, 1024);
  table
      .add("blank-actions", &options.action_mask_probability,
           "Probability, a sequence, that past actions are hidden from the "
           "network by separators")
      .metavar("P")
      .range(0, 1);
  table
      .add("precision", &options.precision,
           "Of the large products; auto is bf16 on a GPU, and where the "
           "processor multiplies it in hardware: that of the first process, "
           "where the run starts, for all of it")
      .one_of({"auto", "bf16", "fp32"});
  table
      .add("device", &options.device,
           "Where to compute; cuda in programs built with GATO_CUDA")
      .one_of({"cpu", "cuda"});
  table.add(
      "activation-checkpointing", &options.activation_checkpointing,
      "Keep the input of each block alone and compute the block once more "
      "in the backward pass: less memory, a third more work");
}

void add_run_options(cli::OptionTable& table, RunOptions& options) {
  table.begin_group("Run");
  table.add("steps", &options.steps, "Steps after which the run is done")
      .range(0, 1e12);
  table
      .add("resume", &options.resume,
           "Go on from the newest whole checkpoint of the output; where there "
           "is none, start")
      .not_in_config();
  table
      .add("max-time", &options.max_time,
           "Save and stop with status 75 after this time: 90s, 15m, 2h, 1d or "
           "HH:MM:SS")
      .metavar("TIME");
  table.add("save-every", &options.save_every, "Steps between checkpoints")
      .range(1, 1e12);
  table.add("asynchronous-save", &options.asynchronous_save,
            "Go on training while a copy of the state is written, 12 bytes a "
            "parameter; the checkpoint of a run's end is waited for");
  table
      .add("keep", &options.keep,
           "Checkpoints that are kept, the newest; 0 keeps all")
      .range(0, 1e9);
  table
      .add("keep-every", &options.keep_every,
           "Keep the checkpoints of every N-th step for good; 0: none")
      .range(0, 1e12);
  table
      .add("log-every", &options.log_every,
           "Steps between two lines of metrics.jsonl")
      .range(1, 1e12);
  table.add("tensorboard", &options.tensorboard,
            "Write the metrics as event files of TensorBoard too");
  table.add_check([&options] {
    if (!options.max_time.empty() &&
        base::parse_duration(options.max_time, "option --max-time") <= 0) {
      throw base::usage_error(
          "option --max-time: '{}' is no time: leave the option out for no "
          "limit",
          options.max_time);
    }
  });
}

void add_process_options(cli::OptionTable& table, ProcessOptions& options) {
  table.begin_group("Processes");
  table
      .add("processes", &options.processes,
           "Processes on this machine that share the work of every step, all "
           "started by this one; where torchrun, mpirun or srun has started "
           "them, as many as those are")
      .metavar("N")
      .range(1, 4096);
  table.add("shard-optimizer", &options.shard_optimizer,
            "Each process keeps and updates its part of the optimiser's "
            "moments, not all of them");
  table
      .add("rank-timeout", &options.rank_timeout,
           "The job fails when a process stands still for this long; longer "
           "than a checkpoint takes to be written")
      .metavar("TIME");
  table.add_check([&options] {
    if (base::parse_duration(options.rank_timeout, "option --rank-timeout") <
        5) {
      throw base::usage_error(
          "option --rank-timeout: '{}' is less than 5 seconds",
          options.rank_timeout);
    }
  });
}

int64_t resolve_micro_batch_size(const OptimizationOptions& options,
                                 int64_t length) {
  const int64_t tokens = options.device == "cpu" ? 2048 : 16384;
  const int64_t rows =
      options.micro_batch_size > 0
          ? options.micro_batch_size
          : std::min(tokens / length, (options.batch_size + 1) / 2);
  return std::clamp<int64_t>(rows, 1, options.batch_size);
}

const std::set<std::string>& per_invocation_options() {
  static const std::set<std::string> options = {
      "force",     "log-file", "log-level",    "max-time",
      "processes", "quiet",    "rank-timeout", "threads"};
  return options;
}

nlohmann::json immutable_config(const nlohmann::json& configuration) {
  static const std::set<std::string> changeable_options = {
      "activation-checkpointing",
      "asynchronous-save",
      "data",
      "demonstrations",
      "force",
      "keep",
      "keep-every",
      "log-every",
      "log-file",
      "log-level",
      "max-time",
      "mixture",
      "no-provenance",
      "output",
      "processes",
      "quiet",
      "rank-timeout",
      "save-every",
      "shard-optimizer",
      "steps",
      "tensorboard",
      "threads"};
  nlohmann::json immutable = nlohmann::json::object();
  for (const auto& [key, value] : configuration.items()) {
    if (!changeable_options.contains(key)) immutable[key] = value;
  }
  return immutable;
}

train::TrainerOptions make_trainer_options(
    const OptimizationOptions& optimization, const RunOptions& run,
    int64_t length, int64_t threads, uint64_t seed) {
  train::TrainerOptions options;
  options.steps = run.steps;
  options.loader = {
      .seed = seed,
      .batch_size = optimization.batch_size,
      .micro_batch_size = resolve_micro_batch_size(optimization, length),
      .loss_reduction = parse_loss_reduction(optimization.loss_reduction),
      .action_mask_probability = optimization.action_mask_probability};
  options.gradient = {.threads = threads,
                      .stochastic_depth = optimization.stochastic_depth,
                      .dropout = optimization.dropout,
                      .target_smoothing = optimization.target_smoothing,
                      .seed = seed};
  options.schedule = {.peak_rate = optimization.learning_rate,
                      .warmup_steps = optimization.warmup_steps,
                      .decay_steps = optimization.decay_steps};
  options.save_every = run.save_every;
  options.keep = run.keep;
  options.keep_every = run.keep_every;
  options.asynchronous_save = run.asynchronous_save;
  options.log_every = run.log_every;
  if (!run.max_time.empty()) {
    options.max_seconds =
        base::parse_duration(run.max_time, "option --max-time");
  }
  return options;
}

}  // namespace gato::commands
