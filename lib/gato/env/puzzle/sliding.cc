// puzzle/sliding-8: the 8-puzzle. Eight tiles in a square of 3 x 3 cells slide
// into the empty cell until they are in order.
//
// An episode begins with a position that is sampled uniformly from the 181,439
// positions that are solvable but not solved. It ends with success in the order
// 1 2 3 / 4 5 6 / 7 8 empty, and is truncated after 100 steps.
//
// Observation: the board, uint8 [48, 48, 3]. Each cell is one image patch of 16
// x 16 pixels, in the color of its tile and with a digit.
// Action: where the empty cell moves: 0 up, 1 right, 2 down, 3 left. A move
// that is not possible has no effect. Reward, like that of Sokoban: -0.1 per
// step, 1 for a tile that reaches its goal cell, -1 for one that leaves it, 10
// for the solution.
//
// Expert: optimal. A table contains the number of moves to the solution from
// every position, 22 on average and at most 31 (Reinefeld 1993).
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"
#include "gato/env/puzzle/puzzle_tasks.h"

namespace gato::env::puzzle {
namespace {

constexpr int kSide = 3, kCellCount = 9, kMaxEpisodeSteps = 100;
constexpr int kPermutationCount = 362880;  // 9!

// The tile of each cell, row by row; 0 is the empty cell.
using Board = std::array<uint8_t, kCellCount>;
constexpr Board kSolvedBoard = {1, 2, 3, 4, 5, 6, 7, 8, 0};

// Returns the cell where the empty cell moves, -1 if that is outside.
int empty_cell_after(int empty, int action) {
  const int row = empty / kSide + (action == 2) - (action == 0),
            column = empty % kSide + (action == 1) - (action == 3);
  return row < 0 || column < 0 || row >= kSide || column >= kSide
             ? -1
             : row * kSide + column;
}

int find_empty_cell(const Board& board) {
  return static_cast<int>(std::ranges::find(board, 0) - board.begin());
}

// Returns false, without an effect, if the move is not possible.
bool try_move(Board& board, int action) {
  const int empty = find_empty_cell(board);
  const int next = empty_cell_after(empty, action);
  if (next >= 0) {
    std::swap(board[empty], board[next]);
  }
  return next >= 0;
}

// Numbers the permutations from 0 to 9! - 1 in lexicographic order (Lehmer).
int board_index(const Board& board) {
  int index = 0;
  for (int i = 0; i < kCellCount; ++i) {
    index *= kCellCount - i;
    for (int j = i + 1; j < kCellCount; ++j) {
      index += board[j] < board[i];
    }
  }
  return index;
}

// The number of moves to the solution by board_index; kUnsolvable for half of
// the permutations.
constexpr uint8_t kUnsolvable = 255;
using DistanceTable = std::vector<uint8_t>;

const DistanceTable& distance_table() {
  static const DistanceTable kTable = [] {
    DistanceTable table(kPermutationCount, kUnsolvable);
    table[board_index(kSolvedBoard)] = 0;
    std::vector<Board> queue = {kSolvedBoard};
    for (size_t i = 0; i < queue.size(); ++i) {
      const Board board = queue[i];
      const int distance = table[board_index(board)] + 1;
      for (int action = 0; action < 4; ++action) {
        Board next = board;
        if (try_move(next, action) && table[board_index(next)] == kUnsolvable) {
          table[board_index(next)] = static_cast<uint8_t>(distance);
          queue.push_back(next);
        }
      }
    }
    return table;
  }();
  return kTable;
}

int distance_of(const Board& board) {
  return distance_table()[board_index(board)];
}

// Digits of 5 x 5 points.
constexpr int kMaskSize = 5;
using Mask = std::array<std::string_view, kMaskSize>;
constexpr std::array<Mask, kCellCount> kDigitMasks = {{
    {".....", ".....", ".....", ".....", "....."},
    {"..#..", ".##..", "..#..", "..#..", ".###."},
    {".###.", "....#", ".###.", "#....", "#####"},
    {"####.", "....#", ".###.", "....#", "####."},
    {"#..#.", "#..#.", "#####", "...#.", "...#."},
    {"#####", "#....", "####.", "....#", "####."},
    {".###.", "#....", "####.", "#...#", ".###."},
    {"#####", "....#", "...#.", "..#..", "..#.."},
    {".###.", "#...#", ".###.", "#...#", ".###."},
}};
constexpr Color kBackgroundColor = {0, 0, 0}, kDigitColor = {20, 20, 20};
constexpr std::array<Color, kCellCount> kTileColors = {{{0, 0, 0},
                                                        {255, 60, 60},
                                                        {60, 220, 60},
                                                        {90, 120, 255},
                                                        {250, 230, 40},
                                                        {200, 80, 240},
                                                        {60, 230, 230},
                                                        {255, 150, 40},
                                                        {240, 240, 240}}};

class Sliding8 : public BuiltinEnvironment {
 public:
  Sliding8()
      : BuiltinEnvironment(builtin_spec(
            "puzzle/sliding-8", {image_field("observation", 48, 48)},
            {discrete_field("action", 4)}, kMaxEpisodeSteps)) {}

 private:
  void reset_state(base::RandomStream random) override {
    do {
      board_ = kSolvedBoard;
      for (int i = kCellCount - 1; i > 0; --i) {  // Fisher-Yates
        std::swap(board_[i], board_[random.uniform_int(i + 1)]);
      }
    } while (board_ == kSolvedBoard || distance_of(board_) == kUnsolvable);
  }

  data::FieldValues observe() const override {
    return {image_value(draw_board(16))};
  }

  Transition apply_action(const BuiltinAction& action) override {
    const int placed_before = count_placed_tiles();
    try_move(board_, action.discrete);
    Transition transition;
    transition.reward = -0.1 + count_placed_tiles() - placed_before;
    if (board_ == kSolvedBoard) {
      transition.reward += 10;
      transition.terminated = true;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const int distance = distance_of(board_);
    for (int action = 0; action < 4; ++action) {
      Board next = board_;
      try_move(next, action);
      if (distance_of(next) < distance) {
        return {.discrete = action};
      }
    }
    return {.discrete = 0};  // not reached: a move always gets closer
  }

  data::Image render_frame() const override { return draw_board(64); }

  data::Image draw_board(int cell_pixels) const {
    const int unit = cell_pixels / 16;
    Canvas canvas(kSide * cell_pixels, kSide * cell_pixels, kBackgroundColor);
    for (int cell = 0; cell < kCellCount; ++cell) {
      const int y = cell / kSide * cell_pixels, x = cell % kSide * cell_pixels;
      canvas.fill_rectangle(y + unit, x + unit, cell_pixels - 2 * unit,
                            cell_pixels - 2 * unit, kTileColors[board_[cell]]);
      canvas.draw_mask(y + 3 * unit, x + 3 * unit, kDigitMasks[board_[cell]],
                       2 * unit, kDigitColor);
    }
    return canvas.image();
  }

  int count_placed_tiles() const {
    int count = 0;
    for (int cell = 0; cell < kCellCount; ++cell) {
      count += board_[cell] != 0 && board_[cell] == kSolvedBoard[cell];
    }
    return count;
  }

  Board board_ = kSolvedBoard;
};

}  // namespace

std::unique_ptr<Environment> make_sliding_8() {
  return std::make_unique<Sliding8>();
}

}  // namespace gato::env::puzzle
