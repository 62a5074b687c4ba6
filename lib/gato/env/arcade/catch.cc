// arcade/catch: balls fall one at a time, and a paddle at the bottom catches
// them.
//
// The grid has 16 x 16 cells of 2 x 2 pixels. A ball appears in a random column
// of the top row and falls one row per step. The paddle, three cells wide in
// the bottom row, moves by at most one cell per step. A ball that reaches the
// bottom row is caught (reward 1) if it hits the paddle and lost (reward 0)
// otherwise; then the next one appears. An episode has 5 balls of 15 steps
// each. Every ball can be caught from any paddle position.
//
// Observation: the grid, uint8 [32, 32, 3].
// Action: 0 left, 1 stay, 2 right.
// Expert: keeps the middle of the paddle under the ball.
#include <algorithm>

#include "gato/env/arcade/arcade_tasks.h"
#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"

namespace gato::env {
namespace {

constexpr int kGridSize = 16, kPixelsPerCell = 2, kBallsPerEpisode = 5;
// Cells on either side of the middle of the paddle.
constexpr int kPaddleHalfWidth = 1;
constexpr Color kBackgroundColor = {0, 0, 0}, kBallColor = {255, 255, 255},
                kPaddleColor = {60, 220, 90};

class Catch : public BuiltinEnvironment {
 public:
  Catch() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    return builtin_spec(
        "arcade/catch",
        {image_field("observation", image_size(1), image_size(1))},
        {discrete_field("action", 3)}, kBallsPerEpisode * (kGridSize - 1));
  }
  static int image_size(int scale) {
    return kGridSize * kPixelsPerCell * scale;
  }

  void reset_state(base::RandomStream random) override {
    random_ = random;
    paddle_column_ =
        kPaddleHalfWidth +
        static_cast<int>(random_.uniform_int(kGridSize - 2 * kPaddleHalfWidth));
    finished_balls_ = caught_balls_ = 0;
    spawn_ball();
  }

  data::FieldValues observe() const override {
    return {image_value(draw_grid(1))};
  }

  Transition apply_action(const BuiltinAction& action) override {
    paddle_column_ =
        std::clamp(paddle_column_ + action.discrete - 1, kPaddleHalfWidth,
                   kGridSize - 1 - kPaddleHalfWidth);
    ++ball_row_;
    Transition transition;
    if (ball_row_ == kGridSize - 1) {
      const bool is_caught =
          std::abs(ball_column_ - paddle_column_) <= kPaddleHalfWidth;
      transition.reward = is_caught ? 1 : 0;
      caught_balls_ += is_caught;
      if (++finished_balls_ == kBallsPerEpisode) {
        transition.terminated = true;
      } else {
        spawn_ball();
      }
    }
    transition.info["success"] = caught_balls_ == kBallsPerEpisode ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const int direction =
        (ball_column_ > paddle_column_) - (ball_column_ < paddle_column_);
    return {.discrete = direction + 1};
  }

  data::Image render_frame() const override { return draw_grid(8); }

  void spawn_ball() {
    ball_row_ = 0;
    ball_column_ = static_cast<int>(random_.uniform_int(kGridSize));
  }

  data::Image draw_grid(int scale) const {
    const int cell_pixels = kPixelsPerCell * scale;
    Canvas canvas(image_size(scale), image_size(scale), kBackgroundColor);
    canvas.fill_rectangle((kGridSize - 1) * cell_pixels,
                          (paddle_column_ - kPaddleHalfWidth) * cell_pixels,
                          cell_pixels, (2 * kPaddleHalfWidth + 1) * cell_pixels,
                          kPaddleColor);
    canvas.fill_rectangle(ball_row_ * cell_pixels, ball_column_ * cell_pixels,
                          cell_pixels, cell_pixels, kBallColor);
    return canvas.image();
  }

  base::RandomStream random_{0};
  int paddle_column_ = 0, ball_row_ = 0, ball_column_ = 0, finished_balls_ = 0,
      caught_balls_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_catch() { return std::make_unique<Catch>(); }

}  // namespace gato::env
