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

#include "gato/env/builtin.h"
#include "gato/env/canvas.h"

namespace gato {
namespace {

constexpr int kRoom = 5, kObjects = 4, kStepLimit = 32;
constexpr int kViewTiles = 6, kTilePixels = 8;
constexpr int kViewLeft = 3, kViewRight = 2;  // cells seen beside the agent
constexpr int kLeft = 0, kRight = 1, kForward = 2, kActions = 3;

struct NamedColour {
  std::string_view name;
  Colour colour;
};
constexpr std::array<NamedColour, 6> kColours = {{{"red", {255, 40, 40}},
                                                  {"green", {40, 220, 40}},
                                                  {"blue", {70, 90, 255}},
                                                  {"yellow", {250, 230, 30}},
                                                  {"purple", {190, 60, 230}},
                                                  {"white", {255, 255, 255}}}};
constexpr Colour kFloor = {25, 25, 25}, kWall = {130, 130, 130},
                 kOutside = {0, 0, 0}, kAgent = {255, 255, 255};

constexpr int kMaskSide = 4;  // a point of a mask is 2 x 2 pixels of a view
using Mask = std::array<std::string_view, kMaskSide>;
struct Shape {
  std::string_view name;
  Mask mask;
};
constexpr std::array<Shape, 3> kShapes = {{
    {"ball", {".##.", "####", "####", ".##."}},
    {"box", {"####", "#..#", "#..#", "####"}},
    {"key", {".##.", ".##.", "..#.", ".##."}},
}};
constexpr Mask kArrow = {".##.", ".##.", "####", "#..#"};

struct Cell {
  int x = 0, y = 0;
  bool operator==(const Cell&) const = default;
};
// Directions, clockwise from up (north; y grows downwards).
constexpr std::array<Cell, 4> kAhead = {{{0, -1}, {1, 0}, {0, 1}, {-1, 0}}};

struct Object {
  Cell cell;
  int colour = 0, shape = 0;
};

struct Pose {
  Cell cell;
  int direction = 0;
  int index() const { return (cell.y * kRoom + cell.x) * 4 + direction; }
};
constexpr int kPoses = kRoom * kRoom * 4;
Pose pose_at(int index) {
  return {{index / 4 % kRoom, index / 4 / kRoom}, index % 4};
}

Cell cell_ahead(const Pose& pose) {
  return {pose.cell.x + kAhead[pose.direction].x,
          pose.cell.y + kAhead[pose.direction].y};
}

// In the frame of `pose`: cells to the right of it and ahead of it.
Cell seen_from(const Pose& pose, Cell cell) {
  const Cell ahead = kAhead[pose.direction];
  const int dx = cell.x - pose.cell.x, dy = cell.y - pose.cell.y;
  return {-dx * ahead.y + dy * ahead.x, dx * ahead.x + dy * ahead.y};
}

bool sees(const Pose& pose, Cell cell) {
  const Cell seen = seen_from(pose, cell);
  return seen.x >= -kViewLeft && seen.x <= kViewRight && seen.y >= 0 &&
         seen.y < kViewTiles;
}

bool is_inside(Cell cell) {
  return cell.x >= 0 && cell.x < kRoom && cell.y >= 0 && cell.y < kRoom;
}

class GoTo : public BuiltinEnvironment {
 public:
  GoTo() : BuiltinEnvironment(make_spec()) {}

 private:
  static EnvironmentSpec make_spec() {
    EnvironmentSpec spec;
    constexpr int side = kViewTiles * kTilePixels;
    spec.task = {.name = "grid/goto",
                 .domain = "grid",
                 .environment = "grid/goto",
                 .observation = {text_field("mission"),
                                 image_field("image", side, side)},
                 .action = {discrete_field("action", kActions)}};
    spec.max_steps = kStepLimit;
    spec.has_expert = spec.has_render = true;
    return spec;
  }

  void begin(RandomStream random) override {
    choose_kinds(random);
    while (!place_objects(random) || !is_always_reached()) {
    }
    do {
      agent_ = {random_cell(random), static_cast<int>(random.below(4))};
    } while (!is_free(agent_.cell) || has_arrived(agent_));
  }

  Values observe() const override {
    return {"go to the " + std::string(kColours[target().colour].name) + " " +
                std::string(kShapes[target().shape].name),
            image_value(view())};
  }

  Outcome advance(const Array& action) override {
    agent_ = moved(agent_, static_cast<int>(action.as_integer(0)));
    Outcome outcome;
    outcome.terminated = has_arrived(agent_);
    if (outcome.terminated)
      outcome.reward = 1 - 0.9 * static_cast<double>(time() + 1) / kStepLimit;
    outcome.info["success"] = outcome.terminated ? 1 : 0;
    return outcome;
  }

  Array demonstrate() const override {
    if (!sees(agent_, target().cell)) return discrete_value(kLeft);
    const std::vector<int> distance = distances();
    int best = kForward;
    for (int action : {kLeft, kRight})
      if (distance[moved(agent_, action).index()] <
          distance[moved(agent_, best).index()])
        best = action;
    return discrete_value(best);
  }

  // The whole room from above, north up, and the tiles in view brightened.
  Image draw() const override {
    constexpr int enlargement = 8, tile = kMaskSide * enlargement;
    constexpr int side = (kRoom + 2) * tile;
    Canvas canvas(side, side, kWall);
    for (int y = 0; y < kRoom; ++y)
      for (int x = 0; x < kRoom; ++x)
        canvas.fill((y + 1) * tile, (x + 1) * tile, tile, tile,
                    sees(agent_, {x, y}) ? Colour{70, 70, 70} : kFloor);
    for (const Object& object : objects_)
      canvas.stamp((object.cell.y + 1) * tile, (object.cell.x + 1) * tile,
                   kShapes[object.shape].mask, enlargement,
                   kColours[object.colour].colour);
    canvas.stamp((agent_.cell.y + 1) * tile, (agent_.cell.x + 1) * tile, kArrow,
                 enlargement, kAgent, agent_.direction);
    return canvas.image();
  }

  const Object& target() const { return objects_[0]; }

  // No two objects are alike; object 0 is the target.
  void choose_kinds(RandomStream& random) {
    for (size_t i = 0; i < objects_.size(); ++i) {
      Object& object = objects_[i];
      do {
        object.colour = static_cast<int>(random.below(kColours.size()));
        object.shape = static_cast<int>(random.below(kShapes.size()));
      } while (std::any_of(objects_.begin(), objects_.begin() + i,
                           [&object](const Object& other) {
                             return other.colour == object.colour &&
                                    other.shape == object.shape;
                           }));
    }
  }

  // False where an object touches an earlier one, be it by a corner. Apart,
  // objects leave all free cells connected.
  bool place_objects(RandomStream& random) {
    for (size_t i = 0; i < objects_.size(); ++i) {
      const Cell cell = objects_[i].cell = random_cell(random);
      for (size_t j = 0; j < i; ++j)
        if (std::abs(objects_[j].cell.x - cell.x) <= 1 &&
            std::abs(objects_[j].cell.y - cell.y) <= 1)
          return false;
    }
    return true;
  }

  static Cell random_cell(RandomStream& random) {
    const int x = static_cast<int>(random.below(kRoom));
    return {x, static_cast<int>(random.below(kRoom))};
  }

  bool is_free(Cell cell) const {
    return is_inside(cell) && std::none_of(objects_.begin(), objects_.end(),
                                           [cell](const Object& object) {
                                             return object.cell == cell;
                                           });
  }

  bool has_arrived(const Pose& pose) const {
    return cell_ahead(pose) == target().cell;
  }

  Pose moved(Pose pose, int action) const {
    if (action == kLeft) pose.direction = (pose.direction + 3) % 4;
    if (action == kRight) pose.direction = (pose.direction + 1) % 4;
    if (action == kForward && is_free(cell_ahead(pose)))
      pose.cell = cell_ahead(pose);
    return pose;
  }

  // Whether the expert arrives from every pose.
  bool is_always_reached() const {
    const std::vector<int> distance = distances();
    for (int i = 0; i < kPoses; ++i)
      if (is_free(pose_at(i).cell) && distance[i] == kPoses) return false;
    return true;
  }

  // The expert's steps to the target, kPoses for never, from every pose (by
  // Pose::index) on a free cell.
  std::vector<int> distances() const {
    std::vector<int> distance(kPoses, kPoses);
    for (bool has_changed = true; has_changed;) {
      has_changed = false;
      for (int i = 0; i < kPoses; ++i) {
        const Pose pose = pose_at(i);
        if (!is_free(pose.cell)) continue;
        int best = has_arrived(pose) ? 0 : distance[i];
        const bool is_choice = sees(pose, target().cell);
        for (int action = 0; action < (is_choice ? kActions : kLeft + 1);
             ++action)
          best = std::min(best, distance[moved(pose, action).index()] + 1);
        has_changed |= best < distance[i];
        distance[i] = best;
      }
    }
    return distance;
  }

  Image view() const {
    constexpr int side = kViewTiles * kTilePixels,
                  enlargement = kTilePixels / kMaskSide;
    Canvas canvas(side, side, kOutside);
    auto row = [](Cell seen) {
      return (kViewTiles - 1 - seen.y) * kTilePixels;
    };
    auto column = [](Cell seen) { return (kViewLeft + seen.x) * kTilePixels; };
    for (int y = -1; y <= kRoom; ++y)
      for (int x = -1; x <= kRoom; ++x) {
        const Cell seen = seen_from(agent_, {x, y});
        canvas.fill(row(seen), column(seen), kTilePixels, kTilePixels,
                    is_inside({x, y}) ? kFloor : kWall);
      }
    for (const Object& object : objects_) {
      const Cell seen = seen_from(agent_, object.cell);
      canvas.stamp(row(seen), column(seen), kShapes[object.shape].mask,
                   enlargement, kColours[object.colour].colour);
    }
    canvas.stamp(row({0, 0}), column({0, 0}), kArrow, enlargement, kAgent);
    return canvas.image();
  }

  std::array<Object, kObjects> objects_;
  Pose agent_;
};

}  // namespace

std::unique_ptr<Environment> make_goto() { return std::make_unique<GoTo>(); }

}  // namespace gato
