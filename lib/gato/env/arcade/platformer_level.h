// Levels of platform games and the rules by which a runner moves in them.
//
// A level is a grid of cells. The runner fills one cell. In each step it moves
// by at most one column and one row: if it is on the ground it can jump, which
// lifts it by one row in each of the next 3 steps unless something is above it.
// Otherwise it falls by one row per step if nothing is below. It can move to
// the left and right in the air. A jump to the side reaches 3 rows up, or
// across a gap of 5 cells. First it moves sideways, then up or down.
//
// Walkers patrol back and forth, one cell per step, and everything repeats
// after 8 steps. The runner dies if it shares a cell with spikes or a walker,
// swaps cells with a walker, or falls out of the level. It wins at the coin.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/base/random.h"

namespace gato::env {

struct PlatformerLevel {
  enum class Tile : uint8_t { air, ground, spikes };
  enum class Fate { alive, dead, won };
  struct Cell {
    int x = 0, y = 0;  // y grows downward
    bool operator==(const Cell&) const = default;
  };
  struct Runner {
    Cell cell;
    int rise = 0;   // rows that are left of a jump
    int phase = 0;  // number of steps modulo kPeriod
  };
  // A walker moves from `left` to a cell 2 or 4 columns farther and back.
  struct Walker {
    Cell left;
    int span = 0;
    int phase = 0;  // steps since it was at the left end, when it starts
    Cell cell_at(int time) const;
    int velocity_at(int time) const;  // in the next step, -1 or 1
  };

  // The walkers are at the same cells again after this number of steps.
  static constexpr int kPeriod = 8;
  static constexpr int kJumpHeight = 3;
  // Actions. In the air, jumps have no effect apart from their direction.
  enum Action { stay, left, right, jump, jump_left, jump_right };
  static constexpr int kActionCount = 6;

  PlatformerLevel() = default;
  // Makes a level that contains only air.
  PlatformerLevel(int width, int height)
      : width(width), height(height), tiles(width * height) {}

  // Returns ground for cells to the left of, to the right of and above the
  // level.
  Tile tile(Cell cell) const;
  void set_tiles(Cell corner, int columns, int rows, Tile tile);
  // Advances the runner by one step.
  Fate advance(Runner& runner, int action) const;
  // Returns the best action in every state that can be reached from the start,
  // indexed by state_index. It maximizes the discounted probability of winning
  // if 20% of the actions are random.
  std::vector<uint8_t> plan() const;
  int state_index(const Runner& runner) const;

  int width = 0, height = 0;
  std::vector<Tile> tiles;  // [height][width]
  std::vector<Walker> walkers;
  Cell start, coin;

 private:
  bool is_killed(Cell from, Cell to, int phase) const;
};

}  // namespace gato::env
