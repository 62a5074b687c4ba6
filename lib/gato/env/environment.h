// The interface of all environments: the built-in ones, and those that run in a
// child process and speak the protocol of share/gato/envs/README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/image.h"
#include "gato/data/task.h"

namespace gato::env {

class WaitSet;

struct EnvironmentSpec {
  data::TaskSpec task;
  // The environment's own time limit, 0 if none is known.
  int64_t max_episode_steps = 0;
  bool has_seed = true, has_expert = false, has_render = false;
  // True if the environment runs in a process of its own, which works while
  // this process waits or does something else.
  bool is_external = false;
};

struct StepResult {
  // Ordered as EnvironmentSpec::task.observation_fields. Also present after the
  // last step of an episode.
  data::FieldValues observation;
  double reward = 0;
  bool terminated = false, truncated = false;
  std::map<std::string, double> info;  // scalars such as "success"
};

// An environment with the semantics of Gymnasium: reset is always explicit, and
// there are no hidden wrappers: no frame stacking, no reward clipping, no time
// limit. The same seed and actions give the same results. The methods throw
// EnvironmentError if the episode fails.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual const EnvironmentSpec& spec() const = 0;
  virtual data::FieldValues reset(uint64_t seed) = 0;
  virtual StepResult step(const data::FieldValues& action) = 0;
  // Returns the action that the expert would take now, without taking it. Call
  // only if spec().has_expert.
  virtual data::FieldValues expert_action() = 0;
  // Returns an image of the current state, which is not empty. Call only if
  // spec().has_render. The episode continues after an EnvironmentError, but not
  // after an EnvironmentLostError.
  virtual data::Image render() = 0;

  // The same requests in two halves, with which many environments work at the
  // same time. begin_*() sends a request and does not block, nor does it throw
  // EnvironmentError. finish_*() returns what the method above returns, or
  // throws what it throws; it blocks if the reply has not arrived. Requests do
  // not overlap. If an environment computes in this process, as the default
  // implementation assumes, the work is done by finish_*().
  virtual void begin_reset(uint64_t seed) { pending_seed_ = seed; }
  virtual data::FieldValues finish_reset() { return reset(pending_seed_); }
  // `action` must stay as it is until finish_step() returns.
  virtual void begin_step(const data::FieldValues& action) {
    pending_action_ = &action;
  }
  virtual StepResult finish_step() { return step(*pending_action_); }
  virtual void begin_expert_action() {}
  virtual data::FieldValues finish_expert_action() { return expert_action(); }
  virtual void begin_render() {}
  virtual data::Image finish_render() { return render(); }

  // Returns whether finish_*() would return without blocking.
  virtual bool has_reply() const { return true; }
  // Adds what the reply depends on, if it has not arrived.
  virtual void add_waits(WaitSet& /*waits*/) {}
  // Sends and receives what is possible without blocking, after
  // WaitSet::wait() or poll(). Failures are kept for finish_*().
  virtual void advance(const WaitSet& /*waits*/) {}

 private:
  uint64_t pending_seed_ = 0;
  const data::FieldValues* pending_action_ = nullptr;
};

// Thrown if an episode fails; the environment can be reset and used again.
// Failures that must end the run (a child that does not answer "hello", or that
// writes anything but replies to its stdout) are base::Error instead.
class EnvironmentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An EnvironmentError after which the environment can only be reset, for
// example because its process has ended.
class EnvironmentLostError : public EnvironmentError {
 public:
  using EnvironmentError::EnvironmentError;
};

// Returns the names of the built-in environments, sorted, such as
// "control/cartpole-swingup".
std::vector<std::string> builtin_environment_names();
// Creates a built-in environment. Throws Error(usage), suggesting the closest
// name, if there is no environment of this name.
std::unique_ptr<Environment> make_builtin_environment(const std::string& name);

struct ExternalEnvironmentOptions {
  double hello_timeout = 60, step_timeout = 60;  // seconds
  // The name of the task, DOMAIN/TASK; if empty, the name that the child
  // declares.
  std::string task_name = {};
  // Recorded in addition to the settings that the child declares.
  nlohmann::json settings = nlohmann::json::object();
};
// Starts `command` with /bin/sh -c and speaks the protocol of
// share/gato/envs/README.md with it. That directory is appended to its
// PYTHONPATH, so that a program in Python can import gato_environment. Throws
// Error(run_failed) if the command fails to start, to answer in time or to send
// a valid spec.
std::unique_ptr<Environment> start_external_environment(
    const std::string& command, const ExternalEnvironmentOptions& options);

}  // namespace gato::env
