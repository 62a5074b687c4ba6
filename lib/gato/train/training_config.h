// The settings of a training run. The options of gato-train and gato-finetune
// set them.
#pragma once

#include <cstdint>
#include <string>

#include "gato/train/input/batch_loader.h"
#include "gato/train/learning_rate_schedule.h"
#include "gato/train/optimizer.h"
#include "gato/train/step_gradient.h"

namespace gato::train {

// Training options. The defaults are those of the paper for pre-training (Reed
// et al. 2022, appendix D).
struct TrainingConfig {
  int64_t steps = 1000000;  // the run is complete after this many
  // A micro_batch_size of 0 is replaced by resolve_micro_batch_size().
  BatchLoaderOptions loader{.batch_size = 512, .micro_batch_size = 0};
  StepGradientOptions gradient{.stochastic_depth = 0.1};
  LearningRateSchedule schedule;
  OptimizerOptions optimizer;
  std::string precision = "auto", device = "cpu";
  bool activation_checkpointing = false;

  int64_t save_every = 1000;  // steps
  int64_t keep = 3;           // newest checkpoints to keep; 0: all
  int64_t keep_every = 0;     // also keeps multiples of this step; 0: none
  // Writes intermediate checkpoints in the background. Cannot be combined with
  // shard_optimizer.
  bool asynchronous_save = false;
  // Each rank keeps and updates a slice of the optimizer's moments.
  bool shard_optimizer = false;
  // Steps between validations, if there is validation data.
  int64_t validate_every = 1000;
  // Saves and keeps the checkpoint of the lowest validation loss.
  bool keep_best = false;
  int64_t log_every = 10;  // steps per line of metrics.jsonl
  bool tensorboard = false;
  double max_seconds = 0;  // then saves a checkpoint and stops; 0: no limit
};

// Returns the rows of a micro-batch: loader.micro_batch_size if it is set, else
// about 2,048 tokens (16,384 on a GPU) and at least two micro-batches per step.
// Does not depend on the number of threads, which must affect only the speed.
int64_t resolve_micro_batch_size(const TrainingConfig& config,
                                 int64_t sequence_length);

// Throws Error(usage) if one of `world_size` ranks would have no micro-batch of
// a step. Rank zero warns if the ranks have different numbers of micro-batches.
void check_micro_batches_per_rank(const TrainingConfig& config,
                                  int64_t sequence_length, int64_t world_size,
                                  bool is_rank_zero);

}  // namespace gato::train
