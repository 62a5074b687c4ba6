// maze/object: find the object that the mission names, such as "go to the red
// star".
//
// The labyrinth has 5 x 5 cells and many loops. In it are 4 signs on poles,
// visible above the walls, with different pairs of one of 6 colors and one of 3
// shapes; other signs may share the color or the shape of the one that is
// named, but do not block all paths to it. maze_environment.h has the movement,
// the observation and the expert.
//
// Reward: 1 - 0.9 t/100 when the named sign is touched in step t, which ends
// the episode with success. It ends without reward when another one is touched.
// Time limit: 100 steps.
// The expert takes the shortest path around the other signs, up to a few steps
// for not sliding along walls, so its return is nearly the maximum.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "gato/env/maze/maze_environment.h"
#include "gato/env/maze/maze_tasks.h"

namespace gato::env {
namespace {

constexpr int kCells = 5, kObjectCount = 4, kMaxEpisodeSteps = 100;
constexpr double kLoops = 0.6;

struct NamedColor {
  std::string_view name;
  Color color;
};
constexpr std::array<NamedColor, 6> kColors = {{{"red", {255, 40, 40}},
                                                {"green", {40, 220, 40}},
                                                {"blue", {50, 60, 255}},
                                                {"yellow", {250, 230, 30}},
                                                {"purple", {190, 60, 230}},
                                                {"white", {255, 255, 255}}}};
struct NamedShape {
  std::string_view name;
  const MazeSprite* sprite;
};
const std::array<NamedShape, 3> kShapes = {
    {{"ball", &kBallSprite}, {"box", &kBoxSprite}, {"star", &kStarSprite}}};

class MazeObject : public MazeEnvironment {
 public:
  MazeObject()
      : MazeEnvironment("maze/object", Mission::text, kMaxEpisodeSteps) {}

 private:
  int furnish(base::RandomStream& random) override {
    scene().labyrinth = Labyrinth::sample(kCells, kCells, kLoops, random);
    std::vector<Labyrinth::Cell> cells;  // of the agent and the signs
    do {
      cells = sample_cells(1 + kObjectCount, random);
    } while (scene().labyrinth.distance(cells[0], cells[1],
                                        std::span(cells).subspan(2)) ==
             Labyrinth::kUnreachable);
    place_agent(cells[0]);
    std::vector<uint64_t> kinds;  // color + number of colors * shape
    while (std::ssize(kinds) < kObjectCount) {
      const uint64_t kind = random.uniform_int(kColors.size() * kShapes.size());
      if (std::ranges::find(kinds, kind) == kinds.end()) {
        kinds.push_back(kind);
        add_thing(*kShapes[kind / kColors.size()].sprite,
                  kColors[kind % kColors.size()].color, cells[kinds.size()]);
      }
    }
    mission_ = "go to the " +
               std::string(kColors[kinds[0] % kColors.size()].name) + " " +
               std::string(kShapes[kinds[0] / kColors.size()].name);
    return 1;
  }

  void touch(const MazeThing&, Transition& transition) override {
    transition.terminated = true;
    transition.reward = has_found_all() ? reward_for_success() : 0;
    transition.info["success"] = has_found_all() ? 1 : 0;
  }

  std::string mission() const override { return mission_; }

  std::string mission_;
};

}  // namespace

std::unique_ptr<Environment> make_maze_object() {
  return std::make_unique<MazeObject>();
}

}  // namespace gato::env
