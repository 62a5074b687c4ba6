#include "gato/env/arcade/chase_maze.h"

#include <cstddef>

namespace gato::env {

ChaseMaze::ChaseMaze(base::RandomStream& random) {
  constexpr double kLoops = 0.15;
  Labyrinth labyrinth = Labyrinth::sample(kCells, kCells, kLoops, random);
  labyrinth.open_dead_ends(random);
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      const int row = 2 * y + 1, column = 2 * x + 1;
      is_open_[block_at(row, column)] = true;
      is_open_[block_at(row, column + 1)] |=
          !labyrinth.has_wall({x, y}, Labyrinth::east);
      is_open_[block_at(row + 1, column)] |=
          !labyrinth.has_wall({x, y}, Labyrinth::south);
    }
  }
  for (int block = 0; block < kBlockCount; ++block) {
    for (int direction = 0; direction < 4; ++direction) {
      const Labyrinth::Cell step = Labyrinth::kDirectionVectors[direction];
      const int next = block + step.y * kSide + step.x;
      // The blocks at the border are closed, so `next` is in the maze.
      const bool is_exit = is_open_[block] && is_open_[next];
      neighbors_[block][direction] = is_exit ? next : kNoBlock;
      exits_[block] |= static_cast<uint32_t>(is_exit) << direction;
    }
  }
}

std::vector<int> ChaseMaze::distances_to(
    const std::vector<int>& targets) const {
  std::vector<int> distances(kBlockCount, kBlockCount);
  std::vector<int> queue = targets;
  for (const int target : targets) {
    distances[target] = 0;
  }
  for (size_t i = 0; i < queue.size(); ++i) {
    for (const int next : neighbors_[queue[i]]) {
      if (next != kNoBlock && distances[next] == kBlockCount) {
        distances[next] = distances[queue[i]] + 1;
        queue.push_back(next);
      }
    }
  }
  return distances;
}

}  // namespace gato::env
