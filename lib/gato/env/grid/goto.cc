// grid/goto: "go to the red ball", modeled on BabyAI's GoToLocal.
//
// A room of 5 x 5 cells contains an agent and 4 objects. Each object has one of
// 6 colors and one of 3 shapes; no two objects have the same color and shape,
// and no two touch, not even by a corner. The mission names one object by its
// color and shape; other objects may share either of them. The agent turns or
// steps forward; objects and walls block it. When the named object is right in
// front of it, the episode ends with success and the reward 1 - 0.9 t/32, where
// t is the step, at most 32. All other rewards are 0.
//
// Observation: the mission, a text, and the agent's view, uint8 [48, 48, 3]:
// 6 x 6 tiles of 8 x 8 pixels. Ahead is up, and the agent is in the fourth
// column of the bottom row. Nothing blocks its view, but it does not see what
// is behind it, more than 3 cells to its left or more than 2 to its right. If
// the object is out of view, some turn brings it into view. Action: 0 turn
// left, 1 turn right, 2 forward.
//
// Expert: turns left while the object is out of view, and otherwise takes a
// shortest path (preferring forward to left to right among equals). If the path
// loses sight of the object, its length includes the left turns made there. So
// the expert needs no memory, and every step brings it closer. Only rooms in
// which it succeeds from every pose are sampled.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"
#include "gato/env/grid/grid_geometry.h"
#include "gato/env/grid/grid_tasks.h"
#include "gato/env/grid/grid_tiles.h"
#include "gato/env/grid/grid_view.h"
#include "gato/env/grid/grid_world.h"

namespace gato::env::grid {
namespace {

constexpr int kRoomSize = 5, kObjectCount = 4, kMaxEpisodeSteps = 32;
constexpr int kActionCount = 3;  // the first actions of grid_world.h

struct Object {
  Cell cell;
  int color = 0, shape = 0;
};

// Maps the poses to 0 ... kPoseCount - 1.
constexpr int kPoseCount = kRoomSize * kRoomSize * 4;
int pose_index(const Pose& pose) {
  return (pose.cell.y * kRoomSize + pose.cell.x) * 4 + pose.direction;
}
Pose pose_from_index(int index) {
  return {{index / 4 % kRoomSize, index / 4 / kRoomSize}, index % 4};
}

bool is_inside_room(Cell cell) {
  return cell.x >= 0 && cell.x < kRoomSize && cell.y >= 0 && cell.y < kRoomSize;
}

class GoTo : public BuiltinEnvironment {
 public:
  GoTo() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    constexpr int kSide = kViewSize * kTilePixels;
    return builtin_spec(
        "grid/goto",
        {text_field("mission"), image_field("image", kSide, kSide)},
        {discrete_field("action", kActionCount)}, kMaxEpisodeSteps);
  }

  void reset_state(base::RandomStream random) override {
    sample_object_kinds(random);
    // Rejection sampling of the object cells, then of the start pose.
    while (!try_place_objects(random) || !expert_always_succeeds()) {
    }
    do {
      agent_ = {random_cell(random), static_cast<int>(random.uniform_int(4))};
    } while (!is_free(agent_.cell) || has_arrived(agent_));
  }

  data::FieldValues observe() const override {
    return {"go to the " + std::string(kColors[target().color].name) + " " +
                std::string(kShapes[target().shape].name),
            image_value(render_agent_view())};
  }

  Transition apply_action(const BuiltinAction& action) override {
    agent_ = next_pose(agent_, action.discrete);
    Transition transition;
    transition.terminated = has_arrived(agent_);
    if (transition.terminated) {
      transition.reward =
          1 - 0.9 * static_cast<double>(elapsed_steps() + 1) / kMaxEpisodeSteps;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    if (!is_in_view(agent_, target().cell)) {
      return {.discrete = kTurnLeft};
    }
    const std::vector<int> distance = expert_distances();
    int best = kForward;
    for (int action : {kTurnLeft, kTurnRight}) {
      if (distance[pose_index(next_pose(agent_, action))] <
          distance[pose_index(next_pose(agent_, best))]) {
        best = action;
      }
    }
    return {.discrete = best};
  }

  // The complete room from above, north up. The cells in view are brighter.
  data::Image render_frame() const override {
    constexpr int kScale = 8, kTile = kMaskSize * kScale;
    constexpr int kSide = (kRoomSize + 2) * kTile;
    Canvas canvas(kSide, kSide, kWallColor);
    for (int y = 0; y < kRoomSize; ++y) {
      for (int x = 0; x < kRoomSize; ++x) {
        canvas.fill_rectangle(
            (y + 1) * kTile, (x + 1) * kTile, kTile, kTile,
            is_in_view(agent_, {x, y}) ? Color{70, 70, 70} : kFloorColor);
      }
    }
    for (const Object& object : objects_) {
      canvas.draw_mask((object.cell.y + 1) * kTile, (object.cell.x + 1) * kTile,
                       kShapes[object.shape].mask, kScale,
                       kColors[object.color].color);
    }
    canvas.draw_mask((agent_.cell.y + 1) * kTile, (agent_.cell.x + 1) * kTile,
                     kAgentMask, kScale, kAgentColor, agent_.direction);
    return canvas.image();
  }

  const Object& target() const { return objects_[0]; }

  // Samples distinct pairs of color and shape. Object 0 is the target.
  void sample_object_kinds(base::RandomStream& random) {
    for (size_t i = 0; i < objects_.size(); ++i) {
      Object& object = objects_[i];
      do {
        object.color = static_cast<int>(random.uniform_int(kColors.size()));
        object.shape = static_cast<int>(random.uniform_int(kShapes.size()));
      } while (std::any_of(objects_.begin(), objects_.begin() + i,
                           [&object](const Object& other) {
                             return other.color == object.color &&
                                    other.shape == object.shape;
                           }));
    }
  }

  // Returns false if an object touches an earlier one, even by a corner.
  // Objects that do not touch leave all free cells connected.
  bool try_place_objects(base::RandomStream& random) {
    for (size_t i = 0; i < objects_.size(); ++i) {
      const Cell cell = objects_[i].cell = random_cell(random);
      for (size_t j = 0; j < i; ++j) {
        if (do_touch(objects_[j].cell, cell)) {
          return false;
        }
      }
    }
    return true;
  }

  static Cell random_cell(base::RandomStream& random) {
    const int x = static_cast<int>(random.uniform_int(kRoomSize));
    return {x, static_cast<int>(random.uniform_int(kRoomSize))};
  }

  bool is_free(Cell cell) const {
    return is_inside_room(cell) &&
           std::none_of(
               objects_.begin(), objects_.end(),
               [cell](const Object& object) { return object.cell == cell; });
  }

  bool has_arrived(const Pose& pose) const {
    return cell_ahead(pose) == target().cell;
  }

  Pose next_pose(Pose pose, int action) const {
    if (action == kTurnLeft) {
      return turned(pose, -1);
    }
    if (action == kTurnRight) {
      return turned(pose, 1);
    }
    if (action == kForward && is_free(cell_ahead(pose))) {
      pose.cell = cell_ahead(pose);
    }
    return pose;
  }

  // Returns whether the expert reaches the target from every pose on a free
  // cell.
  bool expert_always_succeeds() const {
    const std::vector<int> distance = expert_distances();
    for (int i = 0; i < kPoseCount; ++i) {
      if (is_free(pose_from_index(i).cell) && distance[i] == kPoseCount) {
        return false;
      }
    }
    return true;
  }

  // Returns the number of steps that the expert needs from every pose on a free
  // cell, indexed by pose_index; kPoseCount if it never arrives. Relaxes
  // distance(pose) = 1 + min over the expert's actions until nothing changes
  // (Bellman-Ford): any action if the target is in view, else the left turn.
  std::vector<int> expert_distances() const {
    std::vector<int> distance(kPoseCount, kPoseCount);
    for (bool has_changed = true; has_changed;) {
      has_changed = false;
      for (int i = 0; i < kPoseCount; ++i) {
        const Pose pose = pose_from_index(i);
        if (!is_free(pose.cell)) {
          continue;
        }
        int best = has_arrived(pose) ? 0 : distance[i];
        const bool can_choose = is_in_view(pose, target().cell);
        for (int action = 0;
             action < (can_choose ? kActionCount : kTurnLeft + 1); ++action) {
          best =
              std::min(best, distance[pose_index(next_pose(pose, action))] + 1);
        }
        has_changed |= best < distance[i];
        distance[i] = best;
      }
    }
    return distance;
  }

  data::Image render_agent_view() const {
    constexpr int kSide = kViewSize * kTilePixels;
    constexpr int kScale = kTilePixels / kMaskSize;
    Canvas canvas(kSide, kSide, kHiddenColor);
    // Pixel coordinates of a cell, given relative to the agent.
    auto row = [](Cell seen) { return (kViewSize - 1 - seen.y) * kTilePixels; };
    auto column = [](Cell seen) { return (kViewLeft + seen.x) * kTilePixels; };
    for (int y = -1; y <= kRoomSize; ++y) {
      for (int x = -1; x <= kRoomSize; ++x) {
        const Cell seen = to_pose_frame(agent_, {x, y});
        canvas.fill_rectangle(
            row(seen), column(seen), kTilePixels, kTilePixels,
            is_inside_room({x, y}) ? kFloorColor : kWallColor);
      }
    }
    for (const Object& object : objects_) {
      const Cell seen = to_pose_frame(agent_, object.cell);
      canvas.draw_mask(row(seen), column(seen), kShapes[object.shape].mask,
                       kScale, kColors[object.color].color);
    }
    canvas.draw_mask(row({0, 0}), column({0, 0}), kAgentMask, kScale,
                     kAgentColor);
    return canvas.image();
  }

  std::array<Object, kObjectCount> objects_;
  Pose agent_;
};

}  // namespace

std::unique_ptr<Environment> make_goto() { return std::make_unique<GoTo>(); }

}  // namespace gato::env::grid
