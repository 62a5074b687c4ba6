// What the built-in environments share. Each stands in a file of its own, which
// documents its state, constants, reward and expert.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/env/environment.h"

namespace gato::env {

// What one step of the rules yields, before the observation is drawn.
struct Transition {
  double reward = 0;
  bool terminated = false;
  std::map<std::string, double> info;
};

// Keeps the clock and the contract (no step before a reset or after the end);
// the rules of a game are its derived class. An episode is truncated after
// spec().max_steps steps.
class BuiltinEnvironment : public Environment {
 public:
  const EnvironmentSpec& spec() const override { return spec_; }
  data::FieldValues reset(uint64_t seed) override;
  StepResult step(const data::FieldValues& action) override;
  data::FieldValues expert_action() override;
  data::Image render() override;

 protected:
  explicit BuiltinEnvironment(EnvironmentSpec spec) : spec_(std::move(spec)) {}
  // The number of steps taken since the reset.
  int64_t elapsed_steps() const { return elapsed_steps_; }

  // Draws a new episode, all of it from `random`.
  virtual void reset_state(base::RandomStream random) = 0;
  virtual data::FieldValues observe() const = 0;
  virtual Transition apply_action(const data::Array& action) = 0;
  virtual data::Array compute_expert_action() const = 0;
  virtual data::Image render_frame() const = 0;

 private:
  void check_episode_running(const char* method) const;

  EnvironmentSpec spec_;
  int64_t elapsed_steps_ = 0;
  bool has_begun_ = false, has_ended_ = false;
};

// --- parts of a spec and of its values ---------------------------------------
data::Field discrete_field(std::string name, int64_t n);
data::Field image_field(std::string name, int64_t height, int64_t width);
data::Field text_field(std::string name);
data::Field box_field(std::string name, std::vector<double> low,
                      std::vector<double> high);  // float64

data::Array discrete_value(int64_t value);            // int64, shape []
data::Array box_value(const std::vector<double>& v);  // float64, shape [n]
data::Array image_value(const data::Image& image);    // uint8, shape [h, w, 3]

// --- the environments
// ---------------------------------------------------------
std::unique_ptr<Environment> make_cartpole_swingup();
std::unique_ptr<Environment> make_goto();
std::unique_ptr<Environment> make_catch();

}  // namespace gato::env
