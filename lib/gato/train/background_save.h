// A checkpoint written while training goes on.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "gato/train/adamw.h"
#include "gato/train/checkpoint.h"

namespace gato {

// Holds one copy of what a checkpoint is made of, 12 bytes a parameter, from
// the first start() on.
class BackgroundSave {
 public:
  using Write =
      std::function<void(const Network&, const AdamW&, const TrainingState&)>;

  // Waits for the thread; what it has thrown is lost.
  ~BackgroundSave();

  // Copies, and has a thread write the copies. Not before the last one is
  // finished.
  void start(const Network& network, const AdamW& optimiser,
             const TrainingState& state, Write write);

  // Between start() and finish().
  bool is_started() const { return work_.valid(); }
  // Whether finish() would not wait.
  bool is_ready() const;
  // Waits, and throws what the thread has thrown.
  void finish() { work_.get(); }

 private:
  std::unique_ptr<Network> network_;
  std::unique_ptr<AdamW> optimiser_;
  TrainingState state_;
  std::future<void> work_;
};

}  // namespace gato
