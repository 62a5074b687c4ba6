#include "gato/env/arcade/arcade_game.h"

namespace gato::env {

ArcadeGame::ArcadeGame(const std::string& name, int action_count,
                       int max_episode_steps)
    : BuiltinEnvironment(builtin_spec(
          name, {image_field("observation", Screen::kSide, Screen::kSide)},
          {discrete_field("action", action_count)}, max_episode_steps)) {}

data::FieldValues ArcadeGame::observe() const {
  Screen screen(1);
  draw(screen);
  return {image_value(screen.image())};
}

data::Image ArcadeGame::render_frame() const {
  constexpr int kPixelsPerPoint = 8;
  Screen screen(kPixelsPerPoint);
  draw(screen);
  return screen.image();
}

}  // namespace gato::env
