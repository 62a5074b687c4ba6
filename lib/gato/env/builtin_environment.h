// The base class of the built-in environments. Each environment has its own
// .cc file, which documents its state, constants, reward and expert.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
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

// Counts the steps, truncates an episode after spec().max_episode_steps and
// throws EnvironmentError for a step before the first reset or after the end of
// an episode. A derived class implements the dynamics, the observations and the
// expert.
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
  // Returns the observation of the current state.
  virtual data::FieldValues observe() const = 0;
  // Advances the state by one step. step() has checked the action: it is finite
  // or, if discrete, in range.
  virtual Transition apply_action(const data::Array& action) = 0;
  virtual data::Array compute_expert_action() const = 0;
  virtual data::Image render_frame() const = 0;

 private:
  void check_episode_running(const char* method) const;

  EnvironmentSpec spec_;
  int64_t elapsed_steps_ = 0;
  bool has_begun_ = false, has_ended_ = false;
};

// Fields of a spec. Images are uint8 [height, width, 3], boxes float64 [n].
data::Field discrete_field(std::string name, int64_t n);
data::Field image_field(std::string name, int64_t height, int64_t width);
data::Field text_field(std::string name);
data::Field box_field(std::string name, std::vector<double> low,
                      std::vector<double> high);

// Values of such fields.
data::Array discrete_value(int64_t value);                 // int64, shape []
data::Array box_value(const std::vector<double>& values);  // float64, shape [n]
data::Array image_value(const data::Image& image);  // uint8, shape [h, w, 3]

// The environments in the registry.
std::unique_ptr<Environment> make_cartpole_swingup();
std::unique_ptr<Environment> make_goto();
std::unique_ptr<Environment> make_catch();

}  // namespace gato::env
