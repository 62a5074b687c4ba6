#include "gato/env/arm/arm_environment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "gato/env/arm/arm_drawing.h"

namespace gato::env {
namespace {

constexpr int kHandReadings = 3;
constexpr size_t kMaxObservationSize = 16;

EnvironmentSpec make_spec(const std::string& name, int size,
                          int max_episode_steps) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> low(size, -kInfinity), high(size, kInfinity);
  low[0] = -ArmWorld::kMaxHandX;
  high[0] = ArmWorld::kMaxHandX;
  low[1] = low[2] = 0;
  high[1] = ArmWorld::kMaxHandZ;
  high[2] = ArmWorld::kMaxOpening;
  return builtin_spec(name, {box_field("observation", low, high)},
                      {box_field("action", 3, -1, 1)}, max_episode_steps);
}

}  // namespace

ArmEnvironment::ArmEnvironment(const std::string& name, int size)
    : BuiltinEnvironment(make_spec(name, size, kMaxEpisodeSteps)) {}

void ArmEnvironment::reset_state(base::RandomStream random) {
  world_.reset({random.uniform(-0.3, 0.3), random.uniform(0.2, 0.35)});
  set_up(random);
}

data::FieldValues ArmEnvironment::observe() const {
  std::array<double, kMaxObservationSize> values;
  values[0] = world_.hand().x;
  values[1] = world_.hand().z;
  values[2] = world_.opening();
  const size_t size = spec().task.observation_fields[0].low.size();
  observe_task(std::span(values).subspan(kHandReadings, size - kHandReadings));
  return {box_value(std::span<const double>(values).first(size))};
}

Transition ArmEnvironment::apply_action(const BuiltinAction& action) {
  command(action.continuous);
  const bool success = has_succeeded();
  Transition transition;
  transition.reward = success ? 1 : progress();
  transition.info["success"] = success ? 1 : 0;
  return transition;
}

void ArmEnvironment::command(std::span<const double> action) {
  world_.step({.x = action[0], .z = action[1], .grip = action[2]});
}

std::vector<double> ArmEnvironment::expert_values() const {
  const ArmCommand command = expert_command();
  return {command.x, command.z, command.grip};
}

BuiltinAction ArmEnvironment::compute_expert_action() {
  return {.continuous = expert_values()};
}

data::Image ArmEnvironment::render_frame() const {
  Canvas canvas = make_arm_canvas();
  draw_arm_world(canvas, world_);
  draw_marks(canvas);
  return canvas.image();
}

void ArmEnvironment::draw_ring(Canvas& canvas, ArmPoint center, double radius) {
  draw_arm_ring(canvas, center, radius);
}

double ArmEnvironment::length(ArmPoint offset) {
  return std::sqrt(offset.x * offset.x + offset.z * offset.z);
}

double ArmEnvironment::nearness(ArmPoint offset, double margin) {
  return 1 / (1 + 9 * (offset.x * offset.x + offset.z * offset.z) /
                      (margin * margin));
}

double ArmEnvironment::drive(double offset) {
  // Within this distance the speed falls in proportion: a step covers 0.02 m at
  // full speed, and half of the offset within it.
  constexpr double kBrakingDistance = 0.04;
  return std::clamp(offset / kBrakingDistance, -1.0, 1.0);
}

ArmCommand ArmEnvironment::move_by(ArmPoint offset, double grip) {
  return {.x = drive(offset.x), .z = drive(offset.z), .grip = grip};
}

// The hand follows a funnel above the target: it may be low where it is almost
// above it. A hand below the funnel moves sideways only if it can still rise in
// time, which it does as fast as it moves sideways.
ArmCommand ArmEnvironment::descend_by(ArmPoint offset, double grip,
                                      const Obstacle& obstacle) {
  constexpr double kFunnelHalfWidth = 0.01, kFunnelSlope = 3;
  // Below the funnel by kMaxLag - kSlack, the hand slows down sideways.
  constexpr double kMaxLag = 0.05, kSlack = 0.02;
  const double distance = std::abs(offset.x);
  const double rise =
      offset.z + std::clamp(kFunnelSlope * (distance - kFunnelHalfWidth), 0.0,
                            obstacle.clearance);
  const double run = std::max(distance - obstacle.half_width, 0.0);
  const double urgent_rise = std::max(rise - run, obstacle.min_rise);
  return {.x = drive(offset.x) *
               std::clamp((kMaxLag - urgent_rise) / kSlack, 0.0, 1.0),
          .z = drive(std::max(rise, obstacle.min_rise)),
          .grip = grip};
}

ArmCommand ArmEnvironment::grasp(ArmPoint offset, const Obstacle& obstacle) {
  // The fingers take the block from a little below its center upward.
  const ArmPoint to_grip = offset - ArmPoint{0, 0.015};
  const bool is_between =
      std::abs(to_grip.x) < 0.02 && std::abs(to_grip.z) < 0.01;
  return descend_by(to_grip, is_between ? 1 : -1, obstacle);
}

bool ArmEnvironment::holds_block(ArmPoint offset, double opening) {
  return opening < 2 * ArmWorld::kBlockHalfSize && std::abs(offset.x) < 0.005 &&
         offset.z > -0.02 && offset.z < 0.06;
}

}  // namespace gato::env
