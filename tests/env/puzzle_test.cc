#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "env/play.h"
#include "gato/env/environment.h"
#include "gato/env/puzzle/sokoban_board.h"
#include "gato/env/puzzle/sokoban_expert.h"
#include "gato/env/puzzle/sokoban_generator.h"
#include "gato/env/puzzle/sokoban_solver.h"

using namespace gato;
using namespace gato::env;
using namespace gato::env::puzzle;
using namespace gato::test;

namespace {

struct Task {
  const char* name;
  double min_expert, max_random;      // returns
  double min_success_with_noise = 1;  // 20 % random actions
};
const std::vector<Task> kTasks = {
    {"puzzle/lights-out-4x4", 9.5, -2.5},
    {"puzzle/lights-out-5x5", 8.9, -6},
    {"puzzle/sliding-8", 14.5, -9},
    {"puzzle/sokoban-5x5", 10.3, -2, .94},
    {"puzzle/sokoban-7x7", 10.2, -6.5, .80},
    {"puzzle/sokoban-10x10", 9.8, -11, .70},
};

// A level in the usual notation: # wall, . target, $ box, * box on a target,
// @ player.
SokobanLevel parse_level(const std::vector<std::string_view>& rows) {
  SokobanLevel level;
  level.room.side = static_cast<int>(rows.size());
  level.room.is_wall.fill(true);
  for (int cell = 0; cell < level.room.cell_count(); ++cell) {
    const char symbol = rows[cell / rows.size()][cell % rows.size()];
    level.room.is_wall[cell] = symbol == '#';
    level.room.is_target[cell] = symbol == '.' || symbol == '*';
    if (symbol == '$' || symbol == '*') {
      level.start.add_box(cell);
    }
    if (symbol == '@') {
      level.start.player = static_cast<uint8_t>(cell);
    }
  }
  return level;
}

// Returns the least number of moves that solve the level, by breadth-first
// search of all positions of the player and the boxes.
int count_optimal_moves(const SokobanLevel& level) {
  const auto key_of = [](const SokobanState& state) {
    uint64_t key = state.player;
    for (const uint8_t box : state.boxes) {
      key = key << 8 | box;
    }
    return key;
  };
  std::vector<SokobanState> queue = {level.start};
  std::unordered_map<uint64_t, int> distances = {{key_of(level.start), 0}};
  for (size_t i = 0; i < queue.size(); ++i) {
    const SokobanState state = queue[i];
    const int distance = distances.at(key_of(state));
    if (is_solved(level.room, state)) {
      return distance;
    }
    for (int direction = 0; direction < 4; ++direction) {
      SokobanState next = state;
      move_player(level.room, next, direction);
      if (distances.emplace(key_of(next), distance + 1).second) {
        queue.push_back(next);
      }
    }
  }
  return -1;
}

// Returns the number of moves of the expert, -1 if they are more than 200.
int count_expert_moves(const SokobanLevel& level) {
  SokobanExpert expert;
  SokobanState state = level.start;
  for (int moves = 0; moves <= 200; ++moves) {
    if (is_solved(level.room, state)) {
      return moves;
    }
    move_player(level.room, state, expert.choose_action(level.room, state));
  }
  return -1;
}

const data::Array& image_of(const data::FieldValues& observation) {
  return std::get<data::Array>(observation[0]);
}

}  // namespace

TEST_CASE("Puzzle experts solve every level, and random play hardly any",
          "[puzzle]") {
  constexpr int kSeeds = GATO_SANITIZED ? 20 : 60;
  for (const Task& task : kTasks) {
    // Its search takes minutes with sanitizers.
    if (GATO_SANITIZED && std::string(task.name) == "puzzle/sokoban-10x10") {
      continue;
    }
    CAPTURE(task.name);
    REQUIRE(success_rate(task.name, kSeeds, expert_policy) == 1);
    REQUIRE(mean_reward(task.name, kSeeds, expert_policy) > task.min_expert);
    REQUIRE(mean_reward(task.name, kSeeds, random_policy) < task.max_random);
    REQUIRE(success_rate(task.name, kSeeds, noisy_expert(0.2)) >=
            task.min_success_with_noise);
  }
}

TEST_CASE("Sokoban rewards steps, placed boxes and the solution", "[puzzle]") {
  for (const auto& [name, boxes] : {std::pair{"puzzle/sokoban-5x5", 1},
                                    {"puzzle/sokoban-7x7", 2},
                                    {"puzzle/sokoban-10x10", 4}}) {
    const auto environment = make_builtin_environment(name);
    for (int seed = 0; seed < 10; ++seed) {
      const Played played = play(*environment, seed, expert_policy);
      REQUIRE(played.last.info.at("success") == 1);
      REQUIRE(played.reward ==
              Approx(10 + boxes - 0.1 * static_cast<double>(played.steps)));
    }
  }
}

TEST_CASE("Sokoban levels have as many boxes as targets, all apart",
          "[puzzle]") {
  base::RandomStream random(1);
  for (const auto& [side, boxes] : {std::pair{5, 1}, {7, 2}, {10, 4}}) {
    for (int i = 0; i < (GATO_SANITIZED ? 10 : 100); ++i) {
      const SokobanLevel level = make_sokoban_level(side, boxes, random);
      const Room& room = level.room;
      REQUIRE(room.side == side + 2);
      REQUIRE(std::ranges::count(room.is_target, true) == boxes);
      REQUIRE(count_boxes_on_targets(room, level.start) == 0);
      REQUIRE_FALSE(room.is_wall[level.start.player]);
      REQUIRE_FALSE(level.start.has_box(level.start.player));
      int count = 0;
      for (const uint8_t box : level.start.boxes) {
        count += box != SokobanState::kNoBox && !room.is_wall[box];
      }
      REQUIRE(count == boxes);
      for (int j = 0; j < room.side; ++j) {
        REQUIRE(room.is_wall[j]);
        REQUIRE(room.is_wall[j * room.side]);
        REQUIRE(room.is_wall[room.cell_count() - 1 - j]);
        REQUIRE(room.is_wall[room.cell_count() - 1 - j * room.side]);
      }
    }
  }
}

TEST_CASE("The Sokoban expert makes the fewest moves", "[puzzle]") {
  base::RandomStream random(2);
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    const SokobanLevel level = make_sokoban_level(5, 1, random);
    REQUIRE(count_expert_moves(level) == count_optimal_moves(level));
  }
  for (int i = 0; i < (GATO_SANITIZED ? 5 : 40); ++i) {
    CAPTURE(i);
    const SokobanLevel level = make_sokoban_level(7, 2, random);
    REQUIRE(count_expert_moves(level) == count_optimal_moves(level));
  }
}

TEST_CASE("The Sokoban solver finds solutions and proves that there is none",
          "[puzzle]") {
  const SokobanLevel level = parse_level({"#######",  //
                                          "#@    #",  //
                                          "# $ . #",  //
                                          "#     #",  //
                                          "# .$  #",  //
                                          "#     #",  //
                                          "#######"});
  const SokobanSearch best = solve_sokoban(level.room, level.start, 1, 10000);
  REQUIRE(best.pushes);
  REQUIRE(best.is_proven);
  REQUIRE(best.pushes->size() == 3);
  const SokobanSearch fast = solve_sokoban(level.room, level.start, 3, 10000);
  REQUIRE(fast.pushes);
  REQUIRE_FALSE(fast.is_proven);
  REQUIRE_FALSE(solve_sokoban(level.room, level.start, 1, 0).pushes);

  const SokobanLevel stuck = parse_level({"######",  //
                                          "#$$  #",  //
                                          "#  @ #",  //
                                          "#  . #",  //
                                          "#  . #",  //
                                          "######"});
  const SokobanSearch frozen = solve_sokoban(stuck.room, stuck.start, 1, 10000);
  REQUIRE_FALSE(frozen.pushes);
  REQUIRE(frozen.is_proven);
  REQUIRE(frozen.expanded_states == 0);
}

TEST_CASE("The Sokoban expert places the other boxes when one is lost",
          "[puzzle]") {
  const SokobanLevel level = parse_level({"#######",  //
                                          "#$    #",  //
                                          "# $ . #",  //
                                          "#     #",  //
                                          "#   . #",  //
                                          "#@    #",  //
                                          "#######"});
  REQUIRE(is_lost(level.room, level.start, 1 * 7 + 1));
  REQUIRE_FALSE(is_lost(level.room, level.start, 2 * 7 + 2));
  SokobanExpert expert;
  SokobanState state = level.start;
  for (int step = 0; step < 30; ++step) {
    move_player(level.room, state, expert.choose_action(level.room, state));
  }
  REQUIRE(count_boxes_on_targets(level.room, state) == 1);
  // Then it stays where it is, or at least moves no box.
  const auto boxes = state.boxes;
  for (int step = 0; step < 10; ++step) {
    move_player(level.room, state, expert.choose_action(level.room, state));
    REQUIRE(state.boxes == boxes);
  }
}

TEST_CASE("The 8-puzzle expert makes the fewest moves", "[puzzle]") {
  // The tiles of a board, row by row, 0 for the empty cell.
  using Board = std::string;
  const Board solved = "123456780";
  std::unordered_map<Board, int> distances = {{solved, 0}};
  std::vector<Board> queue = {solved};
  for (size_t i = 0; i < queue.size(); ++i) {
    const Board board = queue[i];
    const int empty = static_cast<int>(board.find('0'));
    for (int other = 0; other < 9; ++other) {
      if (std::abs(other / 3 - empty / 3) + std::abs(other % 3 - empty % 3) !=
          1) {
        continue;
      }
      Board next = board;
      std::swap(next[empty], next[other]);
      if (distances.emplace(next, distances.at(board) + 1).second) {
        queue.push_back(next);
      }
    }
  }
  REQUIRE(queue.size() == 181440);

  // The end of an episode shows which patch is which tile.
  const auto patch = [](const data::FieldValues& observation, int cell) {
    const data::Array& image = image_of(observation);
    std::string pixels;
    for (int row = 0; row < 16; ++row) {
      const int first = ((cell / 3 * 16 + row) * 48 + cell % 3 * 16) * 3;
      pixels.append(reinterpret_cast<const char*>(image.bytes.data()) + first,
                    16 * 3);
    }
    return pixels;
  };
  const auto environment = make_builtin_environment("puzzle/sliding-8");
  const Played end = play(*environment, 0, expert_policy);
  std::map<std::string, char> tile_of_patch;
  for (int cell = 0; cell < 9; ++cell) {
    tile_of_patch[patch(end.last.observation, cell)] = solved[cell];
  }
  REQUIRE(tile_of_patch.size() == 9);
  for (int seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const data::FieldValues start = environment->reset(seed);
    Board board;
    for (int cell = 0; cell < 9; ++cell) {
      board += tile_of_patch.at(patch(start, cell));
    }
    const Played played = play(*environment, seed, expert_policy);
    REQUIRE(played.has_succeeded);
    REQUIRE(played.steps == distances.at(board));
  }
}

TEST_CASE("The lights-out expert makes the fewest presses", "[puzzle]") {
  // Breadth-first search of the boards of 4 x 4 lights; bit row * 4 + column.
  const auto press = [](int lights, int light) {
    for (int other = 0; other < 16; ++other) {
      if (std::abs(other / 4 - light / 4) + std::abs(other % 4 - light % 4) <=
          1) {
        lights ^= 1 << other;
      }
    }
    return lights;
  };
  std::map<int, int> distances = {{0, 0}};
  std::vector<int> queue = {0};
  for (size_t i = 0; i < queue.size(); ++i) {
    for (int light = 0; light < 16; ++light) {
      const int next = press(queue[i], light);
      if (distances.emplace(next, distances.at(queue[i]) + 1).second) {
        queue.push_back(next);
      }
    }
  }
  REQUIRE(queue.size() == 4096);
  const auto environment = make_builtin_environment("puzzle/lights-out-4x4");
  for (int seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const data::FieldValues start = environment->reset(seed);
    int lights = 0;
    for (int light = 0; light < 16; ++light) {
      const int y = light / 4 * 8 + 4, x = light % 4 * 8 + 4;
      lights |= (image_of(start).as_double(3 * (y * 32 + x)) > 128) << light;
    }
    const Played played = play(*environment, seed, expert_policy);
    REQUIRE(played.has_succeeded);
    REQUIRE(played.steps == distances.at(lights));
  }
}
