// Labyrinths: rectangles of square cells with thin walls between them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "gato/base/random.h"

namespace gato::env {

class Labyrinth {
 public:
  // x grows to the east and y to the south.
  struct Cell {
    int x = 0, y = 0;
    bool operator==(const Cell&) const = default;
  };
  enum Direction { north, east, south, west };
  static constexpr std::array<Cell, 4> kDirectionVectors = {
      {{0, -1}, {1, 0}, {0, 1}, {-1, 0}}};

  // All walls are closed.
  Labyrinth(int width, int height)
      : width_(width), height_(height), open_(width * height) {}
  // Samples a labyrinth in which every cell can be reached. Without loops there
  // would be one path between two cells; `loops` is the fraction of the other
  // walls that is opened nevertheless.
  static Labyrinth sample(int width, int height, double loops,
                          base::RandomStream& random);

  int width() const { return width_; }
  int height() const { return height_; }
  bool contains(Cell cell) const {
    return cell.x >= 0 && cell.x < width_ && cell.y >= 0 && cell.y < height_;
  }
  static Cell neighbor(Cell cell, int direction) {
    return {cell.x + kDirectionVectors[direction].x,
            cell.y + kDirectionVectors[direction].y};
  }
  // Returns whether a cell of the labyrinth has a wall in this direction.
  bool has_wall(Cell cell, int direction) const {
    return !(open_[index(cell)] >> direction & 1);
  }
  // Returns the number of steps from cell to cell between two cells, without
  // entering any of `blocked`; kUnreachable if there is no path.
  int distance(Cell from, Cell to, std::span<const Cell> blocked = {}) const;
  static constexpr int kUnreachable = 1 << 20;
  // Opens the wall between two cells of the labyrinth.
  void open_wall(Cell cell, int direction);
  // Opens a wall of every cell that has three, except for outer walls.
  void open_dead_ends(base::RandomStream& random);

 private:
  int index(Cell cell) const { return cell.y * width_ + cell.x; }
  void carve_passages(base::RandomStream& random);

  int width_, height_;
  std::vector<uint8_t> open_;  // bit d: there is no wall in direction d
};

}  // namespace gato::env
