// The base class of the arcade games: a screen to look at, and a few buttons,
// of which one is pressed in each step.
#pragma once

#include <string>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"

namespace gato::env {

// A screen of 32 x 32 points, each of which becomes scale x scale pixels.
class Screen {
 public:
  static constexpr int kSide = 32;
  explicit Screen(int scale)
      : scale_(scale), canvas_(kSide * scale, kSide * scale, {0, 0, 0}) {}
  // Fills a rectangle, measured in points. Points outside the screen are
  // ignored.
  void fill(int y, int x, int height, int width, Color color) {
    canvas_.fill_rectangle(y * scale_, x * scale_, height * scale_,
                           width * scale_, color);
  }
  const data::Image& image() const { return canvas_.image(); }

 private:
  int scale_;
  Canvas canvas_;
};

// Returns a darker shade, for the trails that show which way things move.
constexpr Color darken(Color color) {
  for (uint8_t& channel : color) {
    channel = static_cast<uint8_t>(channel / 3);
  }
  return color;
}

// A game whose observation is the screen, uint8 [32, 32, 3], and whose action
// is one of `action_count` buttons. When it is rendered for people, the screen
// is 8 times larger.
class ArcadeGame : public BuiltinEnvironment {
 protected:
  ArcadeGame(const std::string& name, int action_count, int max_episode_steps);

  // Draws the current state on a black screen.
  virtual void draw(Screen& screen) const = 0;

 private:
  data::FieldValues observe() const override;
  data::Image render_frame() const override;
};

}  // namespace gato::env
