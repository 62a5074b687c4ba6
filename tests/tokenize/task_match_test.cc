#include "gato/tokenize/task_match.h"

#include <catch2/catch.hpp>

#include "data/make_field.h"
#include "gato/base/error.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::tokenize;
using Catch::Matchers::Contains;
using test::make_field;

namespace {

data::TaskSpec environment_task() {
  data::TaskSpec task;
  task.name = "toy/arm";
  task.observation_fields = {
      make_field("camera", data::Role::image, data::DType::uint8, {32, 32, 3}),
      make_field("joints", data::Role::continuous, data::DType::float64, {2})};
  data::Field gripper =
      make_field("gripper", data::Role::discrete, data::DType::int64, {});
  gripper.n = {2};
  gripper.start = {0};
  data::Field force =
      make_field("force", data::Role::continuous, data::DType::float32, {1});
  force.low = {-1};
  force.high = {1};
  task.action_fields = {gripper, force};
  return task;
}

data::TaskTable table_of(const data::TaskSpec& task) {
  data::TaskTable table;
  table.tasks.resize(2);
  table.tasks[1].spec = task;
  return table;
}

}  // namespace

TEST_CASE(
    "A task is found by its name and gets the roles that the model learned") {
  const data::TaskSpec environment = environment_task();
  data::TaskSpec learned = environment;
  learned.observation_fields = {environment.observation_fields[1],
                                environment.observation_fields[0]};
  learned.observation_fields[0].role = data::Role::discrete;
  learned.action_fields = {environment.action_fields[1],
                           environment.action_fields[0]};
  const TaskMatch match = match_task(environment, table_of(learned));
  REQUIRE(match.task_index == 1);
  REQUIRE((match.spec.observation_fields == learned.observation_fields));

  data::Array camera = data::Array::zeros(data::DType::uint8, {32, 32, 3});
  data::Array joints = data::Array::zeros(data::DType::float64, {2});
  const data::FieldValues observation =
      match.observation_for_model({camera, joints});
  REQUIRE(std::get<data::Array>(observation[0]).dtype == data::DType::float64);
  const data::FieldValues action = match.action_for_environment(
      {data::Array::zeros(data::DType::float32, {1}),
       data::Array::zeros(data::DType::int64, {})});
  REQUIRE(std::get<data::Array>(action[0]).dtype == data::DType::int64);
  REQUIRE(std::get<data::Array>(action[1]).dtype == data::DType::float32);
}

TEST_CASE("A task that the model does not know keeps the environment's spec") {
  const data::TaskSpec environment = environment_task();
  const TaskMatch match = match_task(environment, data::TaskTable{});
  REQUIRE_FALSE(match.task_index.has_value());
  REQUIRE((match.spec.action_fields == environment.action_fields));
  REQUIRE(match.observation_order == std::vector<size_t>{0, 1});
}

TEST_CASE("A difference from the model's task is named") {
  const data::TaskSpec environment = environment_task();
  const auto refuses = [&](const std::function<void(data::TaskSpec&)>& change,
                           const std::string& message) {
    data::TaskSpec learned = environment;
    change(learned);
    REQUIRE_THROWS_WITH(match_task(environment, table_of(learned)),
                        Contains(message));
    try {
      match_task(environment, table_of(learned));
    } catch (const base::Error& error) {
      REQUIRE(error.status() == base::ExitStatus::bad_input);
    }
  };
  refuses([](data::TaskSpec& task) { task.observation_fields.pop_back(); },
          "[camera, joints]");
  refuses(
      [](data::TaskSpec& task) { task.observation_fields[1].name = "angles"; },
      "'angles' of the model is missing from the environment");
  refuses(
      [](data::TaskSpec& task) {
        task.observation_fields[0].shape = {64, 64, 3};
      },
      "[32,32,3]");
  refuses([](data::TaskSpec& task) { task.observation_fields[1].shape = {3}; },
          "'joints'");
  refuses([](data::TaskSpec& task) { task.action_fields[0].n = {3}; }, "n [2]");
  refuses([](data::TaskSpec& task) { task.action_fields[1].high = {2}; },
          "'force'");
  refuses(
      [](data::TaskSpec& task) {
        task.observation_fields[1].role = data::Role::text;
      },
      "'joints' of the environment is continuous, but text in the model");
  data::TaskSpec other = environment;
  other.action_fields[0].n = {3};
  REQUIRE_THROWS_WITH(match_dataset(other, environment),
                      Contains("of the dataset has n [3]") &&
                          Contains("but n [2]") && Contains("in the task"));
}
