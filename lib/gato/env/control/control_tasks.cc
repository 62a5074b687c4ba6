// The domain control/: continuous control from states or pixels.
#include "gato/env/control/control_tasks.h"

#include "gato/env/builtin_environment.h"

namespace gato::env {
namespace {

struct ControlTask {
  std::string name, description;  // without the domain
  std::unique_ptr<Environment> (*make)(const ControlVariant& variant);
  bool has_pixels = false;
};

// Adds a task and its variants.
void add_task(const ControlTask& task, std::vector<BuiltinTask>& tasks) {
  const auto add = [&](const std::string& suffix, const std::string& remark,
                       PhysicsVariation variation, bool has_pixels) {
    const ControlVariant variant = {.name = "control/" + task.name + suffix,
                                    .variation = variation,
                                    .has_pixels = has_pixels};
    tasks.push_back({variant.name, task.description + remark,
                     [make = task.make, variant] { return make(variant); }});
  };
  add("", "", PhysicsVariation::none, false);
  add("-random-small", ", physics varied by 5 to 10%", PhysicsVariation::small,
      false);
  add("-random-large", ", physics varied by 20 to 40%", PhysicsVariation::large,
      false);
  if (task.has_pixels) {
    add("-pixels", ", from pixels", PhysicsVariation::none, true);
  }
}

}  // namespace

std::vector<BuiltinTask> control_tasks() {
  std::vector<BuiltinTask> tasks;
  for (const ControlTask& task : std::vector<ControlTask>{
           {"acrobot", "swing up two hanging links by bending them",
            make_acrobot, true},
           {"cartpole-balance", "keep a pole upright on a cart",
            make_cartpole_balance, true},
           {"cartpole-swingup", "swing up a pole on a cart and balance it",
            make_cartpole_swingup, true},
           {"cartpole-swingup-sparse",
            "swing up a pole on a cart, paid only while it is upright",
            make_cartpole_swingup_sparse},
           {"cartpole-two-poles",
            "balance two poles on a cart, one on top of the other",
            make_cartpole_two_poles},
           {"mountain-car", "rock a weak car out of a valley",
            make_mountain_car, true},
           {"pendulum", "swing up a pendulum with a weak motor and balance it",
            make_pendulum, true},
           {"point-mass", "push a mass to the middle of a table",
            make_point_mass, true},
           {"reacher-easy", "move the tip of an arm to a large target",
            make_reacher_easy, true},
           {"reacher-hard", "move the tip of an arm to a small target",
            make_reacher_hard},
       }) {
    add_task(task, tasks);
  }
  return tasks;
}

}  // namespace gato::env
