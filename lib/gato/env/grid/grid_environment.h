// Makes an environment from a function that makes levels. Each task is such a
// function.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/env/environment.h"
#include "gato/env/grid/grid_mission.h"
#include "gato/env/grid/grid_world.h"

namespace gato::env::grid {

struct Level {
  World world;
  Mission mission;
};

// Returns a random level, nullopt if the attempt failed. Levels whose first
// instruction is fulfilled at the start are discarded by the caller.
using LevelMaker =
    std::function<std::optional<Level>(base::RandomStream& random)>;

// Returns the environment `name`, grid/TASK, with levels of `make_level`.
//
// Observation: `image`, the agent's view, uint8 [48, 48, 3] (grid_view.h), and
// `mission`, a text with the instructions that are not fulfilled yet
// (grid_mission.h). The observation therefore shows the progress of the
// mission.
// Action: 0 turn left, 1 turn right, 2 forward, 3 pick up, 4 drop, 5 toggle a
// door (grid_world.h).
// Reward: 1 - 0.9 t / max_episode_steps when the last instruction is fulfilled
// at step t, which ends the episode with success, otherwise 0, as in BabyAI.
// Expert: Bot (grid_bot.h). It succeeded in each of 10,000 levels of every
// task, and in all but one of them with random actions in 30% of the steps.
// Knowing the complete world from the start, which makes it optimal for one
// instruction without carrying, it would return 0.006 to 0.04 more.
std::unique_ptr<Environment> make_grid_environment(const std::string& name,
                                                   int64_t max_episode_steps,
                                                   LevelMaker make_level);

// Returns `count` different kinds: those of `first`, followed by random ones.
std::vector<Kind> random_kinds(size_t count, base::RandomStream& random,
                               std::vector<Kind> first = {});
// Adds an object of each kind to a room of the world, or to random rooms if
// `room` is -1. Returns false if there is not enough space.
bool try_add_objects(World& world, std::span<const Kind> kinds, int room,
                     base::RandomStream& random);
// Makes levels with `object_count` random objects and the agent anywhere in a
// world, and always the same mission. Its objects are random, but object 0 is
// the first of the mission, and so on.
LevelMaker levels_with_objects(const Layout& layout, int object_count,
                               const Mission& mission);

}  // namespace gato::env::grid
