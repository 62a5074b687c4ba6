// A* on the positions after each push. The cost of a push is the walk to the
// box plus one. The heuristic, a lower bound of the remaining moves, is the
// minimum number of pushes that bring each box to a different target if the
// other boxes were not there (Junghanns & Schaeffer 2001, section 4.1): the
// minimum of the sum of the distances over all assignments of boxes to targets.
//
// Positions that cannot be solved are pruned if the assignment is impossible or
// the pushed box has become part of a block that cannot move.
#include "gato/env/puzzle/sokoban_solver.h"

#include <limits>
#include <queue>
#include <span>
#include <tuple>
#include <unordered_map>

namespace gato::env::puzzle {
namespace {

constexpr int kImpossible = 1000;

// The number of pushes from each cell to a target without other boxes,
// kImpossible if it cannot be reached.
using PushDistances = std::array<int16_t, kMaxRoomCells>;

PushDistances find_push_distances(const Room& room, int target) {
  PushDistances distances;
  distances.fill(kImpossible);
  distances[target] = 0;
  std::vector<int> queue = {target};
  for (size_t i = 0; i < queue.size(); ++i) {
    const int cell = queue[i];
    for (int direction = 0; direction < 4; ++direction) {
      // A push in the opposite direction leads from `before` to `cell` if the
      // player can stand behind it.
      const int before = room.neighbor(cell, direction);
      if (room.is_wall[before] || distances[before] != kImpossible ||
          room.is_wall[room.neighbor(before, direction)]) {
        continue;
      }
      distances[before] = static_cast<int16_t>(distances[cell] + 1);
      queue.push_back(before);
    }
  }
  return distances;
}

// Returns whether a box that is not on a target is in a block of 2 x 2 walls
// and boxes that contains `box`.
bool is_frozen(const Room& room, const SokobanState& state, int box) {
  for (int direction = 0; direction < 4; ++direction) {
    const int beside = room.neighbor(box, direction),
              diagonal = room.neighbor(beside, (direction + 1) % 4),
              last = room.neighbor(box, (direction + 1) % 4);
    bool is_block = true, is_off_target = false;
    for (const int cell : {box, beside, diagonal, last}) {
      const bool has_box = state.has_box(cell);
      is_block &= has_box || room.is_wall[cell];
      is_off_target |= has_box && !room.is_target[cell];
    }
    if (is_block && is_off_target) {
      return true;
    }
  }
  return false;
}

class Search {
 public:
  Search(const Room& room, double weight) : room_(room), weight_(weight) {
    for (int cell = 0; cell < room.cell_count(); ++cell) {
      if (room.is_target[cell]) {
        distances_.push_back(find_push_distances(room, cell));
      }
    }
  }

  SokobanSearch run(const SokobanState& start, int max_states) {
    SokobanSearch result;
    if (std::ranges::any_of(start.boxes, [&](uint8_t box) {
          return box != SokobanState::kNoBox && is_frozen(room_, start, box);
        })) {
      result.is_proven = true;
      return result;
    }
    add(start, -1, {}, 0);
    while (!queue_.empty()) {
      const int index = queue_.top().node;
      queue_.pop();
      if (nodes_[index].is_expanded) {
        continue;
      }
      if (is_solved(room_, nodes_[index].state)) {
        result.pushes = trace(index);
        result.is_proven = weight_ == 1;
        return result;
      }
      if (result.expanded_states == max_states) {
        return result;
      }
      ++result.expanded_states;
      expand(index);
    }
    result.is_proven = true;
    return result;
  }

 private:
  struct Node {
    SokobanState state;
    int parent = -1;
    Push push = {};  // that led here
    int cost = 0;
    bool is_expanded = false;
  };
  struct QueueEntry {
    double priority = 0;
    int cost = 0, node = 0;
    // std::priority_queue returns the largest element first: that of the lowest
    // priority value, and among equals the one closest to the end.
    bool operator<(const QueueEntry& other) const {
      return std::tie(other.priority, cost, other.node) <
             std::tie(priority, other.cost, node);
    }
  };

  static uint64_t key_of(const SokobanState& state) {
    uint64_t key = state.player;
    for (const uint8_t box : state.boxes) {
      key = key << 8 | box;
    }
    return key;
  }

  void expand(int index) {
    nodes_[index].is_expanded = true;
    const SokobanState state = nodes_[index].state;
    const int cost = nodes_[index].cost;
    const Walks walks = find_walks(room_, state);
    for (const uint8_t box : state.boxes) {
      if (box == SokobanState::kNoBox) {
        continue;
      }
      for (int direction = 0; direction < 4; ++direction) {
        const int behind = room_.neighbor(box, opposite(direction)),
                  to = room_.neighbor(box, direction);
        if (room_.is_wall[to] || state.has_box(to) ||
            !walks.can_reach(behind)) {
          continue;
        }
        SokobanState next = state;
        next.move_box(box, to);
        next.player = box;
        if (!is_frozen(room_, next, to)) {
          add(next, index, {box, direction}, cost + walks.length[behind] + 1);
        }
      }
    }
  }

  // Adds a state to the queue unless it is known with at most this cost.
  void add(const SokobanState& state, int parent, const Push& push, int cost) {
    const auto [entry, is_new] = node_of_key_.try_emplace(
        key_of(state), static_cast<int>(nodes_.size()));
    if (is_new) {
      nodes_.push_back({.state = state});
    }
    Node& node = nodes_[entry->second];
    if (!is_new && (node.is_expanded || node.cost <= cost)) {
      return;
    }
    const int bound = lower_bound(state);
    if (bound >= kImpossible) {
      node.is_expanded = true;
      return;
    }
    node.parent = parent;
    node.push = push;
    node.cost = cost;
    queue_.push({cost + weight_ * bound, cost, entry->second});
  }

  int lower_bound(const SokobanState& state) const {
    return assign(state.boxes, 0);
  }

  // Returns the minimum sum of the distances of `boxes` to different targets
  // that are not in the bit set `taken`.
  int assign(std::span<const uint8_t> boxes, unsigned taken) const {
    if (boxes.empty() || boxes[0] == SokobanState::kNoBox) {
      return 0;
    }
    int best = kImpossible;
    for (size_t target = 0; target < distances_.size(); ++target) {
      const int distance = distances_[target][boxes[0]];
      if (!(taken >> target & 1) && distance < best) {
        best = std::min(
            best, distance + assign(boxes.subspan(1), taken | 1u << target));
      }
    }
    return best;
  }

  std::vector<Push> trace(int index) const {
    std::vector<Push> pushes;
    for (; nodes_[index].parent >= 0; index = nodes_[index].parent) {
      pushes.push_back(nodes_[index].push);
    }
    std::ranges::reverse(pushes);
    return pushes;
  }

  const Room& room_;
  const double weight_;
  std::vector<PushDistances> distances_;  // per target
  std::vector<Node> nodes_;
  std::unordered_map<uint64_t, int> node_of_key_;
  std::priority_queue<QueueEntry> queue_;
};

}  // namespace

SokobanSearch solve_sokoban(const Room& room, const SokobanState& start,
                            double weight, int max_states) {
  return Search(room, weight).run(start, max_states);
}

bool is_lost(const Room& room, const SokobanState& state, int box) {
  bool has_way = false;
  for (int cell = 0; cell < room.cell_count(); ++cell) {
    has_way |= room.is_target[cell] &&
               find_push_distances(room, cell)[box] != kImpossible;
  }
  return !has_way || is_frozen(room, state, box);
}

}  // namespace gato::env::puzzle
