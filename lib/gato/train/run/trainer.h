// The loop: load, differentiate, update, report, save.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "gato/base/error.h"
#include "gato/train/adamw.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/input/training_data.h"
#include "gato/train/learning_rate_schedule.h"
#include "gato/train/run/checkpoint.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/step_gradient.h"

namespace gato::train {

struct TrainerOptions {
  int64_t steps = 1000000;  // the run is done after this many
  BatchLoaderOptions loader;
  StepGradientOptions gradient;
  LearningRateSchedule schedule;
  int64_t save_every = 1000;
  int64_t keep = 3;        // checkpoints kept; 0: all
  int64_t keep_every = 0;  // also kept: multiples of this step; 0: none
  // A thread writes what is saved on the way; not with shard_optimizer.
  bool asynchronous_save = false;
  int64_t log_every = 10;        // steps a line of metrics.jsonl
  bool shard_optimizer = false;  // as the optimiser is
  double max_seconds = 0;  // since `started`, then save and stop; 0: no limit
  std::chrono::steady_clock::time_point start_time;
  // Called after every `evaluate_every` steps and after the last one, with the
  // number of steps done; what it returns joins a line of metrics.jsonl.
  int64_t evaluate_every = 0;  // 0: never
  std::function<nlohmann::json(int64_t)> evaluate;
};

// Everything that a step changes, and the ranks that share its work.
struct TrainingContext {
  model::Network& network;
  AdamW& optimizer;
  TrainingState& state;
  ProcessGroup& process_group;
};

// Trains from state.step on. A checkpoint is written every `save_every` steps
// and at the end; one that cannot be written is reported and training goes on,
// except at the end: Error (io). A loss or gradient that is not finite skips
// its step; ten in a row are an Error (run_failed).
// Returns done, or stopped_early after SIGINT, SIGTERM, SIGUSR1 or the time
// limit in any of the ranks, with a checkpoint saved. Only the first rank
// writes metrics, and all of a checkpoint but the slices of the optimiser.
base::ExitStatus run_training_loop(const TrainingData& data, RunDirectory& run,
                                   const TrainerOptions& options,
                                   TrainingContext context);

}  // namespace gato::train
