// The arcade games: returns of their experts, and their levels.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "env/play.h"
#include "gato/env/arcade/chase_maze.h"
#include "gato/env/arcade/noisy_planner.h"
#include "gato/env/arcade/platformer_level.h"
#include "gato/env/canvas.h"

using namespace gato;
using namespace gato::env;
using namespace gato::test;

namespace {

// The number of episodes of a mean; sanitizers make them slow.
constexpr int kEpisodes = GATO_SANITIZED ? 20 : 100;

Color pixel(const data::FieldValues& observation, int y, int x) {
  const data::Array& image = std::get<data::Array>(observation[0]);
  Color color;
  for (int channel = 0; channel < 3; ++channel) {
    color[channel] = static_cast<uint8_t>(
        image.as_double((y * image.shape[1] + x) * 3 + channel));
  }
  return color;
}

}  // namespace

TEST_CASE("Arcade experts come close to the maximum", "[arcade]") {
  SECTION("breakout") {
    REQUIRE(mean_reward("arcade/breakout", kEpisodes, expert_policy) > 19.8);
    REQUIRE(mean_reward("arcade/breakout", kEpisodes, noisy_expert(0.3)) > 13);
    REQUIRE(mean_reward("arcade/breakout", kEpisodes, random_policy) < 1.5);
  }
  SECTION("chase") {
    REQUIRE(mean_reward("arcade/chase", kEpisodes, expert_policy) > 47);
    REQUIRE(mean_reward("arcade/chase", kEpisodes, noisy_expert(0.2)) > 28);
    REQUIRE(mean_reward("arcade/chase", kEpisodes, random_policy) < 6);
  }
  SECTION("climber") {
    REQUIRE(mean_reward("arcade/climber", kEpisodes, expert_policy) ==
            Approx(10));
    REQUIRE(mean_reward("arcade/climber", kEpisodes, noisy_expert(0.3)) > 8);
    REQUIRE(mean_reward("arcade/climber", kEpisodes, random_policy) < 1.5);
  }
  SECTION("coin-run") {
    REQUIRE(mean_reward("arcade/coin-run", kEpisodes, expert_policy) ==
            Approx(10));
    REQUIRE(mean_reward("arcade/coin-run", kEpisodes, noisy_expert(0.2)) > 7.5);
    REQUIRE(mean_reward("arcade/coin-run", kEpisodes, random_policy) < 1.5);
  }
  SECTION("freeway") {
    REQUIRE(mean_reward("arcade/freeway", kEpisodes, expert_policy) > 4.9);
    REQUIRE(mean_reward("arcade/freeway", kEpisodes, noisy_expert(0.3)) > 1.8);
    REQUIRE(mean_reward("arcade/freeway", kEpisodes, random_policy) < 0.1);
  }
  SECTION("pong") {
    REQUIRE(mean_reward("arcade/pong", kEpisodes, expert_policy) > 4.9);
    REQUIRE(mean_reward("arcade/pong", kEpisodes, noisy_expert(0.3)) > 4);
    REQUIRE(mean_reward("arcade/pong", kEpisodes, random_policy) < -2);
  }
}

TEST_CASE("Arcade games report success", "[arcade]") {
  for (const char* game :
       {"breakout", "chase", "climber", "coin-run", "pong"}) {
    CAPTURE(game);
    const std::string name = std::string("arcade/") + game;
    REQUIRE(success_rate(name, 20, expert_policy) >= 0.9);
    REQUIRE(success_rate(name, 20, random_policy) <= 0.1);
    const auto environment = make_builtin_environment(name);
    const Played played = play(*environment, 0, random_policy);
    REQUIRE(played.last.info.contains("success"));
  }
}

// Plays an episode of freeway in which the chicken waits, and reads from the
// screen where the cars are. Returns for each time and row whether a chicken
// would be hit.
std::vector<std::array<bool, 16>> watch_traffic(Environment& freeway,
                                                uint64_t seed) {
  constexpr std::array<int, 2> kChickenColumns = {15, 16};
  const data::FieldValues wait = {[] {
    data::Array action = data::Array::zeros(data::DType::int64, {});
    action.set_integer(0, 1);
    return action;
  }()};
  std::vector<std::array<bool, 16>> is_hit;
  data::FieldValues observation = freeway.reset(seed);
  for (bool has_ended = false; !has_ended;) {
    is_hit.emplace_back();
    for (int row = 1; row < 15; ++row) {
      for (const int column : kChickenColumns) {
        // Cars are the only things that are bright.
        is_hit.back()[row] |=
            std::ranges::max(pixel(observation, 2 * row, column)) > 150;
      }
    }
    const StepResult result = freeway.step(wait);
    observation = result.observation;
    has_ended = result.truncated;
  }
  is_hit.emplace_back();  // the traffic after the last step does not count
  return is_hit;
}

// Returns the largest number of crossings, by dynamic programming backward from
// the end of the episode.
int count_possible_crossings(const std::vector<std::array<bool, 16>>& is_hit) {
  std::array<int, 16> best{};
  for (int time = static_cast<int>(is_hit.size()) - 2; time >= 0; --time) {
    std::array<int, 16> previous{};
    for (int row = 1; row < 16; ++row) {
      for (int next = std::max(row - 1, 0); next <= std::min(row + 1, 15);
           ++next) {
        const int value = next == 0                ? 1 + best[15]
                          : is_hit[time + 1][next] ? best[next < 8 ? 8 : 15]
                                                   : best[next];
        previous[row] = std::max(previous[row], value);
      }
    }
    best = previous;
  }
  return best[15];
}

TEST_CASE("The expert of freeway is optimal", "[arcade]") {
  const auto environment = make_builtin_environment("arcade/freeway");
  double optimum = 0, achieved = 0;
  for (int seed = 0; seed < kEpisodes; ++seed) {
    CAPTURE(seed);
    const int possible =
        count_possible_crossings(watch_traffic(*environment, seed));
    const double reward = play(*environment, seed, expert_policy).reward;
    REQUIRE(reward <= possible);
    optimum += possible;
    achieved += reward;
  }
  CAPTURE(optimum, achieved);
  REQUIRE(achieved > 0.99 * optimum);
}

TEST_CASE("Every level of the platform games can be won", "[arcade]") {
  constexpr int kSeeds = GATO_SANITIZED ? 20 : 500;
  for (const char* name : {"arcade/climber", "arcade/coin-run"}) {
    const auto environment = make_builtin_environment(name);
    for (int seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(name, seed);
      REQUIRE(play(*environment, seed, expert_policy).has_succeeded);
    }
  }
}

TEST_CASE("A runner jumps three rows high and five cells far", "[arcade]") {
  PlatformerLevel level(12, 8);
  level.set_tiles({0, 7}, 3, 1, PlatformerLevel::Tile::ground);
  level.set_tiles({8, 7}, 4, 1, PlatformerLevel::Tile::ground);
  level.coin = {11, 6};
  PlatformerLevel::Runner runner = {.cell = {2, 6}};
  std::vector<int> rows;
  for (int step = 0; step < 6; ++step) {
    REQUIRE(level.advance(runner, PlatformerLevel::jump_right) ==
            PlatformerLevel::Fate::alive);
    rows.push_back(runner.cell.y);
  }
  REQUIRE(rows == std::vector<int>{5, 4, 3, 4, 5, 6});
  REQUIRE(runner.cell.x == 8);
  runner = {.cell = {2, 6}};
  level.advance(runner, PlatformerLevel::right);
  REQUIRE(level.advance(runner, PlatformerLevel::right) ==
          PlatformerLevel::Fate::dead);
}

TEST_CASE("A runner dies on meeting a walker", "[arcade]") {
  PlatformerLevel level(8, 4);
  level.set_tiles({0, 3}, 8, 1, PlatformerLevel::Tile::ground);
  level.walkers.push_back({.left = {2, 2}, .span = 4, .phase = 0});
  level.coin = {7, 2};
  SECTION("in the same cell") {
    PlatformerLevel::Runner runner = {.cell = {4, 2}};
    REQUIRE(level.advance(runner, PlatformerLevel::left) ==
            PlatformerLevel::Fate::dead);
  }
  SECTION("changing places") {
    PlatformerLevel::Runner runner = {.cell = {3, 2}};
    REQUIRE(level.advance(runner, PlatformerLevel::left) ==
            PlatformerLevel::Fate::dead);
  }
  SECTION("but not when it jumps") {
    PlatformerLevel::Runner runner = {.cell = {3, 2}};
    REQUIRE(level.advance(runner, PlatformerLevel::jump) ==
            PlatformerLevel::Fate::alive);
  }
}

TEST_CASE("A plan takes a risk only without noise", "[arcade]") {
  // From state 0, action 0 wins at once, and action 1 leads to state 1, where
  // both actions win. Action 2 loses in state 0 only.
  constexpr int32_t kEnd = PlannedTransition::kEnd;
  const std::vector<PlannedTransition> transitions = {
      {kEnd, 1},
      {1, 0},
      {kEnd, -9},
      {kEnd, 1},
      {kEnd, 1},
      {kEnd, 1},
      // State 2 chooses between state 0 and the way around it.
      {0, 0},
      {3, 0},
      {3, 0},
      {1, 0},
      {1, 0},
      {1, 0}};
  const auto bold = plan_under_noise(transitions, 3, 0.9, 0);
  REQUIRE(bold[0] == 0);
  REQUIRE(bold[2] == 0);
  const auto careful = plan_under_noise(transitions, 3, 0.9, 0.3);
  REQUIRE(careful[0] == 0);
  REQUIRE(careful[2] == 1);
}

TEST_CASE("The maze of the chase has no dead ends", "[arcade]") {
  for (int seed = 0; seed < 50; ++seed) {
    base::RandomStream random(seed);
    const ChaseMaze maze(random);
    const std::vector<int> distances =
        maze.distances_to({ChaseMaze::block_of_cell(0)});
    for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
      int exits = 0;
      for (int direction = 0; direction < 4; ++direction) {
        exits += maze.neighbor(block, direction) != ChaseMaze::kNoBlock;
      }
      REQUIRE(maze.is_open(block) ==
              (distances[block] < ChaseMaze::kBlockCount));
      REQUIRE((maze.is_open(block) ? exits >= 2 : exits == 0));
    }
  }
}
