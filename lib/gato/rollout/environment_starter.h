// Starts several environments at the same time.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <mutex>

#include "gato/env/environment.h"
#include "gato/rollout/episode_runner.h"

namespace gato::rollout {

// Starts environments in the background, and hands them out.
class EnvironmentStarter {
 public:
  // Begins to start `count` environments, each in a thread. `make_environment`
  // may be called later, too, from any thread.
  EnvironmentStarter(EnvironmentFactory make_environment, int64_t count);

  // Waits for the first environment and returns its spec. Throws what its start
  // throws.
  env::EnvironmentSpec first_spec();
  // Returns one of the environments, or starts another one if there are no
  // more. May be called from several threads at the same time.
  std::unique_ptr<env::Environment> take();
  // Closes the environments that were not taken.
  void close();

 private:
  using Start = std::future<std::unique_ptr<env::Environment>>;

  EnvironmentFactory make_environment_;
  std::mutex mutex_;  // guards starts_
  std::deque<Start> starts_;
};

}  // namespace gato::rollout
