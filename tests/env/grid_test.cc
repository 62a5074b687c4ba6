#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "env/play.h"
#include "gato/base/digest.h"
#include "gato/env/environment.h"
#include "gato/env/grid/grid_bot.h"
#include "gato/env/grid/grid_mission.h"
#include "gato/env/grid/grid_tiles.h"
#include "gato/env/grid/grid_view.h"
#include "gato/env/grid/grid_world.h"

using namespace gato;
using namespace gato::env;
using namespace gato::env::grid;
using namespace gato::test;

namespace {

struct Task {
  const char* name;
  double min_expert, max_random;  // returns
};
const std::vector<Task> kTasks = {
    {"grid/boss", .84, .15},          {"grid/goto-door", .85, .15},
    {"grid/goto-maze", .86, .30},     {"grid/goto-rooms", .86, .35},
    {"grid/open", .84, .10},          {"grid/pickup", .88, .25},
    {"grid/pickup-rooms", .85, .25},  {"grid/put-next", .85, .10},
    {"grid/put-next-rooms", .82, .1}, {"grid/sequence", .83, .10},
    {"grid/unlock", .80, .05},        {"grid/unlock-pickup", .78, .05},
};

// Two rooms of 4 x 4 cells with a closed door, and two objects in each room.
World two_rooms(uint64_t seed) {
  base::RandomStream random(seed);
  while (true) {
    World world({.columns = 2, .rows = 1, .room_size = 4}, random);
    if (world.try_add_object({0, kBall}, 0, random) &&
        world.try_add_object({1, kBox}, 0, random) &&
        world.try_add_object({2, kKey}, 1, random) &&
        world.try_add_object({3, kBall}, 1, random)) {
      world.place_agent(0, random);
      return world;
    }
  }
}

VisibleCells look(const World& world) {
  return find_visible_cells(world.agent(), [&world](Cell cell) {
    return world.is_transparent(cell);
  });
}

// Lets a bot follow an instruction. Returns the number of steps, -1 if it does
// not succeed within 200.
int follow(World& world, const Instruction& instruction) {
  Bot bot;
  bot.reset();
  for (int steps = 0; steps <= 200; ++steps) {
    if (is_fulfilled(world, instruction)) {
      return steps;
    }
    bot.see(world, look(world));
    world.apply(bot.choose_action(world, instruction));
  }
  return -1;
}

std::string mission_of(const data::FieldValues& observation) {
  return std::get<std::string>(observation[1]);
}

}  // namespace

TEST_CASE("Grid experts succeed in every level, and random play rarely",
          "[grid]") {
  constexpr int kSeeds = GATO_SANITIZED ? 20 : 200;
  for (const Task& task : kTasks) {
    CAPTURE(task.name);
    const auto environment = make_builtin_environment(task.name);
    const auto limit =
        static_cast<double>(environment->spec().max_episode_steps);
    double sum = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(seed);
      const Played played = play(*environment, seed, expert_policy);
      REQUIRE(played.last.info.at("success") == 1);
      REQUIRE(played.last.terminated);
      REQUIRE(played.reward ==
              Approx(1 - 0.9 * static_cast<double>(played.steps) / limit));
      sum += played.reward;
    }
    REQUIRE(sum / kSeeds > task.min_expert);
    REQUIRE(mean_reward(task.name, kSeeds / 2, random_policy) <
            task.max_random);
  }
}

TEST_CASE("Grid experts recover from noise", "[grid]") {
  constexpr int kSeeds = GATO_SANITIZED ? 30 : 200;
  for (const Task& task : kTasks) {
    CAPTURE(task.name);
    REQUIRE(success_rate(task.name, kSeeds, noisy_expert(0.3)) > 0.99);
  }
}

TEST_CASE("Grid experts recover from random play", "[grid]") {
  // Random actions carry keys off, close doors and drop objects in the way.
  constexpr int kSeeds = GATO_SANITIZED ? 20 : 150, kRandomSteps = 40;
  for (const char* name :
       {"grid/boss", "grid/put-next-rooms", "grid/unlock-pickup"}) {
    CAPTURE(name);
    const auto environment = make_builtin_environment(name);
    for (int seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(seed);
      const Policy policy = [step = 0](Environment& environment,
                                       base::RandomStream& noise) mutable {
        return step++ < kRandomSteps ? random_action(environment, noise)
                                     : environment.expert_action();
      };
      const Played played = play(*environment, seed, policy);
      // The others would have needed more steps than were left.
      REQUIRE((played.has_succeeded ||
               played.steps == environment->spec().max_episode_steps));
      REQUIRE((played.has_succeeded || std::string(name) != "grid/boss"));
    }
  }
}

TEST_CASE("Observations and experts of grid/goto never change", "[grid]") {
  // Recordings and trained models depend on them.
  const auto environment = make_builtin_environment("grid/goto");
  base::Digest digest;
  const auto add = [&digest](const data::FieldValues& values) {
    for (const data::FieldValue& value : values) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        digest.update(std::as_bytes(std::span(*text)));
      } else {
        digest.update(std::get<data::Array>(value).bytes);
      }
    }
  };
  for (int seed = 0; seed < 50; ++seed) {
    add(environment->reset(seed));
    StepResult result;
    do {
      const data::FieldValues action = environment->expert_action();
      add(action);
      result = environment->step(action);
      add(result.observation);
    } while (!result.terminated && !result.truncated);
  }
  REQUIRE(digest.hex() == "f855dab3858caead");
}

TEST_CASE("Missions follow the grammar", "[grid]") {
  const World world = two_rooms(0);
  const std::string door(kColors[world.doors()[0].color].name);
  const auto text = [&world](Verb verb) {
    return describe(world, Mission{{.verb = verb, .target = 0, .other = 1}});
  };
  REQUIRE(text(Verb::go_to_object) == "go to the red ball");
  REQUIRE(text(Verb::go_to_door) == "go to the " + door + " door");
  REQUIRE(text(Verb::pick_up) == "pick up the red ball");
  REQUIRE(text(Verb::open) == "open the " + door + " door");
  REQUIRE(text(Verb::unlock) == "unlock the " + door + " door");
  REQUIRE(text(Verb::put_next) == "put the red ball next to the green box");
  REQUIRE(describe(world, Mission{{.verb = Verb::go_to_object, .target = 2},
                                  {.verb = Verb::pick_up, .target = 3}}) ==
          "go to the blue key, then pick up the yellow ball");
}

TEST_CASE("The mission shrinks to what remains to be done", "[grid]") {
  const auto environment = make_builtin_environment("grid/sequence");
  for (int seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const std::string mission = mission_of(environment->reset(seed));
    const size_t comma = mission.find(", then ");
    REQUIRE(comma != std::string::npos);
    const std::string rest = mission.substr(comma + 7);
    StepResult result;
    do {
      result = environment->step(environment->expert_action());
      const std::string now = mission_of(result.observation);
      REQUIRE((now == mission || now == rest));
    } while (!result.terminated);
    REQUIRE(mission_of(result.observation) == rest);
  }
}

TEST_CASE("Actions in a grid world obey its rules", "[grid]") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    World world = two_rooms(seed);
    base::RandomStream random(seed, {1});
    world.set_door_state(0,
                         seed % 2 == 0 ? DoorState::closed : DoorState::locked);
    for (int step = 0; step < 2000; ++step) {
      const World before = world;
      world.apply(static_cast<int>(random.uniform_int(kWorldActionCount)));
      const Cell agent = world.agent().cell;
      REQUIRE((world.is_empty_floor(agent) || world.door_at(agent) >= 0));
      std::set<int> cells;
      int carried = 0;
      for (int i = 0; i < std::ssize(world.objects()); ++i) {
        const Cell cell = world.objects()[i].cell;
        carried += world.carried_object() == i;
        if (world.carried_object() != i) {
          REQUIRE(world.is_floor(cell));
          REQUIRE(world.object_at(cell) == i);
          cells.insert(World::cell_index(cell));
        }
      }
      REQUIRE(std::ssize(cells) + carried == std::ssize(world.objects()));
      // There is no key of this door's color unless it is blue.
      const Door& door = world.doors()[0];
      REQUIRE((before.doors()[0].state == DoorState::locked) >=
              (door.state == DoorState::locked));
      if (before.doors()[0].state == DoorState::locked &&
          door.state != DoorState::locked) {
        REQUIRE(world.is_carried_key_of(door));
      }
    }
  }
}

TEST_CASE("Walls and closed doors hide what is behind them", "[grid]") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    World world = two_rooms(seed);
    const Cell door = world.doors()[0].cell;
    REQUIRE(follow(world, {.verb = Verb::go_to_door, .target = 0}) >= 0);
    const auto sees = [&world](Cell cell) {
      bool is_visible = false;
      look(world).for_each(world.agent(), [&](Cell other, Cell) {
        is_visible |= other == cell;
      });
      return is_visible;
    };
    const Cell beyond = neighbor(door, world.agent().direction);
    REQUIRE(sees(door));
    REQUIRE_FALSE(sees(beyond));
    world.apply(kToggle);
    REQUIRE(sees(beyond));
  }
}

TEST_CASE("The view shows what the agent carries", "[grid]") {
  World world = two_rooms(3);
  const auto agent_pixel = [&world] {
    const data::Image image = draw_view(world, look(world));
    const int y = image.height - kTilePixels / 2,
              x = kViewLeft * kTilePixels + kTilePixels / 2;
    const auto pixel = image.pixels.begin() + 3 * (y * image.width + x);
    return Color{pixel[0], pixel[1], pixel[2]};
  };
  REQUIRE(agent_pixel() == kAgentColor);
  REQUIRE(follow(world, {.verb = Verb::pick_up, .target = 0}) >= 0);
  REQUIRE(agent_pixel() == kColors[0].color);
}

TEST_CASE("The bot puts down what it carries, and fetches keys", "[grid]") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    World world = two_rooms(seed);
    REQUIRE(follow(world, {.verb = Verb::pick_up, .target = 0}) >= 0);
    REQUIRE(follow(world, {.verb = Verb::pick_up, .target = 2}) >= 0);
    REQUIRE(follow(world, {.verb = Verb::go_to_object, .target = 2}) >= 0);
    REQUIRE(follow(world, {.verb = Verb::put_next, .target = 1, .other = 3}) >=
            0);
    REQUIRE(follow(world, {.verb = Verb::pick_up, .target = 3}) >= 0);
  }
}

TEST_CASE("The bot clears an object out of a doorway", "[grid]") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    World world = two_rooms(seed);
    // The agent stands in the door and drops a ball right behind it.
    REQUIRE(follow(world, {.verb = Verb::pick_up, .target = 0}) >= 0);
    REQUIRE(follow(world, {.verb = Verb::open, .target = 0}) >= 0);
    world.apply(kForward);  // into the door
    world.apply(kDrop);
    REQUIRE(world.object_at(cell_ahead(world.agent())) == 0);
    REQUIRE(follow(world, {.verb = Verb::pick_up, .target = 1}) >= 0);
    REQUIRE(follow(world, {.verb = Verb::put_next, .target = 1, .other = 3}) >=
            0);
  }
}
