// The expert looks kHorizon steps ahead. It first computes where each ghost may
// be at each time and with which probability, given the rule by which ghosts
// move and the player's current position. Then dynamic programming over time,
// position and whether a pellet has been eaten finds the walk that best
// balances the probability of meeting a ghost and the time to the next pellet.
#include "gato/env/arcade/chase_expert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace gato::env {
namespace {

constexpr int kHorizon = 16;
// The reward of a pellet is 1.
constexpr float kDeathValue = -20, kDiscount = 0.95f;

// Probabilities [block][direction of the last move] of the ghosts, summed over
// the ghosts.
using Presence = std::array<std::array<float, 4>, ChaseMaze::kBlockCount>;

Presence advance_presence(const ChaseMaze& maze, const Presence& presence,
                          int player) {
  constexpr float kPursuit = static_cast<float>(ChaseGhost::kPursuit);
  Presence next{};
  for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
    for (int direction = 0; direction < 4; ++direction) {
      const float weight = presence[block][direction];
      if (weight == 0) {
        continue;
      }
      const ChaseGhost ghost = {block, direction};
      const uint32_t choices = ghost_choices(maze, ghost);
      const float share =
          weight * (1 - kPursuit) / static_cast<float>(std::popcount(choices));
      for (int choice = 0; choice < 4; ++choice) {
        if (choices >> choice & 1) {
          next[maze.neighbor(block, choice)][choice] += share;
        }
      }
      const int pursuing = pursuing_choice(maze, ghost, player);
      next[maze.neighbor(block, pursuing)][pursuing] += weight * kPursuit;
    }
  }
  return next;
}

// Returns the probability that a player who moves in `direction` to `block`
// meets a ghost there or on the way.
float danger(const Presence& presence, int from, int block, int direction) {
  float sum = 0;
  for (const float weight : presence[block]) {
    sum += weight;
  }
  return std::min(1.0f, sum + presence[from][(direction + 2) % 4]);
}

// Returns where the ghosts are after 0 ... kHorizon more steps.
std::array<Presence, kHorizon + 1> predict_ghosts(const ChaseView& view) {
  std::array<Presence, kHorizon + 1> presence{};
  for (const ChaseGhost& ghost : view.ghosts) {
    presence[0][ghost.block][ghost.direction] += 1;
  }
  for (int time = 0; time < kHorizon; ++time) {
    presence[time + 1] =
        ChaseGhost::pauses(view.step + time)
            ? presence[time]
            : advance_presence(view.maze, presence[time], view.player);
  }
  return presence;
}

// The values of being in a block, [has a pellet been eaten][block].
using Values = std::array<std::array<float, ChaseMaze::kBlockCount>, 2>;

struct Move {
  int direction = 0;
  float value = -INFINITY;
};

// Returns the best move, given where the ghosts are after it, the distances to
// the nearest pellet and the values after the move.
Move find_best_move(const ChaseMaze& maze, const Presence& presence,
                    const std::vector<int>& distances, const Values& later,
                    int block, bool has_eaten) {
  Move best;
  for (int direction = 0; direction < 4; ++direction) {
    const int next = maze.neighbor(block, direction);
    if (next == ChaseMaze::kNoBlock) {
      continue;
    }
    const bool eats = !has_eaten && distances[next] == 0;
    const float value =
        (eats ? 1 : 0) + kDiscount * later[has_eaten || eats][next];
    const float risk = danger(presence, block, next, direction);
    const float expected = risk * kDeathValue + (1 - risk) * value;
    if (expected > best.value) {
      best = {direction, expected};
    }
  }
  return best;
}

}  // namespace

uint32_t ghost_choices(const ChaseMaze& maze, const ChaseGhost& ghost) {
  return maze.exits(ghost.block) & ~(1u << (ghost.direction + 2) % 4);
}

int pursuing_choice(const ChaseMaze& maze, const ChaseGhost& ghost,
                    int player) {
  int best = 0, least_distance = ChaseMaze::kBlockCount;
  for (int direction = 0; direction < 4; ++direction) {
    if (!(ghost_choices(maze, ghost) >> direction & 1)) {
      continue;
    }
    const int block = maze.neighbor(ghost.block, direction);
    const int distance =
        std::abs(ChaseMaze::row_of(block) - ChaseMaze::row_of(player)) +
        std::abs(ChaseMaze::column_of(block) - ChaseMaze::column_of(player));
    if (distance < least_distance) {
      least_distance = distance;
      best = direction;
    }
  }
  return best;
}

int choose_chase_move(const ChaseView& view) {
  const auto presence = predict_ghosts(view);
  const std::vector<int> distances = view.maze.distances_to(view.pellets);
  std::array<float, ChaseMaze::kBlockCount + 1> discounts = {1};
  for (size_t i = 1; i < discounts.size(); ++i) {
    discounts[i] = discounts[i - 1] * kDiscount;
  }
  Values values{};
  for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
    values[0][block] = discounts[distances[block]];
  }
  for (int time = kHorizon - 1; time > 0; --time) {
    const Values later = values;
    for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
      for (const bool has_eaten : {false, true}) {
        values[has_eaten][block] =
            find_best_move(view.maze, presence[time + 1], distances, later,
                           block, has_eaten)
                .value;
      }
    }
  }
  return find_best_move(view.maze, presence[1], distances, values, view.player,
                        false)
      .direction;
}

}  // namespace gato::env
