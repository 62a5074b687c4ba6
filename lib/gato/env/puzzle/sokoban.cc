// puzzle/sokoban-5x5, -7x7, -10x10: push boxes onto targets.
//
// The size is that of the area within the outer wall, which has 1, 2 or 4 boxes
// and as many targets. (Boxoban's levels of 10 x 10 cells include the outer
// wall.) The player moves by one cell and pushes a box ahead of it if the cell
// beyond is free. A level is carved by a random walk and made by playing in
// reverse (sokoban_generator.h), so it can be solved. An episode ends with
// success when all boxes are on targets, and is truncated after 40, 80 or 120
// steps.
//
// Observation: the room, uint8 [32, 32, 3] or, for 10x10, [48, 48, 3]. Cells
// are 4 x 4 pixels in one color, so that no cell is in two image patches. As
// much of the outer wall is shown as fits. Action: 0 up, 1 right, 2 down, 3
// left. A move that is not possible has no effect. Reward, as in Racaniere et
// al. (2017): -0.1 per step, 1 for a box that gets onto a target, -1 for one
// that leaves it, 10 for the solution.
//
// Expert: A* (sokoban_solver.h). In 5x5 and 7x7 it makes the fewest moves that
// are possible; in 10x10 it makes 4% more on average (37.6 instead of 36.1 in
// 200 levels). With random actions in 10% or 20% of the steps, the following
// share of episodes fails, because a box can no longer get to a target or
// because the time is up: 0.5% and 2% in 5x5, 4% and 9% in 7x7, 8% and 15% in
// 10x10. The expert then brings the other boxes to targets and stays where it
// is; recordings with noise should be filtered by success.
#include <memory>
#include <string>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"
#include "gato/env/puzzle/puzzle_tasks.h"
#include "gato/env/puzzle/sokoban_board.h"
#include "gato/env/puzzle/sokoban_expert.h"
#include "gato/env/puzzle/sokoban_generator.h"

namespace gato::env::puzzle {
namespace {

constexpr int kTilePixels = 4, kPatchPixels = 16;
constexpr Color kWallColor = {130, 130, 130}, kFloorColor = {25, 25, 25},
                kTargetColor = {210, 50, 70}, kBoxColor = {230, 160, 60},
                kPlacedBoxColor = {60, 210, 80}, kPlayerColor = {80, 120, 255},
                kPlayerOnTargetColor = {230, 130, 255};

class Sokoban : public BuiltinEnvironment {
 public:
  Sokoban(const std::string& name, int inner_side, int box_count,
          int64_t max_episode_steps)
      : BuiltinEnvironment(make_spec(name, inner_side, max_episode_steps)),
        inner_side_(inner_side),
        box_count_(box_count) {}

 private:
  // The inside and the upper left part of the wall, in whole patches.
  static int image_side(int inner_side) {
    const int pixels = (inner_side + 1) * kTilePixels;
    return (pixels + kPatchPixels - 1) / kPatchPixels * kPatchPixels;
  }
  static EnvironmentSpec make_spec(const std::string& name, int inner_side,
                                   int64_t max_episode_steps) {
    const int side = image_side(inner_side);
    return builtin_spec(name, {image_field("observation", side, side)},
                        {discrete_field("action", 4)}, max_episode_steps);
  }

  void reset_state(base::RandomStream random) override {
    SokobanLevel level = make_sokoban_level(inner_side_, box_count_, random);
    room_ = level.room;
    state_ = level.start;
    expert_.reset();
  }

  data::FieldValues observe() const override {
    const int side = image_side(inner_side_);
    Canvas canvas(side, side, kWallColor);
    for (int cell = 0; cell < room_.cell_count(); ++cell) {
      if (!room_.is_wall[cell]) {
        canvas.fill_rectangle(cell / room_.side * kTilePixels,
                              cell % room_.side * kTilePixels, kTilePixels,
                              kTilePixels, color_of(cell));
      }
    }
    return {image_value(canvas.image())};
  }

  Transition apply_action(const BuiltinAction& action) override {
    const int placed_before = count_boxes_on_targets(room_, state_);
    move_player(room_, state_, action.discrete);
    const int placed = count_boxes_on_targets(room_, state_);
    Transition transition;
    transition.reward = -0.1 + placed - placed_before;
    if (placed == box_count_) {
      transition.reward += 10;
      transition.terminated = true;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    return {.discrete = expert_.choose_action(room_, state_)};
  }

  // The room with its outer wall. Targets can be seen below boxes and players.
  data::Image render_frame() const override {
    const int tile = room_.side > 9 ? 24 : 32, inset = tile / 8;
    Canvas canvas(room_.side * tile, room_.side * tile, kWallColor);
    auto fill = [&](int cell, int margin, Color color) {
      canvas.fill_rectangle(cell / room_.side * tile + margin,
                            cell % room_.side * tile + margin,
                            tile - 2 * margin, tile - 2 * margin, color);
    };
    for (int cell = 0; cell < room_.cell_count(); ++cell) {
      if (room_.is_wall[cell]) {
        continue;
      }
      fill(cell, 0, kFloorColor);
      if (room_.is_target[cell]) {
        fill(cell, 1, kTargetColor);
        fill(cell, 1 + inset / 2, kFloorColor);
      }
      if (state_.has_box(cell)) {
        fill(cell, inset, color_of(cell));
        fill(cell, 2 * inset, kFloorColor);
        fill(cell, 5 * inset / 2, color_of(cell));
      } else if (state_.player == cell) {
        fill(cell, 2 * inset, color_of(cell));
      } else if (room_.is_target[cell]) {
        fill(cell, 3 * inset, kTargetColor);
      }
    }
    return canvas.image();
  }

  // Returns the color of a cell that is not a wall.
  Color color_of(int cell) const {
    const bool is_target = room_.is_target[cell];
    if (state_.player == cell) {
      return is_target ? kPlayerOnTargetColor : kPlayerColor;
    }
    if (state_.has_box(cell)) {
      return is_target ? kPlacedBoxColor : kBoxColor;
    }
    return is_target ? kTargetColor : kFloorColor;
  }

  const int inner_side_, box_count_;
  Room room_;
  SokobanState state_;
  SokobanExpert expert_;
};

}  // namespace

std::unique_ptr<Environment> make_sokoban_5x5() {
  return std::make_unique<Sokoban>("puzzle/sokoban-5x5", 5, 1, 40);
}

std::unique_ptr<Environment> make_sokoban_7x7() {
  return std::make_unique<Sokoban>("puzzle/sokoban-7x7", 7, 2, 80);
}

std::unique_ptr<Environment> make_sokoban_10x10() {
  return std::make_unique<Sokoban>("puzzle/sokoban-10x10", 10, 4, 120);
}

}  // namespace gato::env::puzzle
