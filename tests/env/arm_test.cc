#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "env/play.h"
#include "gato/env/arm/arm_linkage.h"
#include "gato/env/arm/arm_world.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

// The limits of a task's rewards. No policy can succeed before `min_steps` on
// average: the hand and then what it moves must cover their distances at full
// speed, along the longer axis, and the fingers take 2 steps to close.
struct ArmTask {
  const char* name;
  double expert_reward, random_reward;  // limits of the means
  double max_steps;                     // limit of the mean until success
};
constexpr ArmTask kTasks[] = {
    {"arm/close-drawer", 79, 2, 24},   {"arm/open-drawer", 69, 2, 34},
    {"arm/pick-place", 70, 3, 34},     {"arm/pick-place-wall", 54, 3, 51},
    {"arm/push", 74, 4, 28},           {"arm/reach", 83, 4, 19},
    {"arm/reach-joints", 76, 4, 26.5}, {"arm/stack", 64, 4, 43},
};

double deepest_overlap(const ArmWorld& world) {
  std::vector<PlaneBox> boxes(world.walls().begin(), world.walls().end());
  std::vector<int> owners(boxes.size(), -1);
  for (const PlaneBox& part : world.hand_boxes()) {
    boxes.push_back(part);
    owners.push_back(-2);
  }
  for (int body = 0; body < world.body_count(); ++body) {
    for (const PlaneBox& box : world.boxes(body)) {
      boxes.push_back(box);
      owners.push_back(body);
    }
  }
  double deepest = 0;
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (owners[i] != -1) {
      deepest = std::max(deepest, -boxes[i].bottom());
    }
    for (size_t j = 0; j < i; ++j) {
      if (owners[i] == owners[j]) {
        continue;
      }
      const double width = std::min(boxes[i].right(), boxes[j].right()) -
                           std::max(boxes[i].left(), boxes[j].left());
      const double height = std::min(boxes[i].top(), boxes[j].top()) -
                            std::max(boxes[i].bottom(), boxes[j].bottom());
      deepest = std::max(deepest, std::min(width, height));
    }
  }
  return deepest;
}

// A world with everything in it.
ArmWorld crowded_world(base::RandomStream& random) {
  ArmWorld world;
  world.reset({random.uniform(-0.4, 0), random.uniform(0.3, 0.45)});
  world.add_block(random.uniform(-0.34, -0.28), 0.03, 0.03);
  world.add_block(random.uniform(-0.2, -0.16), 0.03, 0.03);
  world.add_block(random.uniform(-0.06, -0.02), 0.03, 0.03);
  world.add_wall({{0.03, 0.05}, 0.01, 0.05});
  world.add_wall({{0.7, 0.125}, 0.3, 0.125});
  const double height = random.uniform(0.08, 0.18);
  world.add_drawer({{0.3, height}, 0.02, 0.03}, {{0.39, height}, 0.01, 0.05},
                   0.1, 0.3);
  return world;
}

int step_until_held(ArmWorld& world, int body, const ArmCommand& command) {
  for (int step = 0; step < 100; ++step) {
    if (world.is_held(body)) {
      return step;
    }
    world.step(command);
  }
  return -1;
}

}  // namespace

TEST_CASE("The arm's experts solve every episode soon and random play does not",
          "[arm]") {
  constexpr int kEpisodes = GATO_SANITIZED ? 60 : 300;
  for (const ArmTask& task : kTasks) {
    CAPTURE(task.name);
    const auto environment = make_builtin_environment(task.name);
    double reward = 0, steps = 0;
    for (int seed = 0; seed < kEpisodes; ++seed) {
      CAPTURE(seed);
      bool has_succeeded = false;
      environment->reset(seed);
      StepResult result;
      do {
        result = environment->step(environment->expert_action());
        REQUIRE(result.reward >= 0);
        REQUIRE((result.info.at("success") == 1) == (result.reward == 1));
        reward += result.reward;
        has_succeeded |= result.reward == 1;
        steps += !has_succeeded;
      } while (!result.terminated && !result.truncated);
      REQUIRE(result.reward == 1);
    }
    CHECK(reward / kEpisodes > task.expert_reward);
    CHECK(steps / kEpisodes < task.max_steps);
    CHECK(mean_reward(task.name, kEpisodes, random_policy) <
          task.random_reward);
    CHECK(success_rate(task.name, kEpisodes, random_policy) <= 0.03);
  }
}

TEST_CASE("The arm's experts recover from noise", "[arm]") {
  constexpr int kEpisodes = GATO_SANITIZED ? 20 : 200;
  for (const ArmTask& task : kTasks) {
    CAPTURE(task.name);
    const auto environment = make_builtin_environment(task.name);
    int successes = 0;
    for (int seed = 0; seed < kEpisodes; ++seed) {
      successes +=
          play(*environment, seed, noisy_expert(0.3)).last.info.at("success") ==
          1;
    }
    CHECK(successes >= 0.98 * kEpisodes);
  }
}

TEST_CASE("Nothing overlaps in the world of the arm", "[arm]") {
  constexpr int kEpisodes = GATO_SANITIZED ? 20 : 1000;
  for (int episode = 0; episode < kEpisodes; ++episode) {
    CAPTURE(episode);
    base::RandomStream random(episode);
    ArmWorld world = crowded_world(random);
    REQUIRE(deepest_overlap(world) < 1e-12);
    ArmCommand command;
    for (int step = 0; step < 200; ++step) {
      // Extreme commands that last for a while and tend downward.
      if (random.uniform() < 0.2) {
        command = {.x = random.uniform() < 0.5 ? -1.0 : 1.0,
                   .z = random.uniform() < 0.6 ? -1.0 : 1.0,
                   .grip = random.uniform() < 0.5 ? -1.0 : 1.0};
      }
      world.step(command);
      CAPTURE(step);
      REQUIRE(deepest_overlap(world) < 1e-7);
      REQUIRE(std::abs(world.hand().x) <= ArmWorld::kMaxHandX + 1e-9);
      REQUIRE((world.hand().z >= 0 &&
               world.hand().z <= ArmWorld::kMaxHandZ + 1e-9));
      REQUIRE(
          (world.gap() >= 0 && world.gap() <= ArmWorld::kMaxOpening + 1e-9));
      for (int body = 0; body < 3; ++body) {
        REQUIRE(std::abs(world.position(body).x) <= ArmWorld::kMaxBlockX);
      }
      const ArmPoint knob = world.position(3);
      REQUIRE((knob.x >= 0.1 - 1e-9 && knob.x <= 0.3 + 1e-9));
      REQUIRE(world.boxes(3)[1].center.x - knob.x == Approx(0.09));
    }
  }
}

TEST_CASE("Every task of the arm begins without overlaps and stays finite",
          "[arm]") {
  for (const ArmTask& task : kTasks) {
    CAPTURE(task.name);
    const auto environment = make_builtin_environment(task.name);
    for (int seed = 0; seed < 50; ++seed) {
      const Played played =
          play(*environment, seed, [](Environment& e, base::RandomStream& r) {
            data::FieldValues action = random_action(e, r);
            auto& values = std::get<data::Array>(action[0]);
            for (int i = 0; i < 3; ++i) {
              values.set(i, values.as_double(i) < 0 ? -1 : 1);
            }
            return action;
          });
      REQUIRE(played.steps == 100);
      const auto& values = std::get<data::Array>(played.last.observation[0]);
      for (int i = 0; i < values.size(); ++i) {
        REQUIRE(std::abs(values.as_double(i)) < 10);
      }
    }
  }
}

TEST_CASE("The arm's gripper lifts a block and lets it fall", "[arm]") {
  ArmWorld world;
  world.reset({0.01, 0.015});
  const int block = world.add_block(0, 0.03, 0.03);
  REQUIRE(step_until_held(world, block, {.grip = 1}) == 2);
  // The fingers close around the middle of the hand.
  REQUIRE(world.position(block).x == Approx(world.hand().x));
  REQUIRE(world.gap() == Approx(0.06));
  for (int step = 0; step < 10; ++step) {
    world.step({.x = 0.5, .z = 1, .grip = 1});
  }
  REQUIRE(world.position(block).z == Approx(0.03 + 10 * 0.02));
  REQUIRE(world.position(block).x == Approx(0.01 + 10 * 0.01));
  REQUIRE(world.opening() == Approx(0.06 - ArmWorld::kMaxSqueeze));
  world.step({.grip = -1});  // only the rubber expands
  REQUIRE(world.is_held(block));
  for (int step = 0; step < 10; ++step) {
    world.step({.grip = -1});
  }
  REQUIRE_FALSE(world.is_held(block));
  REQUIRE(world.position(block).z == Approx(0.03));
}

TEST_CASE("A block on the edge of another slides off", "[arm]") {
  for (const double offset : {0.02, 0.04}) {
    CAPTURE(offset);
    ArmWorld world;
    world.reset({0, 0.015});
    const int upper = world.add_block(0, 0.03, 0.03);
    const int lower = world.add_block(0.2, 0.03, 0.03);
    step_until_held(world, upper, {.grip = 1});
    while (world.hand().z < 0.2) {
      world.step({.z = 1, .grip = 1});
    }
    while (world.hand().x < 0.2 + offset - 1e-9) {
      world.step({.x = 0.1, .grip = 1});
    }
    for (int step = 0; step < 40; ++step) {
      world.step({.grip = -1});
    }
    const bool is_stable = offset < 0.03;
    REQUIRE(world.rests_on(upper, lower) == is_stable);
    REQUIRE(world.position(upper).z == Approx(is_stable ? 0.09 : 0.03));
  }
}

TEST_CASE("The hand pushes a row of blocks, with what rests on them", "[arm]") {
  ArmWorld world;
  world.reset({-0.3, 0.02});
  const int first = world.add_block(-0.1, 0.03, 0.03);
  const int second = world.add_block(0, 0.03, 0.03);
  for (int step = 0; step < 60; ++step) {
    world.step({.x = 1, .grip = 1});
  }
  REQUIRE(world.position(second).x ==
          Approx(ArmWorld::kMaxBlockX - 0.03));  // the end of the table
  REQUIRE(world.position(second).x - world.position(first).x == Approx(0.06));
}

TEST_CASE("The joints of the arm reach every point of the hand's range",
          "[arm]") {
  for (double x = -ArmWorld::kMaxHandX; x <= ArmWorld::kMaxHandX; x += 0.05) {
    for (double z = 0; z <= ArmWorld::kMaxHandZ; z += 0.05) {
      CAPTURE(x, z);
      const ArmJoints joints = joints_of_hand({x, z});
      const ArmPoint hand = hand_of_joints(joints);
      REQUIRE(hand.x == Approx(x).margin(1e-9));
      REQUIRE(hand.z == Approx(z).margin(1e-9));
    }
  }
}
