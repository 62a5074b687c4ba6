// Evaluations of the policy during a run, in the background.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>

#include "gato/model/network.h"
#include "gato/train/run/run_directory.h"

namespace gato::train {

// Returns what is recorded about a network after `step` steps.
using EvaluateFunction =
    std::function<nlohmann::json(const model::Network& network, int64_t step)>;

// Evaluates a network after every `every` steps and after the last one, and
// appends the result to metrics.jsonl under the key "evaluation".
//
// On a CPU, evaluate() gets a copy of the network and runs in a thread while
// training continues, so that neither the weights nor the results depend on how
// long it takes. On other devices, start_if_due() blocks until it has returned.
class PolicyEvaluator {
 public:
  // The run directory must outlive the evaluator. `evaluate` may be empty: then
  // nothing is evaluated.
  PolicyEvaluator(RunDirectory& run_directory, int64_t every,
                  EvaluateFunction evaluate);
  // Waits for the thread. Discards an exception that it has thrown.
  ~PolicyEvaluator();

  // Starts an evaluation if one is due after `step` steps and metrics.jsonl
  // does not have it yet. Blocks until the previous one is complete.
  void start_if_due(const model::Network& network, int64_t step, bool is_last);
  // Records an evaluation that is complete. Never blocks.
  void poll();
  // Blocks until the evaluation in progress, if any, is recorded. Required
  // before a checkpoint is written: a run that is resumed from it does not
  // evaluate earlier steps. Rethrows the exception of evaluate().
  void finish();
  // Logs how long the evaluations took. `training` is the time of the training
  // loop.
  void log_time(std::chrono::steady_clock::duration training) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Result {
    nlohmann::json evaluation;
    Clock::duration duration;
  };
  void record(int64_t step, const Result& result);

  RunDirectory& run_directory_;
  const int64_t every_;
  const EvaluateFunction evaluate_;
  std::unique_ptr<model::Network> copy_;
  int64_t pending_step_ = 0;
  int64_t count_ = 0;
  Clock::duration duration_{}, wait_{};  // of evaluations; training waited
  std::future<Result> pending_;
};

}  // namespace gato::train
