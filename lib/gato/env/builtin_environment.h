// The base class of the built-in environments. Each domain has a directory;
// each environment, or family of environments on one engine, has its own .cc
// file, which documents its state, constants, reward and expert.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/env/environment.h"

namespace gato::env {

// The outcome of one step of the dynamics; BuiltinEnvironment adds the
// observation and the time limit.
struct Transition {
  double reward = 0;
  bool terminated = false;
  std::map<std::string, double> info;
};

// An action of a built-in environment, which has at most one continuous and at
// most one discrete field.
struct BuiltinAction {
  std::vector<double> continuous = {};  // within the bounds of the field
  int discrete = 0;                     // 0 <= discrete < n
};

// Counts the steps, clips continuous actions, truncates an episode after
// spec().max_episode_steps and throws EnvironmentError for a step before the
// first reset or after the end of an episode. A derived class implements the
// dynamics, the observations and the expert.
class BuiltinEnvironment : public Environment {
 public:
  const EnvironmentSpec& spec() const override { return spec_; }
  data::FieldValues reset(uint64_t seed) override;
  StepResult step(const data::FieldValues& action) override;
  data::FieldValues expert_action() override;
  data::Image render() override;

 protected:
  explicit BuiltinEnvironment(EnvironmentSpec spec) : spec_(std::move(spec)) {}
  // Returns the number of steps taken since the reset.
  int64_t elapsed_steps() const { return elapsed_steps_; }

  // Begins a new episode. All its randomness comes from `random`.
  virtual void reset_state(base::RandomStream random) = 0;
  // Returns the observation of the current state, in the order of the spec.
  virtual data::FieldValues observe() const = 0;
  // Advances the state by one step.
  virtual Transition apply_action(const BuiltinAction& action) = 0;
  // Returns the expert's action in the current state. May cache a plan, but
  // must not change the state.
  virtual BuiltinAction compute_expert_action() = 0;
  // Returns an image for people, at least 64 pixels high and wide.
  virtual data::Image render_frame() const = 0;

 private:
  BuiltinAction decode_action(const data::FieldValues& action) const;
  void check_episode_running(const char* method) const;

  EnvironmentSpec spec_;
  int64_t elapsed_steps_ = 0;
  bool has_begun_ = false, has_ended_ = false;
};

// Returns the spec of the built-in environment `name`, DOMAIN/TASK, which has
// an expert and renders images.
EnvironmentSpec builtin_spec(const std::string& name,
                             std::vector<data::Field> observation_fields,
                             std::vector<data::Field> action_fields,
                             int64_t max_episode_steps);

// Fields of a spec. Images are uint8 [height, width, 3], boxes float64 [n].
data::Field discrete_field(std::string name, int64_t n);
data::Field image_field(std::string name, int64_t height, int64_t width);
data::Field text_field(std::string name);
data::Field box_field(std::string name, std::vector<double> low,
                      std::vector<double> high);
// A box of n elements that are all in [low, high].
data::Field box_field(std::string name, int64_t n, double low, double high);

// Values of such fields.
data::Array discrete_value(int64_t value);              // int64, shape []
data::Array box_value(std::span<const double> values);  // float64, shape [n]
data::Array box_value(std::initializer_list<double> values);
data::Array image_value(const data::Image& image);  // uint8, shape [h, w, 3]

// A built-in environment by its name, DOMAIN/TASK.
struct BuiltinTask {
  std::string name;
  std::string description;  // one line, such as "catch balls with a paddle"
  std::function<std::unique_ptr<Environment>()> make;
};

// Returns the tasks of all domains, sorted by name.
const std::vector<BuiltinTask>& builtin_tasks();

// The tasks of each domain, in any order. Each function is in the file
// DOMAIN/DOMAIN_tasks.cc.
std::vector<BuiltinTask> arcade_tasks();
std::vector<BuiltinTask> arm_tasks();
std::vector<BuiltinTask> bodies_tasks();
std::vector<BuiltinTask> control_tasks();
std::vector<BuiltinTask> grid_tasks();
std::vector<BuiltinTask> maze_tasks();
std::vector<BuiltinTask> puzzle_tasks();
std::vector<BuiltinTask> robot_tasks();

}  // namespace gato::env
