#include "gato/env/control/control_environment.h"

#include <utility>

namespace gato::env {
namespace {

constexpr Color kBackgroundColor = {245, 245, 245};

EnvironmentSpec make_control_spec(const ControlVariant& variant,
                                  const ControlTaskSpec& task_spec) {
  return builtin_spec(
      variant.name,
      {variant.has_pixels ? image_field("observation", task_spec.pixels_height,
                                        task_spec.pixels_width)
                          : box_field("observation", task_spec.observation_low,
                                      task_spec.observation_high)},
      {box_field("action", task_spec.action_size, -1, 1)},
      task_spec.max_episode_steps);
}

double sample_factor(PhysicsVariation variation, base::RandomStream& random) {
  const bool is_larger = random.uniform_int(2) == 1;
  if (variation == PhysicsVariation::small) {
    return is_larger ? random.uniform(1.05, 1.1) : random.uniform(0.9, 0.95);
  }
  return is_larger ? random.uniform(1.2, 1.4) : random.uniform(0.6, 0.8);
}

}  // namespace

ControlEnvironment::ControlEnvironment(const ControlVariant& variant,
                                       ControlTaskSpec task_spec)
    : BuiltinEnvironment(make_control_spec(variant, task_spec)),
      variation_(variant.variation),
      has_pixels_(variant.has_pixels),
      task_spec_(std::move(task_spec)) {
  if (variation_ == PhysicsVariation::large) {
    task_spec_.view.height *= 1.4;
  }
}

void ControlEnvironment::add_parameter(std::string name, double& value) {
  parameters_.push_back(
      {.name = std::move(name), .nominal = value, .value = &value});
}

void ControlEnvironment::reset_state(base::RandomStream random) {
  if (variation_ != PhysicsVariation::none) {
    for (PhysicalParameter& parameter : parameters_) {
      *parameter.value = parameter.nominal * sample_factor(variation_, random);
    }
  }
  begin_episode(random);
}

data::FieldValues ControlEnvironment::observe() const {
  data::FieldValues observation;
  observation.emplace_back(
      has_pixels_ ? image_value(draw_image(task_spec_.pixels_height,
                                           task_spec_.pixels_width))
                  : observe_state());
  return observation;
}

data::Image ControlEnvironment::render_frame() const {
  return draw_image(task_spec_.render_height, task_spec_.render_width);
}

data::Image ControlEnvironment::draw_image(int height, int width) const {
  WorldCanvas canvas(height, width, task_spec_.view, kBackgroundColor);
  draw(canvas);
  return canvas.image();
}

}  // namespace gato::env
