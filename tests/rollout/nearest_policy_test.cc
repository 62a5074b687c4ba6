#include "gato/rollout/nearest_policy.h"

#include <cmath>
#include <filesystem>

#include "catch.h"
#include "cli/run_in_process.h"
#include "data/make_field.h"
#include "gato/base/error.h"
#include "gato/ingest/episodes/minari_writer.h"

using namespace gato;
using namespace gato::rollout;
using Catch::Contains;
using gato::test::make_field;
using gato::test::ScratchDirectory;

namespace {

// A task with a mission, a camera of 16 x 16 pixels and a number; an action is
// one of five, and a force.
data::TaskSpec sample_task(const std::string& name = "toy/retrieve") {
  data::TaskSpec task;
  task.name = name;
  task.domain = "toy";
  data::Field number =
      make_field("number", data::Role::continuous, data::DType::float64, {1});
  number.low = {-100};
  number.high = {100};
  data::Field choice =
      make_field("choice", data::Role::discrete, data::DType::int64, {});
  choice.n = {5};
  choice.start = {0};
  data::Field force =
      make_field("force", data::Role::continuous, data::DType::float32, {1});
  force.low = {-1};
  force.high = {1};
  task.observation_fields = {
      make_field("mission", data::Role::text, data::DType::uint8, {}),
      make_field("camera", data::Role::image, data::DType::uint8, {16, 16, 3}),
      number};
  task.observation_fields[1].low.assign(16 * 16 * 3, 0);
  task.observation_fields[1].high.assign(16 * 16 * 3, 255);
  task.action_fields = {choice, force};
  return task;
}

data::Array camera_array(uint8_t brightness) {
  data::Array image = data::Array::zeros(data::DType::uint8, {16, 16, 3});
  for (int64_t i = 0; i < image.size(); ++i) {
    image.set(i, brightness);
  }
  return image;
}

data::FieldValues observation(const std::string& mission, uint8_t brightness,
                              double value) {
  data::Array number = data::Array::zeros(data::DType::float64, {1});
  number.set(0, value);
  return {mission, camera_array(brightness), number};
}

struct Step {
  std::string mission;
  uint8_t brightness;
  double number;
  int64_t choice;
  double force;
  std::optional<int64_t> expert_choice = {};
};

data::Episode sample_episode(const std::vector<Step>& steps) {
  const auto count = std::ssize(steps);
  data::Episode episode;
  std::vector<std::string> missions;
  data::Array cameras =
      data::Array::zeros(data::DType::uint8, {count, 16, 16, 3});
  data::Array numbers = data::Array::zeros(data::DType::float64, {count, 1});
  data::Array choices = data::Array::zeros(data::DType::int64, {count});
  data::Array forces = data::Array::zeros(data::DType::float32, {count, 1});
  data::Array expert_choices = choices;
  for (int64_t t = 0; t < count; ++t) {
    missions.push_back(steps[t].mission);
    for (int64_t i = 0; i < 768; ++i) {
      cameras.set(768 * t + i, steps[t].brightness);
    }
    numbers.set(t, steps[t].number);
    choices.set_integer(t, steps[t].choice);
    forces.set(t, steps[t].force);
    expert_choices.set_integer(
        t, steps[t].expert_choice.value_or(steps[t].choice));
  }
  episode.observations = {missions, cameras, numbers};
  episode.actions = {choices, forces};
  if (steps[0].expert_choice) {
    episode.expert_actions = {expert_choices, forces};
  }
  episode.rewards.assign(count, 0);
  episode.terminations.assign(count, 0);
  episode.truncations.assign(count, 0);
  return episode;
}

std::shared_ptr<const Demonstrations> demonstrations_of(
    const std::vector<std::vector<Step>>& episodes) {
  auto demonstrations = std::make_shared<Demonstrations>(sample_task());
  for (const std::vector<Step>& steps : episodes) {
    demonstrations->add_episode(sample_episode(steps));
  }
  demonstrations->finish();
  return demonstrations;
}

// Returns the discrete and the continuous action.
std::pair<int64_t, double> act(
    const std::shared_ptr<const Demonstrations>& demonstrations,
    int64_t neighbors, const data::FieldValues& observed) {
  const auto policy = make_nearest_policy(demonstrations, neighbors);
  PolicyInput input;
  input.observation = &observed;
  const std::vector<PolicyOutput> outputs = policy->act({&input, 1});
  REQUIRE(outputs[0].failure.empty());
  return {std::get<data::Array>(outputs[0].action[0]).as_integer(0),
          std::get<data::Array>(outputs[0].action[1]).as_double(0)};
}

void write_dataset(const std::string& path, const data::TaskSpec& task,
                   const std::vector<data::Episode>& episodes) {
  ingest::MinariWriter writer(path, false, {task, "test"});
  for (const data::Episode& episode : episodes) {
    writer.append(episode);
  }
  writer.commit({});
}

}  // namespace

TEST_CASE("The action of the nearest observation is taken") {
  const auto demonstrations =
      demonstrations_of({{{"go", 0, 0, 1, 0.25}, {"go", 0, 10, 2, 0.5}},
                         {{"go", 0, 0, 3, 0.75}, {"go", 200, 10, 4, 1}}});
  REQUIRE(demonstrations->episode_count() == 2);
  REQUIRE(demonstrations->step_count() == 4);
  using Action = std::pair<int64_t, double>;
  CHECK(act(demonstrations, 1, observation("go", 0, 9)) == Action(2, 0.5));
  CHECK(act(demonstrations, 1, observation("go", 190, 9)) == Action(4, 1));
  // Of the two steps that are equally near, the earlier.
  CHECK(act(demonstrations, 1, observation("go", 0, -50)) == Action(1, 0.25));
}

TEST_CASE("The expert's action is taken where it is recorded") {
  const auto demonstrations =
      demonstrations_of({{{"go", 0, 0, 1, 0.25, 4}, {"go", 0, 10, 2, 0.5, 0}}});
  CHECK(act(demonstrations, 1, observation("go", 0, 0)).first == 4);
  CHECK(act(demonstrations, 1, observation("go", 0, 10)).first == 0);
}

TEST_CASE("Several neighbors are averaged, or vote") {
  const auto demonstrations = demonstrations_of({{{"go", 0, 0, 3, 0.5},
                                                  {"go", 0, 1, 3, -0.5},
                                                  {"go", 0, 2, 1, 0.25},
                                                  {"go", 0, 3, 1, 0.75},
                                                  {"go", 0, 99, 4, 1}}});
  using Action = std::pair<int64_t, double>;
  CHECK(act(demonstrations, 2, observation("go", 0, 0)) == Action(3, 0));
  CHECK(act(demonstrations, 3, observation("go", 0, 0)) ==
        Action(3, static_cast<float>(0.25 / 3)));
  // Two votes each: the smaller action.
  CHECK(act(demonstrations, 4, observation("go", 0, 0)) == Action(1, 0.25));
  // There are only five steps.
  CHECK(act(demonstrations, 100, observation("go", 0, 0)).second ==
        Approx(0.4));
}

TEST_CASE("Only steps with the same text are compared, if there are any") {
  const auto demonstrations = demonstrations_of(
      {{{"left", 0, 0, 1, 0}, {"right", 0, 10, 2, 0}, {"up", 0, 20, 3, 0}}});
  CHECK(act(demonstrations, 1, observation("left", 0, 10)).first == 1);
  CHECK(act(demonstrations, 1, observation("right", 0, 0)).first == 2);
  CHECK(act(demonstrations, 1, observation("elsewhere", 0, 19)).first == 3);
}

TEST_CASE("An observation that is not finite fails only its own episode") {
  const auto demonstrations = demonstrations_of({{{"go", 0, 0, 1, 0}}});
  const auto policy = make_nearest_policy(demonstrations, 1);
  const data::FieldValues good = observation("go", 0, 5),
                          bad = observation("go", 0, INFINITY);
  std::vector<PolicyInput> inputs(2);
  inputs[0].observation = &bad;
  inputs[1].observation = &good;
  const std::vector<PolicyOutput> outputs = policy->act(inputs);
  CHECK_THAT(outputs[0].failure, Contains("'number' is not finite"));
  CHECK(outputs[1].failure.empty());
}

TEST_CASE("Demonstrations are read from all datasets of the task") {
  const ScratchDirectory folder;
  const data::Episode one = sample_episode({{"go", 0, 0, 1, 0}}),
                      two = sample_episode(
                          {{"go", 0, 10, 2, 0}, {"go", 0, 20, 3, 0}});
  data::Episode failed = two;
  failed.failed = true;
  std::filesystem::create_directory(folder / "all");
  write_dataset(folder / "all/a", sample_task(), {one, failed});
  write_dataset(folder / "all/b", sample_task("toy/other"), {two});
  write_dataset(folder / "c", sample_task(), {two});
  const auto demonstrations = read_demonstrations(
      sample_task(), {{folder / "all", folder / "c"}, 0, false});
  REQUIRE(demonstrations->episode_count() == 2);
  REQUIRE(demonstrations->step_count() == 3);
  CHECK(act(demonstrations, 1, observation("go", 0, 19)).first == 3);
}

TEST_CASE("Datasets that do not fit the task are refused") {
  const ScratchDirectory folder;
  const auto error = [&](const data::TaskSpec& task) {
    try {
      read_demonstrations(task, {{folder / "data"}, 0, true});
    } catch (const base::Error& failure) {
      CHECK(failure.status() == base::ExitStatus::bad_input);
      return std::string(failure.what());
    }
    return std::string();
  };
  SECTION("another task") {
    write_dataset(folder / "data", sample_task(),
                  {sample_episode({{"go", 0, 0, 1, 0}})});
    CHECK_THAT(error(sample_task("toy/other")),
               Contains("no dataset is of the task 'toy/other', but of "
                        "'toy/retrieve'"));
  }
  SECTION("other spaces") {
    write_dataset(folder / "data", sample_task(),
                  {sample_episode({{"go", 0, 0, 1, 0}})});
    data::TaskSpec task = sample_task();
    task.action_fields[0].n = {6};
    CHECK_THAT(error(task), Contains("action 'choice'"));
  }
  SECTION("no usable episode") {
    data::Episode failed = sample_episode({{"go", 0, 0, 1, 0}});
    failed.failed = true;
    write_dataset(folder / "data", sample_task(), {failed});
    CHECK_THAT(error(sample_task()), Contains("failed or have no step"));
  }
  SECTION("infinities") {
    write_dataset(folder / "data", sample_task(),
                  {sample_episode({{"go", 0, INFINITY, 1, 0}})});
    CHECK_THAT(error(sample_task()),
               Contains("episode 0: step 0: observation 'number'"));
  }
}

TEST_CASE("An image is the means of its colors in 8 x 8 cells") {
  data::TaskSpec task;
  task.observation_fields = {
      make_field("camera", data::Role::image, data::DType::uint8, {20, 12, 3})};
  const ObservationFeatures features(task);
  REQUIRE(features.width() == 192);
  data::Array image = data::Array::zeros(data::DType::uint8, {20, 12, 3});
  // Rows 0 to 2 and columns 0 and 1 are cell (0, 0).
  image.set(3 * (12 * 2 + 1), 60);        // red
  image.set(3 * (12 * 19 + 11) + 2, 90);  // blue, in the last cell
  std::vector<double> row(192);
  REQUIRE(features.extract_row({image}, row).empty());
  CHECK(row[0] == 10);
  CHECK(row[191] == 15);
}
