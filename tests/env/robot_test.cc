#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <string>

#include "env/play.h"
#include "gato/env/robot/robot_camera.h"
#include "gato/env/robot/robot_world.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

constexpr const char* kTasks[] = {"robot/stack-blue-on-green",
                                  "robot/stack-red-on-blue"};

double deepest_overlap(const RobotWorld& world) {
  std::vector<Prism> prisms;
  for (int cube = 0; cube < kCubeCount; ++cube) {
    prisms.push_back(world.cube(cube));
  }
  double deepest = 0;
  const auto compare = [&](const Prism& a, const Prism& b) {
    const double height = std::min(a.top, b.top) - std::max(a.bottom, b.bottom);
    deepest = std::max(deepest, std::min(height, base_overlap(a, b).depth));
  };
  for (int cube = 0; cube < kCubeCount; ++cube) {
    deepest = std::max(deepest, -world.cube(cube).bottom);
    for (int other = 0; other < cube; ++other) {
      compare(world.cube(cube), world.cube(other));
    }
    for (const Prism& part : world.gripper_parts()) {
      compare(world.cube(cube), part);
    }
  }
  return deepest;
}

RobotWorld world_with_cubes(const GripperPose& pose, TablePoint first,
                            TablePoint second, TablePoint third,
                            double yaw = 0) {
  RobotWorld world;
  world.reset(pose);
  world.place_cube(0, first, yaw);
  world.place_cube(1, second, 0);
  world.place_cube(2, third, 0);
  return world;
}

void repeat(RobotWorld& world, int steps, const RobotCommand& command) {
  for (int step = 0; step < steps; ++step) {
    world.step(command);
  }
}

// Lifts cube 0 at (0, 0), and lets go of it above `target`.
RobotWorld drop_cube(TablePoint target, TablePoint second, TablePoint third) {
  RobotWorld world =
      world_with_cubes({{0, 0}, 0.015, 0, 0}, {0, 0}, second, third);
  repeat(world, 6, {.close = true});
  REQUIRE(world.is_held(0));
  repeat(world, 12, {.z = 1, .close = true});
  repeat(world, 20, {.x = target.x / 0.3, .y = target.y / 0.3, .close = true});
  repeat(world, 30, {});
  return world;
}

std::vector<uint8_t> image_of(const Environment&, const StepResult& result,
                              int field) {
  const auto& array = std::get<data::Array>(result.observation[field]);
  return {array.data<uint8_t>(), array.data<uint8_t>() + array.size()};
}

}  // namespace

TEST_CASE("The stacking experts succeed and random play does not", "[robot]") {
  constexpr int kEpisodes = GATO_SANITIZED ? 10 : 200;
  for (const char* name : kTasks) {
    CAPTURE(name);
    const auto environment = make_builtin_environment(name);
    double steps = 0;
    for (int seed = 0; seed < kEpisodes; ++seed) {
      CAPTURE(seed);
      const Played played = play(*environment, seed, expert_policy);
      REQUIRE(played.reward == 1);
      REQUIRE(played.last.terminated);
      REQUIRE(played.last.info.at("success") == 1);
      steps += static_cast<double>(played.steps);
    }
    CHECK(steps / kEpisodes < 45);
    CHECK(success_rate(name, kEpisodes, noisy_expert(0.3)) >= 0.99);
    CHECK(success_rate(name, GATO_SANITIZED ? 5 : 50, random_policy) == 0);
  }
}

TEST_CASE("Both goals of stacking begin in the same worlds", "[robot]") {
  const auto first = make_builtin_environment(kTasks[0]),
             second = make_builtin_environment(kTasks[1]);
  const data::FieldValues one = first->reset(5), two = second->reset(5);
  for (size_t field = 0; field < one.size(); ++field) {
    REQUIRE(std::get<data::Array>(one[field]).bytes ==
            std::get<data::Array>(two[field]).bytes);
  }
}

TEST_CASE("Nothing overlaps in the world of the robot", "[robot]") {
  constexpr int kEpisodes = GATO_SANITIZED ? 20 : 600;
  for (int episode = 0; episode < kEpisodes; ++episode) {
    CAPTURE(episode);
    base::RandomStream random(episode);
    const auto turn = [&] { return random.uniform(-0.7, 0.7); };
    RobotWorld world;
    world.reset({{turn() / 4, turn() / 4}, 0.15, turn(), 0});
    world.place_cube(0, {-0.05, turn() / 20}, turn());
    world.place_cube(1, {0.05, turn() / 20}, turn());
    world.place_cube(2, {turn() / 20, 0.125}, turn());
    REQUIRE(deepest_overlap(world) == 0);
    RobotCommand command;
    for (int step = 0; step < 200; ++step) {
      // Extreme commands that last for a while and tend downward and inward.
      if (random.uniform() < 0.2) {
        const TablePoint position = world.gripper().position;
        command = {.x = random.uniform(-0.2, 0.2) < position.x ? -1.0 : 1.0,
                   .y = random.uniform(-0.2, 0.2) < position.y ? -1.0 : 1.0,
                   .z = random.uniform() < 0.6 ? -1.0 : 1.0,
                   .yaw = random.uniform() < 0.5 ? -1.0 : 1.0,
                   .close = random.uniform() < 0.6};
      }
      world.step(command);
      CAPTURE(step);
      REQUIRE(deepest_overlap(world) < 1e-6);
      const GripperPose& gripper = world.gripper();
      REQUIRE(std::abs(gripper.position.x) <= RobotWorld::kMaxPosition);
      REQUIRE(std::abs(gripper.position.y) <= RobotWorld::kMaxPosition);
      REQUIRE((gripper.z >= 0 && gripper.z <= RobotWorld::kMaxZ));
      REQUIRE((gripper.gap >= 0 && gripper.gap <= RobotWorld::kMaxGap));
      for (int cube = 0; cube < kCubeCount; ++cube) {
        const Prism& prism = world.cube(cube);
        for (const TablePoint axis : {TablePoint{1, 0}, TablePoint{0, 1}}) {
          REQUIRE(std::abs(dot(prism.center, axis)) + prism.reach(axis) <=
                  kTableHalfSize + 1e-6);
        }
      }
    }
  }
}

TEST_CASE("The robot's fingers turn a cube until it is parallel to them",
          "[robot]") {
  RobotWorld world = world_with_cubes({{0, 0}, 0.015, 0, 0}, {0.01, 0.005},
                                      {0.12, 0.12}, {-0.12, 0.12}, 0.3);
  repeat(world, 4, {.close = true});
  REQUIRE(world.is_held(0));
  REQUIRE(world.cube_yaw(0) == Approx(0).margin(1e-9));
  REQUIRE(world.cube(0).center.x == Approx(0).margin(1e-9));
  REQUIRE(world.cube(0).center.y == Approx(0.005));
  REQUIRE(world.gripper().gap == Approx(2 * kCubeHalfSize));
  // Held, it turns with the gripper.
  repeat(world, 10, {.z = 0.5, .yaw = 0.5, .close = true});
  REQUIRE(world.cube_yaw(0) == Approx(0.5));
  REQUIRE(world.cube(0).bottom == Approx(10 * 0.0075));
}

TEST_CASE("The springs of the robot's gripper must relax before it opens",
          "[robot]") {
  RobotWorld world = world_with_cubes({{0, 0}, 0.015, 0, 0}, {0, 0},
                                      {0.12, 0.12}, {-0.12, 0.12});
  repeat(world, 6, {.close = true});
  REQUIRE(world.motor() == 0);
  repeat(world, 3, {});
  REQUIRE(world.is_held(0));
  REQUIRE(world.motor() == Approx(0.06));
  repeat(world, 1, {});
  REQUIRE_FALSE(world.is_held(0));
  REQUIRE(world.gripper().gap == Approx(0.08));
}

TEST_CASE("A cube stays on another only if its center is above it", "[robot]") {
  const TablePoint aside = {-0.12, 0.12};
  SECTION("above") {
    const RobotWorld world = drop_cube({0.12, 0.02}, {0.12, 0}, aside);
    REQUIRE(world.stands_on(0, 1));
    REQUIRE_FALSE(world.stands_on(1, 0));
    REQUIRE(world.cube(0).bottom == Approx(0.06));
  }
  SECTION("beyond the edge") {
    const RobotWorld world = drop_cube({0.12, 0.045}, {0.12, 0}, aside);
    REQUIRE_FALSE(world.stands_on(0, 1));
    REQUIRE(world.cube(0).bottom == Approx(0).margin(1e-9));
  }
  SECTION("across two") {
    const RobotWorld world = drop_cube({0.12, 0}, {0.12, 0.04}, {0.12, -0.04});
    REQUIRE(world.cube(0).bottom == Approx(0.06));
    REQUIRE_FALSE(world.stands_on(0, 1));  // not alone
  }
}

TEST_CASE("The gripper pushes cubes, which push others", "[robot]") {
  RobotWorld world = world_with_cubes({{-0.19, 0}, 0.01, 0, 0}, {-0.06, 0},
                                      {0.03, 0}, {0.12, 0.12});
  repeat(world, 60, {.x = 1, .close = true});
  REQUIRE(world.cube(1).center.x ==
          Approx(kTableHalfSize - 0.03).margin(0.005));
  REQUIRE(world.cube(1).center.x - world.cube(0).center.x ==
          Approx(0.06).margin(1e-5));
  REQUIRE(world.cube(2).center.x == 0.12);
}

TEST_CASE("The cameras show where the cubes are", "[robot]") {
  constexpr int kSize = 64;
  constexpr Color kRed = {255, 0, 0};
  RobotCamera top(kSize, std::numbers::pi / 2, 0, 0.45, 0.17);
  std::vector<uint8_t> pixels(size_t{3} * kSize * kSize);
  const Prism cube = {.center = {0.1, -0.05},
                      .axis = {0.8, 0.6},
                      .half_length = 0.03,
                      .half_width = 0.03,
                      .top = 0.06};
  const ColoredPrism scene[] = {{cube, kRed}};
  top.draw(scene, pixels);
  double count = 0, column = 0, row = 0;
  for (int i = 0; i < kSize * kSize; ++i) {
    if (pixels[3 * i] == 255 && pixels[3 * i + 1] == 0) {
      ++count;
      column += i % kSize + 0.5;
      row += i / kSize + 0.5;
    }
  }
  const double scale = kSize / 0.45;  // pixels per meter
  REQUIRE(count == Approx(0.06 * 0.06 * scale * scale).epsilon(0.1));
  REQUIRE(column / count == Approx(kSize / 2 + 0.1 * scale).margin(0.3));
  REQUIRE(row / count == Approx(kSize / 2 + 0.05 * scale).margin(0.3));
}

TEST_CASE("What is nearer hides what is behind it, in any order", "[robot]") {
  constexpr int kSize = 64;
  RobotCamera front(kSize, std::numbers::pi / 6, 0.09, 0.45, 0.17);
  const Prism near = {.center = {0, -0.08},
                      .half_length = 0.03,
                      .half_width = 0.03,
                      .top = 0.06};
  Prism far = near;
  far.center.y = -0.01;
  const ColoredPrism one[] = {{near, {250, 0, 0}}, {far, {0, 0, 250}}},
                     other[] = {one[1], one[0]};
  std::vector<uint8_t> first(size_t{3} * kSize * kSize), second = first;
  front.draw(one, first);
  front.draw(other, second);
  REQUIRE(first == second);
  int red = 0, blue = 0;
  for (size_t i = 0; i < first.size(); i += 3) {
    red += first[i] > first[i + 2] + 50;
    blue += first[i + 2] > first[i] + 50;
  }
  REQUIRE(red > blue);
  REQUIRE(blue > 0);
}

TEST_CASE("The cameras of stacking show a cube that the gripper holds",
          "[robot]") {
  const auto environment = make_builtin_environment("robot/stack-red-on-blue");
  for (int seed = 0; seed < 20; ++seed) {
    environment->reset(seed);
    StepResult result;
    do {
      result = environment->step(environment->expert_action());
      for (int field = 0; field < 2; ++field) {
        const std::vector<uint8_t> pixels =
            image_of(*environment, result, field);
        int red = 0;
        for (size_t i = 0; i < pixels.size(); i += 3) {
          red += pixels[i] > 2 * pixels[i + 1] && pixels[i] > 2 * pixels[i + 2];
        }
        REQUIRE(red >= 12);
      }
    } while (!result.terminated && !result.truncated);
  }
}
