#include "gato/env/grid/grid_environment.h"

#include <algorithm>
#include <utility>

#include "gato/env/builtin_environment.h"
#include "gato/env/grid/grid_bot.h"
#include "gato/env/grid/grid_tiles.h"
#include "gato/env/grid/grid_view.h"

namespace gato::env::grid {
namespace {

class GridEnvironment : public BuiltinEnvironment {
 public:
  GridEnvironment(const std::string& name, int64_t max_episode_steps,
                  LevelMaker make_level)
      : BuiltinEnvironment(make_spec(name, max_episode_steps)),
        make_level_(std::move(make_level)) {}

 private:
  static EnvironmentSpec make_spec(const std::string& name,
                                   int64_t max_episode_steps) {
    constexpr int kSide = kViewSize * kTilePixels;
    return builtin_spec(
        name, {image_field("image", kSide, kSide), text_field("mission")},
        {discrete_field("action", kWorldActionCount)}, max_episode_steps);
  }

  void reset_state(base::RandomStream random) override {
    std::optional<Level> level;
    do {
      level = make_level_(random);
    } while (!level || is_fulfilled(level->world, level->mission[0]));
    world_ = std::move(level->world);
    mission_ = std::move(level->mission);
    fulfilled_count_ = 0;
    update_mission_text();
    bot_.reset();
    look();
  }

  data::FieldValues observe() const override {
    return {image_value(draw_view(world_, visible_)), mission_text_};
  }

  Transition apply_action(const BuiltinAction& action) override {
    world_.apply(action.discrete);
    look();
    const size_t fulfilled_before = fulfilled_count_;
    while (fulfilled_count_ < mission_.size() &&
           is_fulfilled(world_, mission_[fulfilled_count_])) {
      ++fulfilled_count_;
    }
    if (fulfilled_count_ != fulfilled_before) {
      update_mission_text();
    }
    Transition transition;
    transition.terminated = fulfilled_count_ == mission_.size();
    if (transition.terminated) {
      transition.reward = 1 - 0.9 * static_cast<double>(elapsed_steps() + 1) /
                                  static_cast<double>(spec().max_episode_steps);
    }
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    return {.discrete = bot_.choose_action(world_, mission_[fulfilled_count_])};
  }

  data::Image render_frame() const override {
    return draw_world(world_, visible_,
                      fulfilled_count_ < mission_.size()
                          ? named_cells(world_, mission_[fulfilled_count_])
                          : std::vector<Cell>());
  }

  void look() {
    visible_ = find_visible_cells(world_.agent(), [this](Cell cell) {
      return world_.is_transparent(cell);
    });
    bot_.see(world_, visible_);
  }

  // The text of a fulfilled mission is that of its last instruction.
  void update_mission_text() {
    const size_t first = std::min(fulfilled_count_, mission_.size() - 1);
    mission_text_ = describe(world_, std::span(mission_).subspan(first));
  }

  LevelMaker make_level_;
  World world_;
  Mission mission_;
  size_t fulfilled_count_ = 0;  // number of instructions fulfilled so far
  std::string mission_text_;
  VisibleCells visible_;
  Bot bot_;
};

}  // namespace

std::unique_ptr<Environment> make_grid_environment(const std::string& name,
                                                   int64_t max_episode_steps,
                                                   LevelMaker make_level) {
  return std::make_unique<GridEnvironment>(name, max_episode_steps,
                                           std::move(make_level));
}

std::vector<Kind> random_kinds(size_t count, base::RandomStream& random,
                               std::vector<Kind> first) {
  std::vector<Kind> kinds = std::move(first);
  while (kinds.size() < count) {
    Kind kind;
    kind.color = static_cast<int>(random.uniform_int(kColors.size()));
    kind.shape = static_cast<int>(random.uniform_int(kShapes.size()));
    if (std::ranges::find(kinds, kind) == kinds.end()) {
      kinds.push_back(kind);
    }
  }
  return kinds;
}

bool try_add_objects(World& world, std::span<const Kind> kinds, int room,
                     base::RandomStream& random) {
  return std::ranges::all_of(kinds, [&](Kind kind) {
    return world.try_add_object(kind, room, random);
  });
}

LevelMaker levels_with_objects(const Layout& layout, int object_count,
                               const Mission& mission) {
  return [=](base::RandomStream& random) -> std::optional<Level> {
    Level level{.world = World(layout, random), .mission = mission};
    if (!try_add_objects(level.world, random_kinds(object_count, random), -1,
                         random)) {
      return std::nullopt;
    }
    level.world.place_agent(-1, random);
    return level;
  };
}

}  // namespace gato::env::grid
