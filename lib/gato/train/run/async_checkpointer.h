// Writes checkpoints in the background while training continues.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "gato/train/optimizer.h"
#include "gato/train/run/checkpoint.h"

namespace gato::train {

// Keeps one copy of the parameters and moments, 12 bytes per parameter, from
// the first start() on.
class AsyncCheckpointer {
 public:
  using WriteFunction = std::function<void(
      const model::Network&, const OptimizerState&, const TrainingState&)>;

  // Waits for the thread. Discards an exception that it has thrown.
  ~AsyncCheckpointer();

  // Copies the arguments and calls `write` with the copies in a thread. The
  // previous write must have been finished with finish().
  void start(const model::Network& network, const OptimizerState& optimizer,
             const TrainingState& state, WriteFunction write);

  // Returns whether there was a start() without a finish() yet.
  bool is_pending() const { return pending_write_.valid(); }
  // Returns whether finish() would return without blocking.
  bool is_ready() const;
  // Blocks until the write is complete. Rethrows the exception of `write`, if
  // it has thrown one.
  void finish() { pending_write_.get(); }

 private:
  std::unique_ptr<model::Network> network_;
  OptimizerState optimizer_;
  TrainingState state_;
  std::future<void> pending_write_;
};

}  // namespace gato::train
