// The expert looks kHorizon steps ahead. It first computes where each ghost may
// be at each time and with which probability, given the rule by which ghosts
// move and the player's present place. Then dynamic programming over time,
// place and whether a pellet has been eaten finds the walk that best balances
// the probability of meeting a ghost and the time to the next pellet.
#include "gato/env/arcade/chase_expert.h"

#include <algorithm>
#include <cmath>

namespace gato::env {
namespace {

constexpr int kHorizon = 16;

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
      const std::vector<int> choices = ghost_choices(maze, ghost);
      const int pursuing = pursuing_choice(maze, ghost, choices, player);
      for (const int choice : choices) {
        next[maze.neighbor(block, choice)][choice] +=
            weight * ((1 - kPursuit) / static_cast<float>(choices.size()) +
                      (choice == pursuing ? kPursuit : 0));
      }
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

}  // namespace

std::vector<int> ghost_choices(const ChaseMaze& maze, const ChaseGhost& ghost) {
  std::vector<int> choices;
  for (int direction = 0; direction < 4; ++direction) {
    if (direction != (ghost.direction + 2) % 4 &&
        maze.neighbor(ghost.block, direction) != ChaseMaze::kNoBlock) {
      choices.push_back(direction);
    }
  }
  return choices;
}

int pursuing_choice(const ChaseMaze& maze, const ChaseGhost& ghost,
                    const std::vector<int>& choices, int player) {
  return *std::ranges::min_element(choices, {}, [&](int direction) {
    const int block = maze.neighbor(ghost.block, direction);
    return std::abs(ChaseMaze::row_of(block) - ChaseMaze::row_of(player)) +
           std::abs(ChaseMaze::column_of(block) - ChaseMaze::column_of(player));
  });
}

int choose_chase_move(const ChaseView& view) {
  constexpr float kDeathValue = -20, kDiscount = 0.95f;
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
  const std::vector<int> distances = view.maze.distances_to(view.pellets);
  // values[has_eaten][block] at the time of the loop, from the end backward.
  using Values = std::array<std::array<float, ChaseMaze::kBlockCount>, 2>;
  Values values{};
  for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
    values[0][block] =
        std::pow(kDiscount, static_cast<float>(distances[block]));
  }
  int best_direction = 0;
  for (int time = kHorizon - 1; time >= 0; --time) {
    const Values later = values;
    for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
      for (int has_eaten = 0; has_eaten < 2; ++has_eaten) {
        float best = -INFINITY;
        for (int direction = 0; direction < 4; ++direction) {
          const int next = view.maze.neighbor(block, direction);
          if (next == ChaseMaze::kNoBlock) {
            continue;
          }
          const bool eats = !has_eaten && distances[next] == 0;
          const float value =
              (eats ? 1 : 0) + kDiscount * later[has_eaten || eats][next];
          const float risk = danger(presence[time + 1], block, next, direction);
          const float expected = risk * kDeathValue + (1 - risk) * value;
          if (expected > best) {
            best = expected;
            if (time == 0 && block == view.player && !has_eaten) {
              best_direction = direction;
            }
          }
        }
        values[has_eaten][block] = best;
      }
    }
  }
  return best_direction;
}

}  // namespace gato::env
