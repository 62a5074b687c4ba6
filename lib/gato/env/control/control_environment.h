// The base class of the tasks of control/. It adds two kinds of variants to
// each task: physical parameters that change with every episode, and pixels as
// observation.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/world_canvas.h"

namespace gato::env {

inline constexpr double kUnbounded = std::numeric_limits<double>::infinity();

// The variation of physical parameters between episodes. Each one is multiplied
// by its own factor, which is uniform in one of two intervals chosen at random
// (Reed et al. 2022, appendix F.4).
enum class PhysicsVariation {
  none,
  small,  // [0.9, 0.95] or [1.05, 1.1]
  large,  // [0.6, 0.8] or [1.2, 1.4]
};

struct ControlVariant {
  std::string name;  // of the environment
  PhysicsVariation variation = PhysicsVariation::none;
  bool has_pixels = false;
};

// The properties that distinguish the tasks of ControlEnvironment. Sizes of
// images are in pixels. All images show the height of the view; if lengths vary
// by up to 40%, they show 1.4 times as much.
struct ControlTaskSpec {
  std::vector<double> observation_low, observation_high;
  int64_t action_size = 1;
  int64_t max_episode_steps = 0;
  PlaneView view;
  int render_height = 240, render_width = 240;
  int pixels_height = 48, pixels_width = 48;  // of the observation
};

struct PhysicalParameter {
  std::string name;
  double nominal = 0;
  double* value = nullptr;
};

// An environment with a box of elements in [-1, 1] as action. The observation
// is a box, or an image of what draw() draws.
class ControlEnvironment : public BuiltinEnvironment {
 public:
  ControlEnvironment(const ControlEnvironment&) = delete;
  ControlEnvironment& operator=(const ControlEnvironment&) = delete;
  // The parameters that the variants change, with the values of this episode.
  std::span<const PhysicalParameter> parameters() const { return parameters_; }

 protected:
  ControlEnvironment(const ControlVariant& variant, ControlTaskSpec task_spec);
  // Registers a member of the derived class as a parameter that varies. Its
  // current value is the nominal one. Call only in constructors.
  void add_parameter(std::string name, double& value);
  // Returns whether all parameters have their nominal values.
  bool has_nominal_physics() const {
    return variation_ == PhysicsVariation::none;
  }

  // Begins an episode. The parameters already have its values.
  virtual void begin_episode(base::RandomStream& random) = 0;
  virtual data::Array observe_state() const = 0;
  virtual void draw(WorldCanvas& canvas) const = 0;

 private:
  void reset_state(base::RandomStream random) override;
  data::FieldValues observe() const override;
  data::Image render_frame() const override;
  data::Image draw_image(int height, int width) const;

  PhysicsVariation variation_;
  bool has_pixels_;
  ControlTaskSpec task_spec_;
  std::vector<PhysicalParameter> parameters_;
};

}  // namespace gato::env
