// robot/stack-COLOR-on-COLOR: a gripper puts one of three colored cubes on
// another and lets go of it. A substitute for the RGB-stacking benchmark (Lee
// et al. 2021) that Gato plays (Reed et al. 2022). Only the name of the task
// says what the goal is: the observation does not show it.
//
// A gripper on a gantry moves above a table with a red, a green and a blue cube
// of 0.06 m (robot_world.h). A step takes 0.05 s: actions are velocities for a
// control rate of 20 Hz. Only a falling cube carries a velocity from step to
// step, and the cameras and the readings show everything else, so a policy
// needs only the last observation. The cubes start on the table, at least 0.12
// m apart and turned at random. An episode ends at success, and is truncated
// after 150 steps.
//
// Observation: camera-front and camera-top, uint8 [64, 64, 3], from the front
// and slightly above, and from straight above; readings, float64 [6]: x, y, z
// (m) and yaw (rad) of the gripper, the distance between the fingers and the
// position of their motor (m). The motor drives the fingers through springs:
// with something between the fingers, it continues beyond their distance, and
// must come back as far before they open.
// Action: gripper, discrete: 0 opens the fingers, 1 closes them (5 steps for
// all of the way); velocity, float64 [4] in [-1, 1]: along x, y and z, divided
// by 0.3 m/s, and of the yaw, divided by 2 rad/s.
// Reward: 1 at success, otherwise 0. Success: the first cube stands on the
// second alone, with its center above it, and the gripper does not hold it.
//
// Expert: comes down on the first cube from above, with the fingers parallel to
// its sides on the axis where other cubes leave room for them, closes the
// gripper, comes down on the second cube and opens the gripper. Its action is a
// function of the state that the observation shows. It succeeds in every
// episode of the seeds 0 to 9,999 of both tasks, after 41 steps on average.
// It fails in one of these 20,000 episodes if its velocity has Gaussian noise
// of 0.3 and 30% of its gripper actions are random.
#include "gato/env/robot/stacking.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/robot/robot_camera.h"
#include "gato/env/robot/robot_world.h"

namespace gato::env {
namespace {

constexpr int kMaxEpisodeSteps = 150, kImageSize = 64;
constexpr double kMinStartDistance = 0.12, kMaxStart = 0.125;
constexpr std::array<Color, kCubeCount> kCubeColors = {
    Color{225, 45, 40}, Color{50, 190, 70}, Color{45, 90, 230}};
constexpr Color kFingerColor = {30, 30, 30}, kPalmColor = {120, 120, 125};
// The extent of the images and the angle of the front camera.
constexpr double kExtent = 0.45, kFrontElevation = std::numbers::pi / 6,
                 kFrontTarget = 0.09;

RobotCamera front_camera(int size) {
  return {size, kFrontElevation, kFrontTarget, kExtent, kTableHalfSize};
}
RobotCamera top_camera(int size) {
  return {size, std::numbers::pi / 2, 0, kExtent, kTableHalfSize};
}

class Stacking : public BuiltinEnvironment {
 public:
  Stacking(const std::string& name, CubeColor upper, CubeColor lower)
      : BuiltinEnvironment(make_spec(name)),
        upper_(static_cast<int>(upper)),
        lower_(static_cast<int>(lower)) {}

 private:
  static EnvironmentSpec make_spec(const std::string& name) {
    constexpr double kPosition = RobotWorld::kMaxPosition,
                     kYaw = RobotWorld::kMaxYaw, kGap = RobotWorld::kMaxGap;
    return builtin_spec(
        name,
        {image_field("camera-front", kImageSize, kImageSize),
         image_field("camera-top", kImageSize, kImageSize),
         box_field(
             "readings", {-kPosition, -kPosition, 0, -kYaw, 0, 0},
             {kPosition, kPosition, RobotWorld::kMaxZ, kYaw, kGap, kGap})},
        {discrete_field("gripper", 2), box_field("velocity", 4, -1, 1)},
        kMaxEpisodeSteps);
  }

  void reset_state(base::RandomStream random) override {
    world_.reset(
        {.position = {random.uniform(-0.15, 0.15), random.uniform(-0.15, 0.15)},
         .z = random.uniform(0.14, 0.22),
         .yaw = random.uniform(-0.8, 0.8)});
    std::array<TablePoint, kCubeCount> centers;
    for (int cube = 0; cube < kCubeCount; ++cube) {
      do {
        centers[cube] = {random.uniform(-kMaxStart, kMaxStart),
                         random.uniform(-kMaxStart, kMaxStart)};
      } while (is_near(std::span(centers).first(cube), centers[cube]));
      constexpr double kMaxTurn = std::numbers::pi / 4;
      world_.place_cube(cube, centers[cube],
                        random.uniform(-kMaxTurn, kMaxTurn));
    }
  }
  static bool is_near(std::span<const TablePoint> centers, TablePoint center) {
    return std::ranges::any_of(centers, [&](TablePoint other) {
      const TablePoint offset = other - center;
      return dot(offset, offset) < kMinStartDistance * kMinStartDistance;
    });
  }

  data::FieldValues observe() const override {
    const GripperPose& gripper = world_.gripper();
    // A list of initial values would copy the images.
    data::FieldValues values;
    values.reserve(3);
    values.emplace_back(image_of(front_camera_));
    values.emplace_back(image_of(top_camera_));
    values.emplace_back(
        box_value({gripper.position.x, gripper.position.y, gripper.z,
                   gripper.yaw, gripper.gap, world_.motor()}));
    return values;
  }
  data::Array image_of(RobotCamera& camera) const {
    data::Array array = data::Array::uninitialized(
        data::DType::uint8, {camera.size(), camera.size(), 3});
    camera.draw(scene(), {array.data<uint8_t>(), array.bytes.size()});
    return array;
  }
  std::array<ColoredPrism, kCubeCount + 3> scene() const {
    constexpr double kPalmHeight = 0.04;
    auto parts = world_.gripper_parts();
    parts[2].top = parts[2].bottom + kPalmHeight;
    return {ColoredPrism{world_.cube(0), kCubeColors[0]},
            ColoredPrism{world_.cube(1), kCubeColors[1]},
            ColoredPrism{world_.cube(2), kCubeColors[2]},
            ColoredPrism{parts[0], kFingerColor},
            ColoredPrism{parts[1], kFingerColor},
            ColoredPrism{parts[2], kPalmColor}};
  }

  Transition apply_action(const BuiltinAction& action) override {
    const std::vector<double>& velocity = action.continuous;
    world_.step({.x = velocity[0],
                 .y = velocity[1],
                 .z = velocity[2],
                 .yaw = velocity[3],
                 .close = action.discrete == 1});
    Transition transition;
    transition.terminated =
        world_.stands_on(upper_, lower_) && !world_.is_held(upper_);
    transition.reward = transition.terminated ? 1 : 0;
    transition.info["success"] = transition.reward;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    return world_.is_held(upper_) ? place() : take();
  }

  // Returns a velocity that covers an offset fast and without overshoot, if
  // `speed` is the maximum.
  static double drive(double offset, double speed) {
    return std::clamp(offset / (2 * speed * RobotWorld::kTimeStep), -1.0, 1.0);
  }
  // Moves sideways by `offset` and down by `-down`, through a funnel: unless
  // the error is small, the gripper stays `clearance` above the target, and
  // rises before it moves sideways. The error is the length of `offset` plus
  // `other_error`.
  BuiltinAction move_through_funnel(TablePoint offset, double down,
                                    double other_error,
                                    double clearance) const {
    constexpr double kFunnelHalfWidth = 0.012, kFunnelSlope = 3;
    constexpr double kMaxLag = 0.04, kSlack = 0.02;
    const double distance = std::sqrt(dot(offset, offset));
    const double rise =
        down +
        std::clamp(kFunnelSlope * (distance + other_error - kFunnelHalfWidth),
                   0.0, clearance);
    constexpr double kBrakingDistance =
        2 * RobotWorld::kSpeed * RobotWorld::kTimeStep;
    const double speed = std::clamp((kMaxLag - rise) / kSlack, 0.0, 1.0) /
                         std::max(distance, kBrakingDistance);
    return {.continuous = {speed * offset.x, speed * offset.y,
                           drive(rise, RobotWorld::kSpeed), 0}};
  }

  BuiltinAction take() const {
    // The height of the fingertips above the bottom of the cube.
    constexpr double kGripHeight = 0.015, kClearance = 0.1;
    const GripperPose& gripper = world_.gripper();
    const Prism& cube = world_.cube(upper_);
    const TablePoint offset = cube.center - gripper.position;
    const double down = cube.bottom + kGripHeight - gripper.z;
    const double turn = grip_yaw() - gripper.yaw;
    const double error =
        0.05 * std::abs(turn) + std::max(0.085 - gripper.gap, 0.0);
    const bool is_between = dot(offset, offset) < 0.015 * 0.015 &&
                            std::abs(down) < 0.01 && std::abs(turn) < 0.3;
    BuiltinAction action =
        move_through_funnel(offset, down, is_between ? 0 : error, kClearance);
    action.continuous[3] = drive(turn, RobotWorld::kYawSpeed);
    action.discrete = is_between ? 1 : 0;
    return action;
  }

  BuiltinAction place() const {
    constexpr double kClearance = 0.05;
    const Prism &cube = world_.cube(upper_), &base = world_.cube(lower_);
    const double down = base.top - cube.bottom;
    const TablePoint offset = base.center - cube.center;
    BuiltinAction action = move_through_funnel(offset, down, 0, kClearance);
    // A cube that is let go of falls onto its place.
    const bool is_placed = dot(offset, offset) < 0.02 * 0.02 && down > -0.01;
    action.discrete = is_placed ? 0 : 1;
    return action;
  }

  // Returns the yaw at which the fingers are parallel to sides of the cube and
  // neither of them is above another cube: of several, the nearest.
  double grip_yaw() const {
    constexpr double kRightAngle = std::numbers::pi / 2, kPenalty = 10;
    const double cube_yaw =
        std::remainder(world_.cube_yaw(upper_), kRightAngle);
    double best = cube_yaw, min_cost = std::numeric_limits<double>::infinity();
    for (int quarter = -1; quarter <= 1; ++quarter) {
      const double yaw = cube_yaw + quarter * kRightAngle;
      const double cost =
          std::abs(yaw - world_.gripper().yaw) + kPenalty * finger_overlap(yaw);
      if (std::abs(yaw) <= RobotWorld::kMaxYaw && cost < min_cost) {
        best = yaw;
        min_cost = cost;
      }
    }
    return best;
  }
  // Returns how deep other cubes are in the way of the open fingers.
  double finger_overlap(double yaw) const {
    const Prism& cube = world_.cube(upper_);
    const Prism fingers = {
        .center = cube.center,
        .axis = {std::cos(yaw), std::sin(yaw)},
        .half_length = RobotWorld::kMaxGap / 2 + RobotWorld::kFingerThickness,
        .half_width = RobotWorld::kFingerHalfWidth,
        .bottom = cube.bottom,
        .top = cube.top};
    double depth = 0;
    for (int other = 0; other < kCubeCount; ++other) {
      if (other != upper_ && heights_overlap(fingers, world_.cube(other))) {
        depth =
            std::max(depth, base_overlap(fingers, world_.cube(other)).depth);
      }
    }
    return depth;
  }

  // Both cameras side by side. The two squares in the corner are the goal.
  data::Image render_frame() const override {
    constexpr int kSize = 160, kIcon = 14, kMargin = 6;
    Canvas canvas(kSize, 2 * kSize, {0, 0, 0});
    std::vector<uint8_t> pixels(size_t{3} * kSize * kSize);
    RobotCamera cameras[] = {front_camera(kSize), top_camera(kSize)};
    for (int view = 0; view < 2; ++view) {
      cameras[view].draw(scene(), pixels);
      for (int i = 0; i < kSize * kSize; ++i) {
        canvas.set_pixel(i / kSize, view * kSize + i % kSize,
                         {pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]});
      }
    }
    canvas.fill_rectangle(kMargin, kMargin, kIcon, kIcon, kCubeColors[upper_]);
    canvas.fill_rectangle(kMargin + kIcon, kMargin, kIcon, kIcon,
                          kCubeColors[lower_]);
    return canvas.image();
  }

  int upper_, lower_;
  RobotWorld world_;
  // Mutable because drawing uses the depth buffers in them.
  mutable RobotCamera front_camera_ = front_camera(kImageSize),
                      top_camera_ = top_camera(kImageSize);
};

}  // namespace

std::unique_ptr<Environment> make_stacking(const std::string& name,
                                           CubeColor upper, CubeColor lower) {
  return std::make_unique<Stacking>(name, upper, lower);
}

}  // namespace gato::env
