#include "gato/rollout/task_match.h"

#include "catch.h"
#include "gato/base/error.h"
#include "rollout/toy_environment.h"

using namespace gato;
using Catch::Contains;

namespace {

TaskSpec task_of_environment() {
  TaskSpec task;
  task.name = "toy/arm";
  task.observation = {
      make_field("camera", Role::image, DType::uint8, {32, 32, 3}),
      make_field("joints", Role::continuous, DType::float64, {2})};
  Field gripper = make_field("gripper", Role::discrete, DType::int64, {});
  gripper.n = {2};
  gripper.start = {0};
  Field force = make_field("force", Role::continuous, DType::float32, {1});
  force.low = {-1};
  force.high = {1};
  task.action = {gripper, force};
  return task;
}

TaskTable table_of(const TaskSpec& task) {
  TaskTable table;
  table.tasks.resize(2);
  table.tasks[1].spec = task;
  return table;
}

}  // namespace

TEST_CASE("a task is found by its name, with the roles the model learned") {
  const TaskSpec environment = task_of_environment();
  TaskSpec learned = environment;
  learned.observation = {environment.observation[1],
                         environment.observation[0]};
  learned.observation[0].role = Role::discrete;
  learned.action = {environment.action[1], environment.action[0]};
  const TaskMatch match = match_task(environment, table_of(learned));
  REQUIRE(match.task == 1);
  REQUIRE((match.spec.observation == learned.observation));

  Array camera = Array::zeros(DType::uint8, {32, 32, 3});
  Array joints = Array::zeros(DType::float64, {2});
  const Values observation = match.observation_of({camera, joints});
  REQUIRE(std::get<Array>(observation[0]).dtype == DType::float64);
  const Values action = match.action_for_environment(
      {Array::zeros(DType::float32, {1}), Array::zeros(DType::int64, {})});
  REQUIRE(std::get<Array>(action[0]).dtype == DType::int64);
  REQUIRE(std::get<Array>(action[1]).dtype == DType::float32);
}

TEST_CASE("a task that the model does not know keeps the environment's spec") {
  const TaskSpec environment = task_of_environment();
  const TaskMatch match = match_task(environment, TaskTable{});
  REQUIRE_FALSE(match.task.has_value());
  REQUIRE((match.spec.action == environment.action));
  REQUIRE(match.observation_order == std::vector<size_t>{0, 1});
}

TEST_CASE("what differs from the model's task is named") {
  const TaskSpec environment = task_of_environment();
  const auto refuses = [&](const std::function<void(TaskSpec&)>& change,
                           const std::string& message) {
    TaskSpec learned = environment;
    change(learned);
    REQUIRE_THROWS_WITH(match_task(environment, table_of(learned)),
                        Contains(message));
    try {
      match_task(environment, table_of(learned));
    } catch (const Error& error) {
      REQUIRE(error.status() == ExitStatus::bad_input);
    }
  };
  refuses([](TaskSpec& task) { task.observation.pop_back(); },
          "[camera, joints]");
  refuses([](TaskSpec& task) { task.observation[1].name = "angles"; },
          "'angles' of the model is missing in the environment");
  refuses(
      [](TaskSpec& task) {
        task.observation[0].shape = {64, 64, 3};
      },
      "[32,32,3]");
  refuses([](TaskSpec& task) { task.observation[1].shape = {3}; }, "'joints'");
  refuses([](TaskSpec& task) { task.action[0].n = {3}; }, "n [2]");
  refuses([](TaskSpec& task) { task.action[1].high = {2}; }, "'force'");
  refuses([](TaskSpec& task) { task.observation[1].role = Role::text; },
          "'joints' of the environment is continuous, but text in the model");
  TaskSpec other = environment;
  other.action[0].n = {3};
  REQUIRE_THROWS_WITH(match_dataset(other, environment),
                      Contains("of the dataset has n [3]") &&
                          Contains("but n [2]") && Contains("in the task"));
}
