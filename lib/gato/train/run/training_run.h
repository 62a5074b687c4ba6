// A run of gato-train or gato-finetune: opened, started or resumed, and trained
// until it is complete or asked to stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/progress.h"
#include "gato/data/provenance.h"
#include "gato/model/network.h"
#include "gato/train/distributed/process_group.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/input/training_data.h"
#include "gato/train/optimizer.h"
#include "gato/train/run/checkpoint.h"
#include "gato/train/run/checkpoint_writer.h"
#include "gato/train/run/metrics.h"
#include "gato/train/run/policy_evaluator.h"
#include "gato/train/run/run_directory.h"
#include "gato/train/run/training_step.h"
#include "gato/train/run/validator.h"
#include "gato/train/training_config.h"

namespace gato::train {

struct TrainingRunOptions {
  std::filesystem::path output;  // RUN, the directory of the run
  TrainingConfig config;
  // Continues from the newest complete checkpoint of `output` if there is one.
  bool resume = false;
  // Makes the network that a new run starts with.
  std::function<std::unique_ptr<model::Network>()> make_initial_network;
  // The options, by name, that a resumed run must share with the original run.
  // Stored in every checkpoint.
  nlohmann::json fixed_configuration = nlohmann::json::object();
  // Their defaults, which a run has whose checkpoint lacks the option because
  // it was introduced later.
  nlohmann::json default_configuration = nlohmann::json::object();
  std::string config_toml;  // written to RUN/config.toml
  data::RunRecord record;   // for the provenance of the checkpoints
  // Adds inputs other than the data to the provenance. May be empty.
  std::function<void(data::Provenance&)> record_inputs;
  // config.max_seconds counts from here.
  std::chrono::steady_clock::time_point start_time =
      std::chrono::steady_clock::now();
  // Called on rank zero with the path of RUN/log.txt once this run owns RUN, so
  // that messages can go there. May be empty.
  std::function<void(const std::filesystem::path& log)> open_log;
  // Called for rank zero after every `evaluate_every` steps and after the last
  // one, in a thread alongside training if the device is a CPU. What it returns
  // becomes a line of metrics.jsonl. May be empty.
  int64_t evaluate_every = 100;
  EvaluateFunction evaluate;
  // Written to RUN/demonstrations.json, unless it is null.
  nlohmann::json demonstrations;
  // Held-out data, or null. Its losses become a line of metrics.jsonl after
  // every config.validate_every steps. Must outlive the run.
  const SequenceFileData* validation_data = nullptr;
  base::ProgressDisplay* progress = nullptr;
  // The ranks of the run. Each of them makes a TrainingRun; only rank zero
  // writes into RUN, except for slices of the optimizer. Null: one process.
  ProcessGroup* process_group = nullptr;
};

// The work that this process has done, without the steps before the run was
// resumed.
struct TrainingCounts {
  int64_t steps = 0, skipped = 0, tokens = 0, targets = 0;
};

class TrainingRun {
 public:
  // Creates and locks the run's directory. `data` must outlive the run. Throws
  // Error(usage) if another process trains in it, Error(io) if it cannot be
  // made.
  TrainingRun(const TrainingData& data, TrainingRunOptions options);

  // Starts or resumes the run and trains it. A checkpoint is saved every
  // config.save_every steps and at the end. If an intermediate one cannot be
  // written, the failure is logged and training continues.
  //
  // Returns success if the run is complete; stopped_early, with a checkpoint
  // saved, after SIGINT, SIGTERM, SIGUSR1 or the time limit on any rank. Throws
  // Error(usage) if the options of a resumed run differ in a way that is not
  // allowed, Error(bad_input) if its data differ or it has no complete
  // checkpoint, Error(run_failed) after ten consecutive steps without a finite
  // loss and gradient or if no step had a target, Error(io) if the last
  // checkpoint cannot be written.
  base::ExitStatus run();
  // Valid after run().
  const TrainingCounts& counts() const { return counts_; }

 private:
  void open();
  std::optional<int64_t> agree_on_resume_step();
  void prepare_directory(bool is_new);
  void start_new();
  void resume(int64_t step);
  void make_optimizer();
  std::optional<int64_t> best_step() const;
  void resolve_precision();
  void prepare_run_files();
  MetricsAccumulator make_metrics() const;
  base::ExitStatus take_steps(PolicyEvaluator& evaluator);
  // Throws Error(run_failed) if there were steps and none had a target.
  void require_targets() const;
  void stop_early(const TrainingStepper& stepper, MetricsAccumulator& metrics,
                  CheckpointWriter& checkpoints);
  bool has_stop_request() const;
  void log_metrics(const TrainingStepper& stepper, MetricsAccumulator& metrics);

  const TrainingData& data_;
  TrainingRunOptions options_;
  TrainingConfig& config_;  // options_.config
  ProcessGroup single_process_;
  ProcessGroup& process_group_;
  const at::Device device_;
  RunDirectory run_directory_;
  bool has_preexisting_log_ = false;  // a log.txt that is not of a run
  std::unique_ptr<model::Network> network_;
  std::unique_ptr<Optimizer> optimizer_;
  TrainingState state_;
  TrainingCounts counts_;
  Validator validator_;
};

}  // namespace gato::train
