#include "gato/env/maze/maze_environment.h"

#include <algorithm>
#include <utility>

#include "gato/env/maze/ray_caster.h"

namespace gato::env {
namespace {

constexpr int kViewSide = 48;

std::vector<data::Field> observation_fields(bool has_mission) {
  if (!has_mission) {
    return {image_field("observation", kViewSide, kViewSide)};
  }
  return {image_field("image", kViewSide, kViewSide), text_field("mission")};
}

}  // namespace

MazeEnvironment::MazeEnvironment(const std::string& name, Mission mission,
                                 int max_episode_steps)
    : BuiltinEnvironment(builtin_spec(
          name, observation_fields(mission == Mission::text),
          {discrete_field("action", kMazeActionCount)}, max_episode_steps)),
      mission_(mission) {}

std::vector<Labyrinth::Cell> MazeEnvironment::sample_cells(
    int count, base::RandomStream& random) const {
  std::vector<Labyrinth::Cell> cells;
  for (int y = 0; y < scene_.labyrinth.height(); ++y) {
    for (int x = 0; x < scene_.labyrinth.width(); ++x) {
      cells.push_back({x, y});
    }
  }
  for (int i = 0; i < count; ++i) {  // the first steps of a shuffle
    std::swap(cells[i], cells[i + random.uniform_int(cells.size() - i)]);
  }
  cells.resize(count);
  return cells;
}

double MazeEnvironment::reward_for_success() const {
  return 1 - 0.9 * static_cast<double>(elapsed_steps() + 1) /
                 static_cast<double>(spec().max_episode_steps);
}

void MazeEnvironment::reset_state(base::RandomStream random) {
  scene_.things.clear();
  wanted_count_ = furnish(random);
  scene_.sample_posters(random);
  agent_.heading = static_cast<int>(random.uniform_int(kHeadingCount));
  tour_.reset();
}

data::FieldValues MazeEnvironment::observe() const {
  static const RayCaster kCaster(kViewSide);
  data::FieldValues values = {image_value(kCaster.render(scene_, agent_))};
  if (mission_ == Mission::text) {
    values.emplace_back(mission());
  }
  return values;
}

Transition MazeEnvironment::apply_action(const BuiltinAction& action) {
  agent_ = next_pose(scene_.labyrinth, agent_, action.discrete);
  Transition transition;
  transition.info["success"] = 0;
  for (MazeThing& thing : scene_.things) {
    if (thing.is_present && is_touching(agent_.position, thing.position)) {
      thing.is_present = false;
      touch(thing, transition);
    }
  }
  return transition;
}

uint32_t MazeEnvironment::wanted_left() const {
  uint32_t left = 0;
  for (int i = 0; i < wanted_count_; ++i) {
    left |= static_cast<uint32_t>(scene_.things[i].is_present) << i;
  }
  return left;
}

BuiltinAction MazeEnvironment::compute_expert_action() {
  if (!tour_) {
    std::vector<MazePosition> wanted, avoided;
    for (int i = 0; i < std::ssize(scene_.things); ++i) {
      (i < wanted_count_ ? wanted : avoided)
          .push_back(scene_.things[i].position);
    }
    tour_.emplace(scene_.labyrinth, wanted, avoided);
  }
  return {.discrete = tour_->best_action(agent_, wanted_left())};
}

// The agent's view, and to the right of it the maze from above, in which the
// targets have a white frame.
data::Image MazeEnvironment::render_frame() const {
  constexpr int kSide = 160;
  static const RayCaster kCaster(kSide);
  const data::Image view = kCaster.render(scene_, agent_);
  const Canvas map = draw_maze_map(scene_, agent_, kSide, wanted_count_);
  data::Image frame;
  frame.height = kSide;
  frame.width = 2 * kSide;
  constexpr ptrdiff_t kRowBytes = ptrdiff_t{3} * kSide;
  for (int row = 0; row < kSide; ++row) {
    for (const data::Image* half : {&view, &map.image()}) {
      const auto pixels = half->pixels.begin() + row * kRowBytes;
      frame.pixels.insert(frame.pixels.end(), pixels, pixels + kRowBytes);
    }
  }
  return frame;
}

}  // namespace gato::env
