// A checkpoint written while training goes on.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "gato/train/adamw.h"
#include "gato/train/run/checkpoint.h"

namespace gato::train {

// Holds one copy of what a checkpoint is made of, 12 bytes a parameter, from
// the first start() on.
class AsyncCheckpointer {
 public:
  using WriteFunction = std::function<void(const model::Network&, const AdamW&,
                                           const TrainingState&)>;

  // Waits for the thread; what it has thrown is lost.
  ~AsyncCheckpointer();

  // Copies, and has a thread write the copies. Not before the last one is
  // finished.
  void start(const model::Network& network, const AdamW& optimizer,
             const TrainingState& state, WriteFunction write);

  // Between start() and finish().
  bool is_pending() const { return pending_write_.valid(); }
  // Whether finish() would not wait.
  bool is_ready() const;
  // Waits, and throws what the thread has thrown.
  void finish() { pending_write_.get(); }

 private:
  std::unique_ptr<model::Network> network_;
  std::unique_ptr<AdamW> optimizer_;
  TrainingState state_;
  std::future<void> pending_write_;
};

}  // namespace gato::train
