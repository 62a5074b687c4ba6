// Labyrinths are carved by depth-first search with random choices, also called
// the recursive backtracker (Buck 2015, Mazes for Programmers, chapter 5),
// which makes long winding corridors. Then loops are added.
#include "gato/env/maze/labyrinth.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace gato::env {

Labyrinth Labyrinth::sample(int width, int height, double loops,
                            base::RandomStream& random) {
  Labyrinth labyrinth(width, height);
  labyrinth.carve_passages(random);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const Direction direction : {east, south}) {
        const Cell cell = {x, y};
        if (labyrinth.contains(neighbor(cell, direction)) &&
            labyrinth.has_wall(cell, direction) && random.uniform() < loops) {
          labyrinth.open_wall(cell, direction);
        }
      }
    }
  }
  return labyrinth;
}

void Labyrinth::open_wall(Cell cell, int direction) {
  open_[index(cell)] |= 1 << direction;
  open_[index(neighbor(cell, direction))] |= 1 << (direction + 2) % 4;
}

int Labyrinth::distance(Cell from, Cell to,
                        std::span<const Cell> blocked) const {
  std::vector<int> distances(open_.size(), kUnreachable);
  distances[index(from)] = 0;
  std::vector<Cell> queue = {from};
  for (size_t i = 0; i < queue.size() && queue[i] != to; ++i) {
    for (int direction = 0; direction < 4; ++direction) {
      const Cell next = neighbor(queue[i], direction);
      if (!has_wall(queue[i], direction) &&
          distances[index(next)] == kUnreachable &&
          std::ranges::find(blocked, next) == blocked.end()) {
        distances[index(next)] = distances[index(queue[i])] + 1;
        queue.push_back(next);
      }
    }
  }
  return distances[index(to)];
}

void Labyrinth::carve_passages(base::RandomStream& random) {
  std::vector<bool> is_visited(open_.size());
  std::vector<Cell> path = {{static_cast<int>(random.uniform_int(width_)),
                             static_cast<int>(random.uniform_int(height_))}};
  is_visited[index(path[0])] = true;
  while (!path.empty()) {
    const Cell cell = path.back();
    std::vector<int> choices;
    for (int direction = 0; direction < 4; ++direction) {
      const Cell next = neighbor(cell, direction);
      if (contains(next) && !is_visited[index(next)]) {
        choices.push_back(direction);
      }
    }
    if (choices.empty()) {
      path.pop_back();
      continue;
    }
    const int direction = choices[random.uniform_int(choices.size())];
    open_wall(cell, direction);
    path.push_back(neighbor(cell, direction));
    is_visited[index(path.back())] = true;
  }
}

void Labyrinth::open_dead_ends(base::RandomStream& random) {
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const Cell cell = {x, y};
      while (std::popcount(open_[index(cell)]) < 2) {
        const int direction = static_cast<int>(random.uniform_int(4));
        if (contains(neighbor(cell, direction))) {
          open_wall(cell, direction);
        }
      }
    }
  }
}

}  // namespace gato::env
