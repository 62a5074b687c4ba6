// The first-person mazes: returns of their experts, movement and views.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "env/play.h"
#include "gato/env/maze/maze_navigation.h"
#include "gato/env/maze/maze_scene.h"
#include "gato/env/maze/maze_tour.h"
#include "gato/env/maze/ray_caster.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

constexpr int kEpisodes = GATO_SANITIZED ? 20 : 100;

// A corridor of `length` cells from west to east.
Labyrinth make_corridor(int length) {
  Labyrinth labyrinth(length, 1);
  for (int x = 0; x + 1 < length; ++x) {
    labyrinth.open_wall({x, 0}, Labyrinth::east);
  }
  return labyrinth;
}

MazeScene make_scene(Labyrinth labyrinth) {
  MazeScene scene;
  scene.posters.assign(labyrinth.width() * labyrinth.height() * 4, 0);
  scene.labyrinth = std::move(labyrinth);
  return scene;
}

Color pixel(const data::Image& image, int y, int x) {
  const uint8_t* channels = &image.pixels[(y * image.width + x) * 3];
  return {channels[0], channels[1], channels[2]};
}

int count_pixels(const data::Image& image, Color color) {
  int count = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      count += pixel(image, y, x) == color;
    }
  }
  return count;
}

constexpr int kEast = 2, kSouth = 4;  // headings

}  // namespace

TEST_CASE("Maze experts find everything, also under noise", "[maze]") {
  SECTION("apples") {
    REQUIRE(mean_reward("maze/apples", kEpisodes, expert_policy) == 6);
    REQUIRE(mean_reward("maze/apples", kEpisodes, noisy_expert(0.3)) > 5.8);
    REQUIRE(mean_reward("maze/apples", kEpisodes, random_policy) < 1.5);
  }
  SECTION("goal") {
    REQUIRE(success_rate("maze/goal", kEpisodes, expert_policy) == 1);
    REQUIRE(mean_reward("maze/goal", kEpisodes, expert_policy) > 0.77);
    REQUIRE(success_rate("maze/goal", kEpisodes, noisy_expert(0.3)) > 0.95);
    REQUIRE(mean_reward("maze/goal", kEpisodes, random_policy) < 0.1);
  }
  SECTION("object") {
    REQUIRE(success_rate("maze/object", kEpisodes, expert_policy) == 1);
    REQUIRE(mean_reward("maze/object", kEpisodes, expert_policy) > 0.85);
    REQUIRE(success_rate("maze/object", kEpisodes, noisy_expert(0.3)) > 0.9);
    REQUIRE(mean_reward("maze/object", kEpisodes, random_policy) < 0.2);
  }
  SECTION("seek-avoid") {
    REQUIRE(mean_reward("maze/seek-avoid", kEpisodes, expert_policy) == 6);
    REQUIRE(success_rate("maze/seek-avoid", kEpisodes, expert_policy) == 1);
    REQUIRE(mean_reward("maze/seek-avoid", kEpisodes, noisy_expert(0.3)) > 5.5);
    REQUIRE(mean_reward("maze/seek-avoid", kEpisodes, random_policy) < 0.8);
  }
}

TEST_CASE("All cells of a labyrinth are connected", "[maze]") {
  for (int seed = 0; seed < 50; ++seed) {
    base::RandomStream random(seed);
    Labyrinth labyrinth = Labyrinth::sample(7, 5, 0, random);
    int passages = 0;
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 7; ++x) {
        REQUIRE(labyrinth.distance({0, 0}, {x, y}) < 35);
        for (int direction = 0; direction < 4; ++direction) {
          const Labyrinth::Cell next = Labyrinth::neighbor({x, y}, direction);
          const bool has_wall = labyrinth.has_wall({x, y}, direction);
          passages += !has_wall;
          REQUIRE((labyrinth.contains(next)
                       ? labyrinth.has_wall(next, (direction + 2) % 4)
                       : true) == has_wall);
        }
      }
    }
    REQUIRE(passages == 2 * (7 * 5 - 1));  // a tree without loops
    labyrinth.open_dead_ends(random);
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 7; ++x) {
        int exits = 0;
        for (int direction = 0; direction < 4; ++direction) {
          exits += !labyrinth.has_wall({x, y}, direction);
        }
        REQUIRE(exits >= 2);
      }
    }
  }
}

TEST_CASE("An agent keeps away from walls and slides along them", "[maze]") {
  const Labyrinth corridor = make_corridor(2);
  MazePose pose = {MazePosition::middle_of({0, 0}), kEast};
  for (int step = 0; step < 20; ++step) {
    pose = next_pose(corridor, pose, kMoveForward);
    REQUIRE(is_free(corridor, pose.position));
  }
  REQUIRE(pose.position.x == 7);  // a quarter from the eastern end
  pose = next_pose(corridor, pose, kTurnRight);
  pose = next_pose(corridor, pose, kMoveForward);  // to the southeast
  REQUIRE(pose.position.x == 7);
  REQUIRE(pose.position.y == 3);
  pose = next_pose(corridor, pose, kMoveForward);
  REQUIRE(pose.position.y == 3);
}

TEST_CASE("An agent never leaves a labyrinth", "[maze]") {
  for (int seed = 0; seed < 20; ++seed) {
    base::RandomStream random(seed);
    const Labyrinth labyrinth = Labyrinth::sample(4, 4, 0.3, random);
    MazePose pose = {MazePosition::middle_of({0, 0}), 0};
    for (int step = 0; step < 2000; ++step) {
      const MazePose next =
          next_pose(labyrinth, pose, static_cast<int>(random.uniform_int(3)));
      REQUIRE(is_free(labyrinth, next.position));
      // A step from cell to cell leads through an opening.
      const Labyrinth::Cell from = {pose.position.x / kQuarters,
                                    pose.position.y / kQuarters},
                            to = {next.position.x / kQuarters,
                                  next.position.y / kQuarters};
      REQUIRE(labyrinth.distance(from, to) <= 2);
      pose = next;
    }
  }
}

TEST_CASE("The distances in a maze are numbers of steps", "[maze]") {
  const Labyrinth corridor = make_corridor(5);
  const MazePosition end = MazePosition::middle_of({4, 0});
  const MazePosition start = MazePosition::middle_of({0, 0});
  const MazeGraph graph(corridor, {});
  const std::vector<int> distances = graph.distances_to(end);
  // 16 steps from middle to middle, of which the last is not needed.
  REQUIRE(distances[graph.pose_index({start, kEast})] == 15);
  // To the south first: two turns and a diagonal step.
  REQUIRE(distances[graph.pose_index({start, kSouth})] == 17);
  // A thing in the way costs a detour if there is none around it.
  const MazeGraph blocked(corridor, {MazePosition::middle_of({2, 0})});
  REQUIRE(blocked.distances_to(end)[blocked.pose_index({start, kEast})] >
          MazeGraph::kDetour);
}

TEST_CASE("A tour visits things in the best order", "[maze]") {
  const Labyrinth corridor = make_corridor(9);
  // Two things to the west of the agent, one farther away in the east.
  const std::vector<MazePosition> things = {MazePosition::middle_of({2, 0}),
                                            MazePosition::middle_of({1, 0}),
                                            MazePosition::middle_of({8, 0})};
  const MazeTour tour(corridor, things, {});
  const MazePose pose = {MazePosition::middle_of({3, 0}), kEast};
  REQUIRE(tour.length(pose, 0b100) == 19);
  REQUIRE(tour.best_action(pose, 0b100) == kMoveForward);
  REQUIRE(tour.best_action(pose, 0b111) != kMoveForward);
  REQUIRE(tour.length(pose, 0b111) > tour.length(pose, 0b011));
}

TEST_CASE("The distances in a maze are minimal", "[maze]") {
  // Bellman's equation: the distance is the least cost of an action plus the
  // distance after it.
  base::RandomStream random(3);
  const Labyrinth labyrinth = Labyrinth::sample(4, 4, 0.3, random);
  const MazePosition thing = MazePosition::middle_of({3, 3});
  const MazeGraph graph(labyrinth, {MazePosition::middle_of({1, 1})});
  const std::vector<int> distances = graph.distances_to(thing);
  for (int y = 0; y <= 4 * kQuarters; ++y) {
    for (int x = 0; x <= 4 * kQuarters; ++x) {
      for (int heading = 0; heading < kHeadingCount; ++heading) {
        const MazePose pose = {{x, y}, heading};
        int expected = MazeGraph::kUnreachable;
        for (int action = 0;
             is_free(labyrinth, pose.position) && action < kMazeActionCount;
             ++action) {
          const MazePose next = next_pose(labyrinth, pose, action);
          expected = std::min(expected, graph.cost(pose, next) +
                                            distances[graph.pose_index(next)]);
        }
        if (is_free(labyrinth, pose.position) &&
            is_touching(pose.position, thing)) {
          expected = 0;
        }
        CAPTURE(x, y, heading);
        REQUIRE(distances[graph.pose_index(pose)] == expected);
      }
    }
  }
}

TEST_CASE("A wall is as large as its distance tells", "[maze]") {
  // The agent is in the middle of a cell, half a cell from the wall ahead.
  const MazeScene scene = make_scene(Labyrinth(1, 1));
  const RayCaster caster(48);
  const data::Image view =
      caster.render(scene, {MazePosition::middle_of({0, 0}), 0});
  // The upper edge is 0.2 / 0.5 of half the image above the middle, and the
  // lower edge 0.5 / 0.5 below it.
  const Color sky = pixel(view, 0, 0);
  REQUIRE(sky[2] > sky[0]);
  const auto is_bricks = [&](int y) {
    const Color color = pixel(view, y, 24);
    return color[0] > color[2] && color[0] > color[1];
  };
  REQUIRE_FALSE(is_bricks(13));
  REQUIRE(is_bricks(15));
  REQUIRE(is_bricks(47));
}

TEST_CASE("Tall things are seen above walls and low ones are not", "[maze]") {
  constexpr Color kColor = {1, 2, 3};
  Labyrinth labyrinth(3, 1);  // no openings
  MazeScene scene = make_scene(std::move(labyrinth));
  const RayCaster caster(48);
  const MazePose west = {MazePosition::middle_of({0, 0}), kEast};
  scene.things = {{&kBeaconSprite, kColor, MazePosition::middle_of({2, 0})}};
  REQUIRE(count_pixels(caster.render(scene, west), kColor) > 10);
  scene.things[0].sprite = &kAppleSprite;
  REQUIRE(count_pixels(caster.render(scene, west), kColor) == 0);
  scene.labyrinth.open_wall({0, 0}, Labyrinth::east);
  scene.labyrinth.open_wall({1, 0}, Labyrinth::east);
  REQUIRE(count_pixels(caster.render(scene, west), kColor) > 3);
  scene.things[0].is_present = false;
  REQUIRE(count_pixels(caster.render(scene, west), kColor) == 0);
  scene.things[0].is_present = true;
  const MazePose turned_away = {west.position, (kEast + 4) % kHeadingCount};
  REQUIRE(count_pixels(caster.render(scene, turned_away), kColor) == 0);
}

TEST_CASE("A view is drawn from every pose of a labyrinth", "[maze]") {
  base::RandomStream random(1);
  MazeScene scene = make_scene(Labyrinth::sample(4, 4, 0.4, random));
  scene.things = {{&kTreeSprite, {255, 0, 0}, MazePosition::middle_of({1, 1})}};
  const RayCaster caster(48);
  for (int y = 0; y <= 4 * kQuarters; ++y) {
    for (int x = 0; x <= 4 * kQuarters; ++x) {
      for (int heading = 0; heading < kHeadingCount; ++heading) {
        if (is_free(scene.labyrinth, {x, y})) {
          REQUIRE(caster.render(scene, {{x, y}, heading}).pixels.size() ==
                  size_t{48} * 48 * 3);
        }
      }
    }
  }
}

TEST_CASE("The mission of maze/object names a color and a shape", "[maze]") {
  const auto environment = make_builtin_environment("maze/object");
  for (int seed = 0; seed < 20; ++seed) {
    const data::FieldValues observation = environment->reset(seed);
    REQUIRE(std::get<std::string>(observation[1]).rfind("go to the ", 0) == 0);
  }
  const Played played = play(*environment, 0, random_policy);
  REQUIRE(played.last.info.contains("success"));
}
