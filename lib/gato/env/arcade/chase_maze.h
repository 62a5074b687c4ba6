// The maze of arcade/chase: a labyrinth drawn with blocks.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gato/env/maze/labyrinth.h"

namespace gato::env {

// A labyrinth of 7 x 7 cells without dead ends becomes 15 x 15 blocks: a block
// per cell, and one per wall or passage between two cells.
class ChaseMaze {
 public:
  static constexpr int kCells = 7, kSide = 2 * kCells + 1,
                       kBlockCount = kSide * kSide;
  static constexpr int kNoBlock = -1;

  explicit ChaseMaze(base::RandomStream& random);

  // Blocks are numbered row by row.
  static int block_at(int row, int column) { return row * kSide + column; }
  static int row_of(int block) { return block / kSide; }
  static int column_of(int block) { return block % kSide; }
  // Returns the block of cell 0 <= cell < kCells * kCells.
  static int block_of_cell(int cell) {
    return block_at(2 * (cell / kCells) + 1, 2 * (cell % kCells) + 1);
  }

  bool is_open(int block) const { return is_open_[block]; }
  // Returns the open block in a direction of Labyrinth, or kNoBlock.
  int neighbor(int block, int direction) const {
    return neighbors_[block][direction];
  }
  // Returns a mask of the directions that lead to an open block: bit d for
  // direction d.
  uint32_t exits(int block) const { return exits_[block]; }
  // Returns the numbers of steps from all blocks to the nearest of `targets`;
  // kBlockCount for blocks that are not open.
  std::vector<int> distances_to(const std::vector<int>& targets) const;

 private:
  std::array<bool, kBlockCount> is_open_{};
  std::array<std::array<int, 4>, kBlockCount> neighbors_;
  std::array<uint32_t, kBlockCount> exits_{};
};

}  // namespace gato::env
