// arcade/catch: balls fall one at a time, a paddle at the bottom catches them.
//
// The field has 16 x 16 cells of 2 x 2 pixels. A ball appears in a random
// column of the top row and falls one row a step; the paddle, three cells wide
// in the bottom row, moves by at most one cell a step. The ball that arrives in
// the bottom row is caught (reward 1) if it meets the paddle, lost (reward 0)
// if not, and the next one appears. An episode is 5 balls of 15 steps. Every
// ball can be caught from anywhere.
//
// Observation: the field, uint8 [32, 32, 3]. Action: 0 left, 1 stay, 2 right.
// Expert: keep the middle of the paddle under the ball.
#include <algorithm>

#include "gato/env/builtin.h"
#include "gato/env/canvas.h"

namespace gato {
namespace {

constexpr int kCells = 16, kPixelsPerCell = 2, kBalls = 5;
constexpr int kPaddleReach = 1;  // cells on either side of the paddle's middle
constexpr Colour kBackground = {0, 0, 0}, kBall = {255, 255, 255},
                 kPaddle = {60, 220, 90};

class Catch : public BuiltinEnvironment {
 public:
  Catch() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    EnvironmentSpec spec;
    spec.task = {
        .name = "arcade/catch",
        .domain = "arcade",
        .environment = "arcade/catch",
        .observation = {image_field("observation", pixels(1), pixels(1))},
        .action = {discrete_field("action", 3)}};
    spec.max_steps = kBalls * (kCells - 1);
    spec.has_expert = spec.has_render = true;
    return spec;
  }
  static int pixels(int enlargement) {
    return kCells * kPixelsPerCell * enlargement;
  }

  void begin(RandomStream random) override {
    random_ = random;
    paddle_ = kPaddleReach +
              static_cast<int>(random_.below(kCells - 2 * kPaddleReach));
    balls_ = caught_ = 0;
    drop_ball();
  }

  Values observe() const override { return {image_value(picture(1))}; }

  Outcome advance(const Array& action) override {
    paddle_ = std::clamp(paddle_ + static_cast<int>(action.as_integer(0)) - 1,
                         kPaddleReach, kCells - 1 - kPaddleReach);
    ++row_;
    Outcome outcome;
    if (row_ == kCells - 1) {
      const bool is_caught = std::abs(column_ - paddle_) <= kPaddleReach;
      outcome.reward = is_caught ? 1 : 0;
      caught_ += is_caught;
      if (++balls_ == kBalls)
        outcome.terminated = true;
      else
        drop_ball();
    }
    outcome.info["success"] = caught_ == kBalls ? 1 : 0;
    return outcome;
  }

  Array demonstrate() const override {
    const int direction = (column_ > paddle_) - (column_ < paddle_);
    return discrete_value(direction + 1);
  }

  Image draw() const override { return picture(8); }

  void drop_ball() {
    row_ = 0;
    column_ = static_cast<int>(random_.below(kCells));
  }

  Image picture(int enlargement) const {
    const int cell = kPixelsPerCell * enlargement;
    Canvas canvas(pixels(enlargement), pixels(enlargement), kBackground);
    canvas.fill((kCells - 1) * cell, (paddle_ - kPaddleReach) * cell, cell,
                (2 * kPaddleReach + 1) * cell, kPaddle);
    canvas.fill(row_ * cell, column_ * cell, cell, cell, kBall);
    return canvas.image();
  }

  RandomStream random_{0};
  int paddle_ = 0, row_ = 0, column_ = 0, balls_ = 0, caught_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_catch() { return std::make_unique<Catch>(); }

}  // namespace gato
