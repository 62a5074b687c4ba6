// The method of Racaniere et al. (2017), appendix on Sokoban: a random walk
// carves a room out of a solid block, the boxes are put on random targets, and
// the game is played in reverse, by pulling boxes. Of the positions on the way,
// the one with the highest score becomes the start, where the score is the sum
// of the distances of the boxes from their targets times the number of changes
// between boxes. Instead of a depth-first search of the positions, random pulls
// are made.
#include "gato/env/puzzle/sokoban_generator.h"

#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace gato::env::puzzle {
namespace {

// The patterns that the walker carves around itself, row by row.
constexpr int kPatternSide = 3;
constexpr std::array<std::string_view, 5> kPatterns = {
    "...###...", ".#..#..#.", "...##..#.", "...##.##.", "....##.#."};
constexpr double kTurnProbability = 0.35;
// The walk ends when this fraction of the cells has been carved.
constexpr double kMinFloorFraction = 0.6;
// The game is played in reverse with this many pulls per box, several times if
// there are few boxes, so that there are kPulls in all.
constexpr int kPullsPerBox = 40, kPulls = kPullsPerBox * kMaxBoxes;
// Levels whose boxes are closer to their targets on average are discarded.
constexpr int kMinDistancePerBox = 3;
// A pull is often repeated, so that the boxes get farther than by a random
// walk.
constexpr double kRepeatProbability = 0.6;

int random_index(base::RandomStream& random, size_t count) {
  return static_cast<int>(random.uniform_int(count));
}

Room carve_room(int inner_side, base::RandomStream& random) {
  Room room{.side = inner_side + 2, .is_wall = {}, .is_target = {}};
  room.is_wall.fill(true);
  int x = 1 + random_index(random, inner_side),
      y = 1 + random_index(random, inner_side),
      direction = random_index(random, 4), floor_count = 0;
  while (floor_count < kMinFloorFraction * inner_side * inner_side) {
    if (random.uniform() < kTurnProbability) {
      direction = random_index(random, 4);
    }
    x = std::clamp(x + (direction == 1) - (direction == 3), 1, inner_side);
    y = std::clamp(y + (direction == 2) - (direction == 0), 1, inner_side);
    const std::string_view pattern =
        kPatterns[random_index(random, kPatterns.size())];
    for (int i = 0; i < kPatternSide * kPatternSide; ++i) {
      const int row = y - 1 + i / kPatternSide,
                column = x - 1 + i % kPatternSide;
      if (pattern[i] == '#' && row >= 1 && column >= 1 && row <= inner_side &&
          column <= inner_side) {
        bool& is_wall = room.is_wall[row * room.side + column];
        floor_count += is_wall;
        is_wall = false;
      }
    }
  }
  return room;
}

// A game that is played in reverse.
struct ReverseGame {
  SokobanState state;
  // box_of_target[i] is where the box that was on target i is now.
  std::vector<int> targets, box_of_target;
  int last_box = -1, box_changes = 0;

  // Returns the sum of the distances of the boxes from their targets.
  int distance(const Room& room) const {
    int distance = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      const int a = targets[i], b = box_of_target[i];
      distance += std::abs(a / room.side - b / room.side) +
                  std::abs(a % room.side - b % room.side);
    }
    return distance;
  }
};

struct Pull {
  int box = -1, direction = 0;
  bool operator==(const Pull&) const = default;
};

// Returns all pulls that the player can make after a walk. It stands next to
// the box and steps away from it.
std::vector<Pull> find_pulls(const Room& room, const ReverseGame& game) {
  const Walks walks = find_walks(room, game.state);
  std::vector<Pull> pulls;
  for (size_t box = 0; box < game.box_of_target.size(); ++box) {
    for (int direction = 0; direction < 4; ++direction) {
      const int player = room.neighbor(game.box_of_target[box], direction);
      if (walks.can_reach(player) &&
          walks.can_reach(room.neighbor(player, direction))) {
        pulls.push_back({static_cast<int>(box), direction});
      }
    }
  }
  return pulls;
}

void apply_pull(const Room& room, ReverseGame& game, const Pull& pull) {
  int& box = game.box_of_target[pull.box];
  const int player = room.neighbor(box, pull.direction);
  game.state.move_box(box, player);
  box = player;
  game.state.player =
      static_cast<uint8_t>(room.neighbor(player, pull.direction));
  game.box_changes += pull.box != game.last_box;
  game.last_box = pull.box;
}

// Returns the best start that random pulls from the solved `game` lead to, with
// no box on a target, nullopt if there is none. Plays `run_count` times.
std::optional<SokobanState> play_in_reverse(const Room& room,
                                            const ReverseGame& solved,
                                            int run_count,
                                            base::RandomStream& random) {
  std::optional<SokobanState> best;
  int best_score = 0;
  for (int run = 0; run < run_count; ++run) {
    ReverseGame game = solved;
    Pull last;
    for (int i = 0; i < kPullsPerBox * std::ssize(game.targets); ++i) {
      const std::vector<Pull> pulls = find_pulls(room, game);
      if (pulls.empty()) {
        break;
      }
      if (std::ranges::find(pulls, last) == pulls.end() ||
          random.uniform() >= kRepeatProbability) {
        last = pulls[random_index(random, pulls.size())];
      }
      apply_pull(room, game, last);
      const int distance = game.distance(room);
      if (const int score = distance * game.box_changes;
          score > best_score &&
          distance >= kMinDistancePerBox * std::ssize(game.targets) &&
          count_boxes_on_targets(room, game.state) == 0) {
        best_score = score;
        best = game.state;
      }
    }
  }
  return best;
}

std::optional<SokobanLevel> try_make_level(int inner_side, int box_count,
                                           base::RandomStream& random) {
  Room room = carve_room(inner_side, random);
  std::vector<int> floor;
  for (int cell = 0; cell < room.cell_count(); ++cell) {
    if (!room.is_wall[cell]) {
      floor.push_back(cell);
    }
  }
  // Puts the boxes and then the player on different cells.
  ReverseGame game;
  for (int i = 0; i <= box_count; ++i) {
    if (floor.empty()) {
      return std::nullopt;
    }
    const auto chosen = floor.begin() + random_index(random, floor.size());
    if (i < box_count) {
      room.is_target[*chosen] = true;
      game.targets.push_back(*chosen);
      game.state.add_box(*chosen);
    } else {
      game.state.player = static_cast<uint8_t>(*chosen);
    }
    floor.erase(chosen);
  }
  game.box_of_target = game.targets;
  const std::optional<SokobanState> start =
      play_in_reverse(room, game, kPulls / (kPullsPerBox * box_count), random);
  if (!start) {
    return std::nullopt;
  }
  return SokobanLevel{room, *start};
}

}  // namespace

SokobanLevel make_sokoban_level(int inner_side, int box_count,
                                base::RandomStream& random) {
  while (true) {
    if (auto level = try_make_level(inner_side, box_count, random)) {
      return *level;
    }
  }
}

}  // namespace gato::env::puzzle
