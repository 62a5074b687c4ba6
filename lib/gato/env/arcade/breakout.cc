// arcade/breakout: a paddle keeps a ball in play that destroys bricks.
//
// The grid has 16 x 16 cells of 2 x 2 pixels. Rows 2 to 5 have room for 8
// bricks each, 2 cells wide; 20 of the 32 are there at the start. The ball
// moves by one row per step, and by one column to the left, to the right or not
// at all. It bounces off the side walls, the ceiling and the bricks, which it
// destroys. The paddle, 5 cells wide in the bottom row, moves by at most one
// cell per step and steers: the ball leaves to the left from its two left
// cells, straight up from its middle and to the right from its two right cells.
// The episode ends with success when the last brick is destroyed, and without
// when the ball is lost. The ball starts in row 7 on its way down, in a random
// column and direction, such that it can be reached.
//
// Observation: the grid, uint8 [32, 32, 3]. A dark cell behind the ball shows
// where it comes from.
// Action: 0 left, 1 stay, 2 right.
// Reward: 1 per brick; at most 20. Time limit: 500 steps.
//
// Expert: follows the ball through its next bounces, for every direction in
// which the paddle can send it, and chooses the direction that destroys the
// most bricks soonest. A return that the paddle cannot reach is never chosen.
// It sees all that it needs. It destroys all bricks, which is the maximum.
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

#include "gato/env/arcade/arcade_game.h"
#include "gato/env/arcade/arcade_tasks.h"

namespace gato::env {
namespace {

constexpr int kGridSize = 16, kPixelsPerCell = 2;
constexpr int kBrickRows = 4, kBricksPerRow = 8, kTopBrickRow = 2,
              kBrickWidth = 2, kBrickCount = 20;
// Cells on either side of the middle of the paddle.
constexpr int kPaddleHalfWidth = 2, kPaddleRow = kGridSize - 1;
constexpr int kStartRow = 7, kMaxEpisodeSteps = 500;

constexpr std::array<Color, kBrickRows> kBrickColors = {
    {{200, 70, 70}, {200, 130, 50}, {190, 180, 60}, {70, 140, 210}}};
constexpr Color kBallColor = {255, 255, 255}, kPaddleColor = {60, 220, 90};

// The ball and the bricks, without the paddle.
struct Board {
  uint32_t bricks = 0;  // bit row * kBricksPerRow + column
  int x = 0, y = 0, velocity_x = 0, velocity_y = 1;

  // Returns whether the ball meets the paddle row in the next step, in column
  // next_x().
  bool is_landing() const { return y == kPaddleRow - 1 && velocity_y > 0; }
  int next_x() const {
    return x + velocity_x < 0 || x + velocity_x >= kGridSize ? x
                                                             : x + velocity_x;
  }

  // Advances by one step in which the ball does not land. Returns the number of
  // bricks destroyed.
  int fly() {
    int destroyed = 0;
    if (next_x() == x || destroy_brick(y, x + velocity_x, destroyed)) {
      velocity_x = -velocity_x;
    } else {
      x += velocity_x;
    }
    if (y + velocity_y < 0 || destroy_brick(y + velocity_y, x, destroyed)) {
      velocity_y = -velocity_y;
    } else {
      y += velocity_y;
    }
    return destroyed;
  }

  // Returns the ball from the paddle, whose middle is at `paddle`. Returns
  // false if the paddle misses it.
  bool bounce_off(int paddle) {
    x = next_x();
    const int offset = x - paddle;
    velocity_x = (offset > 0) - (offset < 0);
    velocity_y = -1;
    return std::abs(offset) <= kPaddleHalfWidth;
  }

  // Returns whether there is a brick; destroys and counts it.
  bool destroy_brick(int row, int column, int& destroyed) {
    if (row < kTopBrickRow || row >= kTopBrickRow + kBrickRows) {
      return false;
    }
    const uint32_t bit = uint32_t{1} << ((row - kTopBrickRow) * kBricksPerRow +
                                         column / kBrickWidth);
    if (!(bricks & bit)) {
      return false;
    }
    bricks ^= bit;
    ++destroyed;
    return true;
  }
};

int clamp_paddle(int paddle) {
  return std::clamp(paddle, kPaddleHalfWidth, kGridSize - 1 - kPaddleHalfWidth);
}

// The best way to return the ball: the position of the paddle when the ball
// lands and the discounted number of bricks that will be destroyed.
struct Return {
  int paddle = 0;
  double value = 0;
  int steps = 0;  // until the ball lands, including the landing
};

// Searches the next `bounces` bounces off the paddle, which is at `paddle` now.
Return find_best_return(Board board, int paddle, int bounces) {
  constexpr double kDiscount = 0.98, kLossOfBall = -10;
  double flight_value = 0, discount = 1;
  int steps = 1;
  for (; !board.is_landing(); ++steps) {
    flight_value += discount * board.fly();
    discount *= kDiscount;
    if (board.bricks == 0) {
      return {paddle, flight_value, steps};
    }
  }
  const int column = board.next_x();
  Return best = {clamp_paddle(column), kLossOfBall, steps};
  if (bounces == 0) {
    const bool can_reach =
        std::abs(column - paddle) <= steps + kPaddleHalfWidth;
    return {best.paddle, flight_value + (can_reach ? 0 : discount * best.value),
            steps};
  }
  // The inner of two cells that steer in the same direction is better, since
  // the paddle still meets the ball if it is one cell off.
  for (const int offset : {0, -1, 1, -2, 2}) {
    const int target = column - offset;
    if (target != clamp_paddle(target) || std::abs(target - paddle) > steps) {
      continue;
    }
    Board next = board;
    next.bounce_off(target);
    const double value = find_best_return(next, target, bounces - 1).value;
    if (value > best.value) {
      best = {target, value, steps};
    }
  }
  best.value = flight_value + discount * best.value;
  return best;
}

class Breakout : public ArcadeGame {
 public:
  Breakout() : ArcadeGame("arcade/breakout", 3, kMaxEpisodeSteps) {}

 private:
  void reset_state(base::RandomStream random) override {
    board_ = {};
    while (std::popcount(board_.bricks) < kBrickCount) {
      board_.bricks |= uint32_t{1}
                       << random.uniform_int(kBrickRows * kBricksPerRow);
    }
    board_.x = static_cast<int>(random.uniform_int(kGridSize));
    board_.y = kStartRow;
    board_.velocity_x = static_cast<int>(random.uniform_int(3)) - 1;
    paddle_ = kGridSize / 2;
    plan_.reset();
  }

  Transition apply_action(const BuiltinAction& action) override {
    paddle_ = clamp_paddle(paddle_ + action.discrete - 1);
    Transition transition;
    if (board_.is_landing()) {
      transition.terminated = !board_.bounce_off(paddle_);
      plan_.reset();
    } else {
      transition.reward = board_.fly();
    }
    const bool has_cleared = board_.bricks == 0;
    transition.terminated |= has_cleared;
    transition.info["success"] = has_cleared ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    constexpr int kBounces = 6;
    if (!plan_ ||
        std::abs(plan_->paddle - paddle_) > landing_step_ - elapsed_steps()) {
      plan_ = find_best_return(board_, paddle_, kBounces);
      landing_step_ = elapsed_steps() + plan_->steps;
    }
    const int target = plan_->paddle;
    return {.discrete = 1 + (target > paddle_) - (target < paddle_)};
  }

  void draw(Screen& screen) const override {
    const auto fill_cells = [&screen](int row, int column, int width,
                                      Color color) {
      screen.fill(row * kPixelsPerCell, column * kPixelsPerCell, kPixelsPerCell,
                  width * kPixelsPerCell, color);
    };
    for (int i = 0; i < kBrickRows * kBricksPerRow; ++i) {
      if (board_.bricks >> i & 1) {
        const int row = i / kBricksPerRow, column = i % kBricksPerRow;
        fill_cells(kTopBrickRow + row, column * kBrickWidth, kBrickWidth,
                   kBrickColors[row]);
      }
    }
    fill_cells(kPaddleRow, paddle_ - kPaddleHalfWidth, 2 * kPaddleHalfWidth + 1,
               kPaddleColor);
    fill_cells(board_.y - board_.velocity_y, board_.x - board_.velocity_x, 1,
               darken(kBallColor));
    fill_cells(board_.y, board_.x, 1, kBallColor);
  }

  Board board_;
  int paddle_ = 0;
  // The expert's plan until the ball lands, and the step in which it does.
  std::optional<Return> plan_;
  int64_t landing_step_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_breakout() {
  return std::make_unique<Breakout>();
}

}  // namespace gato::env
