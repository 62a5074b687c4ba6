// The agent's partial view: which cells it sees, and the image of them.
#pragma once

#include <array>
#include <cstdint>

#include "gato/data/image.h"
#include "gato/env/grid/grid_geometry.h"
#include "gato/env/grid/grid_tiles.h"
#include "gato/env/grid/grid_world.h"

namespace gato::env::grid {

// The view is a square of kViewSize x kViewSize cells. Ahead is up. The agent
// is in the bottom row, with kViewLeft columns to its left and kViewRight to
// its right.
inline constexpr int kViewSize = 6, kViewLeft = 3, kViewRight = 2;
inline constexpr int kTilePixels = 8;

// Returns whether the cell is within the view, visible or not.
inline bool is_in_view(const Pose& pose, Cell cell) {
  const Cell seen = to_pose_frame(pose, cell);
  return seen.x >= -kViewLeft && seen.x <= kViewRight && seen.y >= 0 &&
         seen.y < kViewSize;
}

// The visible cells of a view: bit c of rows[r] is the cell r cells ahead and
// c - kViewLeft cells to the right.
struct VisibleCells {
  std::array<uint8_t, kViewSize> rows{};

  // Calls visit(cell, seen) for each, with its coordinates in the world and
  // relative to `pose`.
  template <class Visit>
  void for_each(const Pose& pose, Visit visit) const {
    for (int y = 0; y < kViewSize; ++y) {
      for (int column = 0; column < kViewSize; ++column) {
        if (rows[y] >> column & 1) {
          const Cell seen = {column - kViewLeft, y};
          visit(from_pose_frame(pose, seen), seen);
        }
      }
    }
  }
};

// Returns the cells that are visible from `pose`. is_transparent(cell) returns
// whether a cell does not block the view. The rule is that of MiniGrid
// (process_vis, Chevalier-Boisvert et al. 2023): row by row, light spreads from
// transparent cells to both sides, and to the three nearest cells of the next
// row.
template <class IsTransparent>
VisibleCells find_visible_cells(const Pose& pose,
                                IsTransparent is_transparent) {
  constexpr unsigned kAllColumns = (1u << kViewSize) - 1;
  VisibleCells visible;
  unsigned lit = 1u << kViewLeft;  // the agent's own cell
  for (int y = 0; y < kViewSize && lit != 0; ++y) {
    unsigned transparent = y == 0 ? lit : 0;
    for (int column = 0; column < kViewSize; ++column) {
      if (is_transparent(from_pose_frame(pose, {column - kViewLeft, y}))) {
        transparent |= 1u << column;
      }
    }
    for (unsigned before = 0; before != lit;) {
      before = lit;
      const unsigned open = lit & transparent;
      lit |= (open << 1 | open >> 1) & kAllColumns;
    }
    visible.rows[y] = static_cast<uint8_t>(lit);
    const unsigned open = lit & transparent;
    lit = (open | open << 1 | open >> 1) & kAllColumns;
  }
  return visible;
}

// Returns the agent's view, kViewSize * kTilePixels pixels high and wide. Cells
// that are not visible are black. The agent's cell shows the agent, or what it
// carries.
data::Image draw_view(const World& world, const VisibleCells& visible);

// Returns the complete world from above, north up, for people. Visible cells
// are brighter, and `marked` cells have a frame.
data::Image draw_world(const World& world, const VisibleCells& visible,
                       const std::vector<Cell>& marked);

}  // namespace gato::env::grid
