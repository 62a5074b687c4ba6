#include "gato/env/maze/maze_scene.h"

#include <algorithm>

namespace gato::env {
namespace {

constexpr std::array<std::string_view, 12> kBeaconMask = {
    ".##.", "####", "####", ".##.", ".ww.", ".##.",
    ".##.", ".ww.", ".##.", ".ww.", ".##.", ".ww."};
constexpr std::array<std::string_view, 12> kTreeMask = {
    "..gggg..", ".gg#ggg.", "gggggg#g", "g#gggggg", "gggg#ggg", "gg#gggg#",
    ".gggg#g.", "..gggg..", "...bb...", "...bb...", "...bb...", "...bb..."};
constexpr std::array<std::string_view, 8> kAppleMask = {
    "....gg..", "...g....", ".######.", "########",
    "########", "#######+", ".#####+.", "..###+.."};
constexpr std::array<std::string_view, 8> kLemonMask = {
    "...##...", "..####..", ".######.", "########",
    "#######+", ".#####+.", "..###+..", "...#+..."};
constexpr std::array<std::string_view, 14> kBallMask = {
    "..####..", ".######.", "########", "########", "########",
    "#######+", ".#####+.", "..####..", "...ww...", "...ww...",
    "...ww...", "...ww...", "...ww...", "...ww..."};
constexpr std::array<std::string_view, 14> kBoxMask = {
    "########", "########", "##....##", "##....##", "##....##",
    "##....##", "########", "########", "...ww...", "...ww...",
    "...ww...", "...ww...", "...ww...", "...ww..."};
constexpr std::array<std::string_view, 14> kStarMask = {
    "...##...", "...##...", ".######.", "########", "..####..",
    ".######.", ".##..##.", "##....##", "...ww...", "...ww...",
    "...ww...", "...ww...", "...ww...", "...ww..."};

constexpr int kRegionCount = 4, kPosterColorCount = 6, kPosterShapeCount = 3;
constexpr int kPosterCount = 1 + kPosterColorCount * kPosterShapeCount;
constexpr std::array<Color, kRegionCount> kBrickColors = {
    {{170, 85, 65}, {80, 110, 165}, {95, 140, 75}, {180, 150, 95}}};
constexpr std::array<Color, kPosterColorCount> kPosterColors = {
    {{240, 60, 60},
     {60, 220, 80},
     {80, 110, 255},
     {250, 230, 60},
     {220, 90, 240},
     {250, 250, 250}}};

Color scale(Color color, double factor) {
  for (uint8_t& channel : color) {
    channel = static_cast<uint8_t>(channel * factor);
  }
  return color;
}

// Bricks of 8 x 4 texels with mortar between them; every second row is shifted.
bool is_mortar(int column, int row) {
  return row % 4 == 3 || (column + row / 4 % 2 * 4) % 8 == 7;
}

// Posters are stripes, a frame or a checkerboard.
bool is_poster_painted(int shape, int column, int row) {
  switch (shape) {
    case 0:
      return column / 2 % 2 == 0;
    case 1:
      return column < 5 || column > 10 || row < 5 || row > 10;
    default:
      return (column / 3 + row / 3) % 2 == 0;
  }
}

WallTexture make_texture(int region, int poster, double shade) {
  WallTexture texture;
  for (int column = 0; column < kTexels; ++column) {
    for (int row = 0; row < kTexels; ++row) {
      Color color = is_mortar(column, row) ? scale(kBrickColors[region], 0.6)
                                           : kBrickColors[region];
      if (poster > 0 && column >= 3 && column <= 12 && row >= 3 && row <= 12) {
        const int shape = (poster - 1) / kPosterColorCount;
        color = is_poster_painted(shape, column, row)
                    ? kPosterColors[(poster - 1) % kPosterColorCount]
                    : Color{30, 30, 30};
      }
      texture[column][row] = scale(color, shade);
    }
  }
  return texture;
}

// [region][poster][0: walls between west and east, 1: between north and south]
using TextureTable =
    std::array<std::array<std::array<WallTexture, 2>, kPosterCount>,
               kRegionCount>;

const TextureTable& textures() {
  static const TextureTable kTextures = [] {
    TextureTable table;
    for (int region = 0; region < kRegionCount; ++region) {
      for (int poster = 0; poster < kPosterCount; ++poster) {
        table[region][poster] = {make_texture(region, poster, 1),
                                 make_texture(region, poster, 0.75)};
      }
    }
    return table;
  }();
  return kTextures;
}

}  // namespace

const MazeSprite kBeaconSprite = {kBeaconMask, 0.6, 0, 3};
const MazeSprite kTreeSprite = {kTreeMask, 0.8, 0, 1.5};
const MazeSprite kAppleSprite = {kAppleMask, 0.4, 0, 0.4};
const MazeSprite kLemonSprite = {kLemonMask, 0.4, 0, 0.4};
const MazeSprite kBallSprite = {kBallMask, 0.8, 0, 1.6};
const MazeSprite kBoxSprite = {kBoxMask, 0.8, 0, 1.6};
const MazeSprite kStarSprite = {kStarMask, 0.8, 0, 1.6};

void MazeScene::sample_posters(base::RandomStream& random) {
  posters.assign(labyrinth.width() * labyrinth.height() * 4, 0);
  for (uint8_t& poster : posters) {
    if (random.uniform_int(3) == 0) {
      poster = static_cast<uint8_t>(1 + random.uniform_int(kPosterCount - 1));
    }
  }
}

const WallTexture& MazeScene::texture(Labyrinth::Cell cell,
                                      int direction) const {
  const int region = 2 * (2 * cell.y >= labyrinth.height()) +
                     (2 * cell.x >= labyrinth.width());
  const int poster =
      posters[(cell.y * labyrinth.width() + cell.x) * 4 + direction];
  return textures()[region][poster][direction % 2 == 0];
}

Canvas draw_maze_map(const MazeScene& scene, const MazePose& agent, int side,
                     int framed_count) {
  constexpr Color kOutsideColor = {0, 0, 0}, kFloorColor = {60, 60, 60},
                  kAgentColor = {255, 255, 255};
  const Labyrinth& labyrinth = scene.labyrinth;
  const int pitch =  // pixels per position
      (side - 4) /
      (std::max(labyrinth.width(), labyrinth.height()) * kQuarters);
  const int cell_side = kQuarters * pitch;
  const int margin_x = (side - labyrinth.width() * cell_side) / 2,
            margin_y = (side - labyrinth.height() * cell_side) / 2;
  Canvas canvas(side, side, kOutsideColor);
  // Fills a square around a position.
  const auto fill_square = [&](MazePosition position, int half, Color color) {
    canvas.fill_rectangle(margin_y + position.y * pitch - half,
                          margin_x + position.x * pitch - half, 2 * half,
                          2 * half, color);
  };
  for (int y = 0; y < labyrinth.height(); ++y) {
    for (int x = 0; x < labyrinth.width(); ++x) {
      const int top = margin_y + y * cell_side, left = margin_x + x * cell_side;
      canvas.fill_rectangle(top, left, cell_side, cell_side, kFloorColor);
    }
  }
  for (int y = 0; y < labyrinth.height(); ++y) {
    for (int x = 0; x < labyrinth.width(); ++x) {
      for (int direction = 0; direction < 4; ++direction) {
        if (!labyrinth.has_wall({x, y}, direction)) {
          continue;
        }
        const Color color = scene.texture({x, y}, direction)[0][0];
        const int end_x = x + (direction == Labyrinth::east),
                  end_y = y + (direction == Labyrinth::south);
        const bool runs_east = direction % 2 == 0;
        canvas.fill_rectangle(margin_y + end_y * cell_side - 1,
                              margin_x + end_x * cell_side - 1,
                              runs_east ? 2 : cell_side + 2,
                              runs_east ? cell_side + 2 : 2, color);
      }
    }
  }
  for (int i = 0; i < std::ssize(scene.things); ++i) {
    const MazeThing& thing = scene.things[i];
    if (thing.is_present && i < framed_count) {
      fill_square(thing.position, pitch + 3, {255, 255, 255});
      fill_square(thing.position, pitch + 1, kFloorColor);
    }
    if (thing.is_present) {
      fill_square(thing.position, pitch - 1, thing.color);
    }
  }
  // The agent's nose is one step ahead.
  const MazePosition nose = kHeadings[agent.heading];
  fill_square(agent.position, pitch / 2 + 1, kAgentColor);
  fill_square({agent.position.x + nose.x, agent.position.y + nose.y}, 2,
              kAgentColor);
  return canvas;
}

}  // namespace gato::env
