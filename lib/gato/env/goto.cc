// grid/goto: "go to the red ball", after BabyAI's GoToLocal.
//
// A room of 5 x 5 cells holds an agent and 4 objects, each of one of 6 colours
// and 3 shapes, no two alike and none touching another. The mission names one
// by its colour and shape; another may share either. The agent turns or
// steps forward; objects and walls block it. It succeeds, and the episode ends,
// when the named object is right in front of it: reward 1 - 0.9 t/32 at step t
// of at most 32, else 0.
//
// Observation: the mission, a text; and what the agent sees, uint8
// [48, 48, 3]: 6 x 6 tiles of 8 x 8 pixels, ahead up, itself in the fourth
// column of the bottom row. Nothing blocks its sight, but it does not see
// behind itself, nor more than 3 cells to the left or 2 to the right: the
// object may be out of view, and then some turn brings it into view. Action: 0
// turn left, 1 turn right, 2 forward.
//
// Expert: a turn to the left while the object is out of view; else the shortest
// way (forward before left before right where several are), counting with the
// turns to the left wherever the way loses sight of the object. So it needs no
// memory, and every step brings it closer. Only rooms are drawn where it
// arrives from every place.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"

namespace gato::env {
namespace {

constexpr int kRoomSize = 5, kObjectCount = 4, kMaxEpisodeSteps = 32;
constexpr int kViewSize = 6, kTilePixels = 8;
constexpr int kViewLeft = 3, kViewRight = 2;  // cells seen beside the agent
constexpr int kTurnLeft = 0, kTurnRight = 1, kForward = 2, kActionCount = 3;

struct NamedColor {
  std::string_view name;
  Color color;
};
constexpr std::array<NamedColor, 6> kColors = {{{"red", {255, 40, 40}},
                                                {"green", {40, 220, 40}},
                                                {"blue", {70, 90, 255}},
                                                {"yellow", {250, 230, 30}},
                                                {"purple", {190, 60, 230}},
                                                {"white", {255, 255, 255}}}};
constexpr Color kFloorColor = {25, 25, 25}, kWallColor = {130, 130, 130},
                kOutsideColor = {0, 0, 0}, kAgentColor = {255, 255, 255};

constexpr int kMaskSize = 4;  // a point of a mask is 2 x 2 pixels of a view
using Mask = std::array<std::string_view, kMaskSize>;
struct Shape {
  std::string_view name;
  Mask mask;
};
constexpr std::array<Shape, 3> kShapes = {{
    {"ball", {".##.", "####", "####", ".##."}},
    {"box", {"####", "#..#", "#..#", "####"}},
    {"key", {".##.", ".##.", "..#.", ".##."}},
}};
constexpr Mask kAgentMask = {".##.", ".##.", "####", "#..#"};

struct Cell {
  int x = 0, y = 0;
  bool operator==(const Cell&) const = default;
};
// Directions, clockwise from up (north; y grows downwards).
constexpr std::array<Cell, 4> kDirectionVectors = {
    {{0, -1}, {1, 0}, {0, 1}, {-1, 0}}};

struct Object {
  Cell cell;
  int color = 0, shape = 0;
};

struct Pose {
  Cell cell;
  int direction = 0;
  int index() const { return (cell.y * kRoomSize + cell.x) * 4 + direction; }
};
constexpr int kPoseCount = kRoomSize * kRoomSize * 4;
Pose pose_from_index(int index) {
  return {{index / 4 % kRoomSize, index / 4 / kRoomSize}, index % 4};
}

Cell cell_ahead(const Pose& pose) {
  return {pose.cell.x + kDirectionVectors[pose.direction].x,
          pose.cell.y + kDirectionVectors[pose.direction].y};
}

// In the frame of `pose`: cells to the right of it and ahead of it.
Cell to_pose_frame(const Pose& pose, Cell cell) {
  const Cell ahead = kDirectionVectors[pose.direction];
  const int dx = cell.x - pose.cell.x, dy = cell.y - pose.cell.y;
  return {-dx * ahead.y + dy * ahead.x, dx * ahead.x + dy * ahead.y};
}

bool is_in_view(const Pose& pose, Cell cell) {
  const Cell seen = to_pose_frame(pose, cell);
  return seen.x >= -kViewLeft && seen.x <= kViewRight && seen.y >= 0 &&
         seen.y < kViewSize;
}

bool is_inside_room(Cell cell) {
  return cell.x >= 0 && cell.x < kRoomSize && cell.y >= 0 && cell.y < kRoomSize;
}

class GoTo : public BuiltinEnvironment {
 public:
  GoTo() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    EnvironmentSpec spec;
    constexpr int side = kViewSize * kTilePixels;
    spec.task = {.name = "grid/goto",
                 .domain = "grid",
                 .environment = "grid/goto",
                 .observation_fields = {text_field("mission"),
                                        image_field("image", side, side)},
                 .action_fields = {discrete_field("action", kActionCount)}};
    spec.max_episode_steps = kMaxEpisodeSteps;
    spec.has_expert = spec.has_render = true;
    return spec;
  }

  void reset_state(base::RandomStream random) override {
    sample_object_kinds(random);
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

  Transition apply_action(const data::Array& action) override {
    agent_ = next_pose(agent_, static_cast<int>(action.as_integer(0)));
    Transition transition;
    transition.terminated = has_arrived(agent_);
    if (transition.terminated) {
      transition.reward =
          1 - 0.9 * static_cast<double>(elapsed_steps() + 1) / kMaxEpisodeSteps;
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  data::Array compute_expert_action() const override {
    if (!is_in_view(agent_, target().cell)) {
      return discrete_value(kTurnLeft);
    }
    const std::vector<int> distance = expert_distances();
    int best = kForward;
    for (int action : {kTurnLeft, kTurnRight}) {
      if (distance[next_pose(agent_, action).index()] <
          distance[next_pose(agent_, best).index()]) {
        best = action;
      }
    }
    return discrete_value(best);
  }

  // The whole room from above, north up, and the tiles in view brightened.
  data::Image render_frame() const override {
    constexpr int scale = 8, tile = kMaskSize * scale;
    constexpr int side = (kRoomSize + 2) * tile;
    Canvas canvas(side, side, kWallColor);
    for (int y = 0; y < kRoomSize; ++y) {
      for (int x = 0; x < kRoomSize; ++x) {
        canvas.fill_rectangle(
            (y + 1) * tile, (x + 1) * tile, tile, tile,
            is_in_view(agent_, {x, y}) ? Color{70, 70, 70} : kFloorColor);
      }
    }
    for (const Object& object : objects_) {
      canvas.draw_mask((object.cell.y + 1) * tile, (object.cell.x + 1) * tile,
                       kShapes[object.shape].mask, scale,
                       kColors[object.color].color);
    }
    canvas.draw_mask((agent_.cell.y + 1) * tile, (agent_.cell.x + 1) * tile,
                     kAgentMask, scale, kAgentColor, agent_.direction);
    return canvas.image();
  }

  const Object& target() const { return objects_[0]; }

  // No two objects are alike; object 0 is the target.
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

  // False where an object touches an earlier one, be it by a corner. Apart,
  // objects leave all free cells connected.
  bool try_place_objects(base::RandomStream& random) {
    for (size_t i = 0; i < objects_.size(); ++i) {
      const Cell cell = objects_[i].cell = random_cell(random);
      for (size_t j = 0; j < i; ++j) {
        if (std::abs(objects_[j].cell.x - cell.x) <= 1 &&
            std::abs(objects_[j].cell.y - cell.y) <= 1) {
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
      pose.direction = (pose.direction + 3) % 4;
    }
    if (action == kTurnRight) {
      pose.direction = (pose.direction + 1) % 4;
    }
    if (action == kForward && is_free(cell_ahead(pose))) {
      pose.cell = cell_ahead(pose);
    }
    return pose;
  }

  // Whether the expert arrives from every pose.
  bool expert_always_succeeds() const {
    const std::vector<int> distance = expert_distances();
    for (int i = 0; i < kPoseCount; ++i) {
      if (is_free(pose_from_index(i).cell) && distance[i] == kPoseCount) {
        return false;
      }
    }
    return true;
  }

  // The expert's steps to the target, kPoseCount for never, from every pose (by
  // Pose::index) on a free cell.
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
          best = std::min(best, distance[next_pose(pose, action).index()] + 1);
        }
        has_changed |= best < distance[i];
        distance[i] = best;
      }
    }
    return distance;
  }

  data::Image render_agent_view() const {
    constexpr int side = kViewSize * kTilePixels,
                  scale = kTilePixels / kMaskSize;
    Canvas canvas(side, side, kOutsideColor);
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
                       scale, kColors[object.color].color);
    }
    canvas.draw_mask(row({0, 0}), column({0, 0}), kAgentMask, scale,
                     kAgentColor);
    return canvas.image();
  }

  std::array<Object, kObjectCount> objects_;
  Pose agent_;
};

}  // namespace

std::unique_ptr<Environment> make_goto() { return std::make_unique<GoTo>(); }

}  // namespace gato::env
