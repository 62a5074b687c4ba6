// arcade/chase: a player eats the pellets of a maze and is chased by ghosts.
//
// The maze has 15 x 15 blocks of 2 x 2 pixels and no dead ends; it is sampled
// in each episode. A pellet is on every second open block of a row or column,
// except where the player starts: 48 in all. The player moves by one block per
// step, or not if there is a wall. Two ghosts, who start at least 10 steps
// away, do the same but pause in every third step, and never turn back. If a
// ghost has a choice, it approaches the player (in a straight line) with
// probability 1/2, or else turns in a random direction. The episode ends
// without success if a ghost and the player meet or change places, and with
// success when all pellets are eaten.
//
// Observation: the maze, uint8 [32, 32, 3]. A dark block behind a ghost shows
// where it comes from; ghosts are pale before they pause. Only the ghosts'
// random choices are hidden.
// Action: 0 up, 1 right, 2 down, 3 left.
// Reward: 1 per pellet; at most 48. Time limit: 250 steps.
//
// Expert: chase_expert.cc. It eats 47.5 of the 48 pellets on average.
#include <array>
#include <bit>

#include "gato/env/arcade/arcade_game.h"
#include "gato/env/arcade/arcade_tasks.h"
#include "gato/env/arcade/chase_expert.h"
#include "gato/env/arcade/chase_maze.h"

namespace gato::env {
namespace {

constexpr int kGhostCount = 2, kMinStartDistance = 10, kMaxEpisodeSteps = 250;
constexpr int kCellCount = ChaseMaze::kCells * ChaseMaze::kCells;

constexpr Color kWallColor = {40, 50, 140}, kFloorColor = {0, 0, 0},
                kPelletColor = {240, 210, 150}, kPlayerColor = {255, 255, 40};
constexpr std::array<Color, kGhostCount> kGhostColors = {
    {{255, 60, 60}, {255, 110, 230}}};
constexpr std::array<Color, kGhostCount> kPaleGhostColors = {
    {{255, 170, 170}, {255, 200, 250}}};

class Chase : public ArcadeGame {
 public:
  Chase() : ArcadeGame("arcade/chase", 4, kMaxEpisodeSteps) {}

 private:
  void reset_state(base::RandomStream random) override {
    maze_ = ChaseMaze(random);
    player_ = sample_cell_block(random);
    const std::vector<int> distances = maze_.distances_to({player_});
    for (ChaseGhost& ghost : ghosts_) {
      do {
        ghost.block = sample_cell_block(random);
      } while (distances[ghost.block] < kMinStartDistance);
      ghost.direction = static_cast<int>(random.uniform_int(4));
    }
    has_pellet_.fill(false);
    for (int cell = 0; cell < kCellCount; ++cell) {
      has_pellet_[ChaseMaze::block_of_cell(cell)] = true;
    }
    has_pellet_[player_] = false;
    pellets_left_ = kCellCount - 1;
    random_ = random;
  }

  Transition apply_action(const BuiltinAction& action) override {
    const int from = player_;
    const int next = maze_.neighbor(player_, action.discrete);
    if (next != ChaseMaze::kNoBlock) {
      player_ = next;
    }
    Transition transition;
    for (ChaseGhost& ghost : ghosts_) {
      const int ghost_from = ghost.block;
      if (!ChaseGhost::pauses(elapsed_steps())) {
        move_ghost(ghost);
      }
      transition.terminated |= ghost.block == player_ ||
                               (ghost.block == from && ghost_from == player_);
    }
    if (!transition.terminated && has_pellet_[player_]) {
      has_pellet_[player_] = false;
      --pellets_left_;
      transition.reward = 1;
      transition.terminated = pellets_left_ == 0;
    }
    transition.info["success"] = pellets_left_ == 0 ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    ChaseView view = {
        maze_, elapsed_steps(), player_, {ghosts_.begin(), ghosts_.end()}, {}};
    for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
      if (has_pellet_[block]) {
        view.pellets.push_back(block);
      }
    }
    return {.discrete = choose_chase_move(view)};
  }

  void draw(Screen& screen) const override {
    constexpr int kBlockPixels = 2, kMargin = 1;
    screen.fill(0, 0, Screen::kSide, Screen::kSide, kWallColor);
    const auto fill_block = [&screen](int block, Color color) {
      screen.fill(kMargin + ChaseMaze::row_of(block) * kBlockPixels,
                  kMargin + ChaseMaze::column_of(block) * kBlockPixels,
                  kBlockPixels, kBlockPixels, color);
    };
    for (int block = 0; block < ChaseMaze::kBlockCount; ++block) {
      if (maze_.is_open(block)) {
        fill_block(block, kFloorColor);
      }
      if (has_pellet_[block]) {
        screen.fill(kMargin + ChaseMaze::row_of(block) * kBlockPixels,
                    kMargin + ChaseMaze::column_of(block) * kBlockPixels, 1, 1,
                    kPelletColor);
      }
    }
    for (int i = 0; i < kGhostCount; ++i) {
      const int behind =
          maze_.neighbor(ghosts_[i].block, (ghosts_[i].direction + 2) % 4);
      if (behind != ChaseMaze::kNoBlock) {
        fill_block(behind, darken(kGhostColors[i]));
      }
    }
    for (int i = 0; i < kGhostCount; ++i) {
      fill_block(ghosts_[i].block, ChaseGhost::pauses(elapsed_steps())
                                       ? kPaleGhostColors[i]
                                       : kGhostColors[i]);
    }
    fill_block(player_, kPlayerColor);
  }

  static int sample_cell_block(base::RandomStream& random) {
    return ChaseMaze::block_of_cell(
        static_cast<int>(random.uniform_int(kCellCount)));
  }

  void move_ghost(ChaseGhost& ghost) {
    if (random_.uniform() < ChaseGhost::kPursuit) {
      ghost.direction = pursuing_choice(maze_, ghost, player_);
    } else {
      uint32_t choices = ghost_choices(maze_, ghost);
      for (uint64_t skipped = random_.uniform_int(std::popcount(choices));
           skipped > 0; --skipped) {
        choices &= choices - 1;
      }
      ghost.direction = std::countr_zero(choices);
    }
    ghost.block = maze_.neighbor(ghost.block, ghost.direction);
  }

  base::RandomStream random_{0};
  ChaseMaze maze_{random_};
  int player_ = 0;  // a block
  std::array<ChaseGhost, kGhostCount> ghosts_;
  std::array<bool, ChaseMaze::kBlockCount> has_pellet_{};
  int pellets_left_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_chase() { return std::make_unique<Chase>(); }

}  // namespace gato::env
