// A simulator, built in or behind a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/image.h"
#include "gato/data/task.h"

namespace gato::env {

struct EnvironmentSpec {
  data::TaskSpec task;
  int64_t max_episode_steps = 0;  // the environment's own limit; 0: none known
  bool has_seed = true, has_expert = false, has_render = false;
};

struct StepResult {
  data::FieldValues
      observation;  // in the order of task.observation; the last one too
  double reward = 0;
  bool terminated = false, truncated = false;
  std::map<std::string, double> info;  // scalars: "success" ...
};

// Explicit reset, the last observation always returned, no hidden frame stack,
// clip or time limit. Same seed, same actions, same results. Errors of an
// environment are EnvironmentError.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual const EnvironmentSpec& spec() const = 0;
  virtual data::FieldValues reset(uint64_t seed) = 0;
  virtual StepResult step(const data::FieldValues& action) = 0;
  // The action that the built-in demonstrator would take now, without taking
  // it; only where spec().has_expert.
  virtual data::FieldValues expert_action() = 0;
  // Only where spec().has_render.
  virtual data::Image render() = 0;
};

// The episode has failed; the environment can be reset and used again.
// Errors that end the run (a child's hello, garbage on its stdout) are Error.
class EnvironmentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The built-in environments, by name: "control/cartpole-swingup" ...
std::vector<std::string> builtin_environment_names();
// Error (usage) where there is none of that name, naming the nearest.
std::unique_ptr<Environment> make_builtin_environment(const std::string& name);

struct ExternalEnvironmentOptions {
  double hello_timeout = 60, step_timeout = 60;  // seconds
};
// Starts `command` (by /bin/sh -c) and speaks the protocol of
// share/gato/envs/README.md with it.
std::unique_ptr<Environment> start_external_environment(
    const std::string& command, const ExternalEnvironmentOptions& options);

}  // namespace gato::env
