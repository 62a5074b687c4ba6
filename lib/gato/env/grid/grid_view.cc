#include "gato/env/grid/grid_view.h"

#include "gato/env/canvas.h"

namespace gato::env::grid {
namespace {

constexpr Color kHandColor = {90, 90, 90}, kLitFloorColor = {70, 70, 70},
                kFrameColor = {255, 160, 40};
// A closed door fills its cell, a locked one has bars in the color of the wall,
// and an open one has two posts on the floor.
constexpr Mask kOpenDoorMask = {"#..#", "#..#", "#..#", "#..#"},
               kClosedDoorMask = {"####", "####", "####", "####"},
               kLockedDoorMask = {"####", "....", "####", "...."};

const Mask& door_mask(DoorState state) {
  return state == DoorState::open     ? kOpenDoorMask
         : state == DoorState::closed ? kClosedDoorMask
                                      : kLockedDoorMask;
}

// Draws a cell with what is in it, except the agent, at the pixel (y, x).
void draw_cell(Canvas& canvas, const World& world, Cell cell, int y, int x,
               int tile, Color floor) {
  const int scale = tile / kMaskSize;
  canvas.fill_rectangle(y, x, tile, tile,
                        world.is_transparent(cell) ? floor : kWallColor);
  if (const int door = world.door_at(cell); door >= 0) {
    canvas.draw_mask(y, x, door_mask(world.doors()[door].state), scale,
                     kColors[world.doors()[door].color].color);
  }
  if (const int object = world.object_at(cell); object >= 0) {
    const Kind kind = world.objects()[object].kind;
    canvas.draw_mask(y, x, kShapes[kind.shape].mask, scale,
                     kColors[kind.color].color);
  }
}

}  // namespace

data::Image draw_view(const World& world, const VisibleCells& visible) {
  constexpr int kSide = kViewSize * kTilePixels;
  constexpr int kScale = kTilePixels / kMaskSize;
  Canvas canvas(kSide, kSide, kHiddenColor);
  visible.for_each(world.agent(), [&](Cell cell, Cell seen) {
    draw_cell(canvas, world, cell, (kViewSize - 1 - seen.y) * kTilePixels,
              (kViewLeft + seen.x) * kTilePixels, kTilePixels, kFloorColor);
  });
  constexpr int kAgentY = (kViewSize - 1) * kTilePixels,
                kAgentX = kViewLeft * kTilePixels;
  if (world.carried_object() < 0) {
    canvas.draw_mask(kAgentY, kAgentX, kAgentMask, kScale, kAgentColor);
  } else {
    const Kind kind = world.objects()[world.carried_object()].kind;
    canvas.fill_rectangle(kAgentY, kAgentX, kTilePixels, kTilePixels,
                          kHandColor);
    canvas.draw_mask(kAgentY, kAgentX, kShapes[kind.shape].mask, kScale,
                     kColors[kind.color].color);
  }
  return canvas.image();
}

data::Image draw_world(const World& world, const VisibleCells& visible,
                       const std::vector<Cell>& marked) {
  // The longer side is 224 to 264 pixels.
  const int tile = world.width() > 8 ? 24 : 32;
  Canvas canvas(world.height() * tile, world.width() * tile, kHiddenColor);
  for (int y = 0; y < world.height(); ++y) {
    for (int x = 0; x < world.width(); ++x) {
      draw_cell(canvas, world, {x, y}, y * tile, x * tile, tile, kFloorColor);
    }
  }
  visible.for_each(world.agent(), [&](Cell cell, Cell) {
    if (world.contains(cell)) {
      draw_cell(canvas, world, cell, cell.y * tile, cell.x * tile, tile,
                kLitFloorColor);
    }
  });
  const int agent_y = world.agent().cell.y * tile,
            agent_x = world.agent().cell.x * tile;
  canvas.draw_mask(agent_y, agent_x, kAgentMask, tile / kMaskSize, kAgentColor,
                   world.agent().direction);
  if (world.carried_object() >= 0) {
    const Kind kind = world.objects()[world.carried_object()].kind;
    canvas.draw_mask(agent_y + tile / 4, agent_x + tile / 4,
                     kShapes[kind.shape].mask, tile / kMaskSize / 2,
                     kColors[kind.color].color);
  }
  for (const Cell cell : marked) {
    const int y = cell.y * tile, x = cell.x * tile;
    canvas.fill_rectangle(y, x, 2, tile, kFrameColor);
    canvas.fill_rectangle(y + tile - 2, x, 2, tile, kFrameColor);
    canvas.fill_rectangle(y, x, tile, 2, kFrameColor);
    canvas.fill_rectangle(y, x + tile - 2, tile, 2, kFrameColor);
  }
  return canvas.image();
}

}  // namespace gato::env::grid
