#include "gato/tokenize/task_codec.h"

#include <catch2/catch.hpp>

#include "data/make_field.h"
#include "gato/base/error.h"
#include "gato/tokenize/document_encoder.h"
#include "rollout/toy_environment.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;
using test::make_field;

namespace {

data::Vocabulary vocabulary_without_text_model() {
  return data::Vocabulary::make("", 1024, data::DiscreteLayout::overlap);
}

data::TaskSpec camera_task() {
  data::TaskSpec task;
  task.name = "toy/camera";
  task.observation_fields = {
      make_field("camera", data::Role::image, data::DType::uint8, {64, 64, 3}),
      make_field("speed", data::Role::discrete, data::DType::int64, {1})};
  data::Field turn =
      make_field("turn", data::Role::discrete, data::DType::int64, {});
  turn.n = {3};
  data::Field jump =
      make_field("jump", data::Role::discrete, data::DType::int64, {});
  jump.n = {2};
  task.action_fields = {jump, turn};
  return task;
}

data::TaskTable table_of(const data::TaskSpec& spec) {
  data::TaskTable table;
  table.tasks.resize(1);
  table.tasks[0].spec = spec;
  table.tasks[0].image_height = table.tasks[0].image_width = 32;
  return table;
}

data::FieldValues observation() {
  return {data::Array::zeros(data::DType::uint8, {64, 64, 3}),
          data::Array::zeros(data::DType::int64, {1})};
}

int64_t observation_tokens(const TaskCodec& codec) {
  data::TokenizedDocument document;
  codec.encode_observation(observation(), document);
  return std::ssize(document.tokens);
}

}  // namespace

TEST_CASE("A codec uses the recorded size of images unless it is overridden") {
  const data::TaskSpec task = camera_task();
  const data::Vocabulary vocabulary = vocabulary_without_text_model();
  const auto known =
      TaskCodec::for_environment(task, vocabulary, table_of(task));
  CHECK(known.task_index() == 0);
  CHECK(observation_tokens(known) == 4 + 1 + 1);
  const auto resized = TaskCodec::for_environment(
      task, vocabulary, table_of(task), Resize{16, 16});
  CHECK(observation_tokens(resized) == 1 + 1 + 1);
  const auto unknown = TaskCodec::for_environment(task, vocabulary, {});
  CHECK_FALSE(unknown.task_index().has_value());
  CHECK(observation_tokens(unknown) == 16 + 1 + 1);
}

TEST_CASE("A codec decodes actions into the environment's order of fields") {
  const data::TaskSpec environment = camera_task();
  data::TaskSpec learned = environment;
  std::swap(learned.action_fields[0], learned.action_fields[1]);
  const auto codec = TaskCodec::for_environment(
      environment, vocabulary_without_text_model(), table_of(learned));
  REQUIRE(codec.action_tokens() == 2);
  CHECK(codec.action_ranges()[0].end - codec.action_ranges()[0].begin == 3);
  CHECK(codec.action_ranges()[1].end - codec.action_ranges()[1].begin == 2);
  const std::vector<int32_t> ids = {2, 1};  // turn, jump
  const data::FieldValues action = codec.decode_action(ids);
  CHECK(std::get<data::Array>(action[0]).as_integer(0) == 1);
  CHECK(std::get<data::Array>(action[1]).as_integer(0) == 2);
}

TEST_CASE("A codec encodes episodes in the model's order of fields") {
  const data::TaskSpec environment = camera_task();
  data::TaskSpec learned = environment;
  std::swap(learned.observation_fields[0], learned.observation_fields[1]);
  std::swap(learned.action_fields[0], learned.action_fields[1]);
  data::TaskTable tasks = table_of(learned);
  tasks.tasks.insert(tasks.tasks.begin(), data::TaskEntry());
  const auto codec = TaskCodec::for_environment(
      environment, vocabulary_without_text_model(), tasks);
  data::Array camera = data::Array::zeros(data::DType::uint8, {3, 64, 64, 3});
  data::Array speed = data::Array::zeros(data::DType::int64, {3, 1});
  data::Array jump = data::Array::zeros(data::DType::int64, {2});
  data::Array turn = data::Array::zeros(data::DType::int64, {2});
  for (int64_t t = 0; t < 2; ++t) {
    speed.set_integer(t, 5 + t);
    jump.set_integer(t, t);
    turn.set_integer(t, 2 - t);
  }
  data::Episode episode;
  episode.observations = {camera, speed};
  episode.actions = {jump, turn};
  episode.expert_actions = {jump, turn};
  episode.rewards = {1, 2};

  data::Episode reordered = episode;
  reordered.observations = {speed, camera};
  reordered.actions = {turn, jump};
  reordered.expert_actions = {turn, jump};
  const data::TokenizedDocument expected =
      encode_episode(reordered, codec.step_encoder());
  const data::TokenizedDocument encoded = codec.encode_episode(episode);
  CHECK(encoded.tokens == expected.tokens);
  CHECK(encoded.labels == expected.labels);
  CHECK(encoded.total_reward == 3);
  CHECK(encoded.task_index == 1);

  const auto unknown = TaskCodec::for_environment(
      environment, vocabulary_without_text_model(), {});
  CHECK_THROWS_WITH(unknown.encode_episode(episode),
                    Catch::Contains("does not know the task 'toy/camera'"));
}

TEST_CASE(
    "A dataset may have other fields than the task that a model learned") {
  const data::TaskSpec dataset = camera_task();
  data::TaskSpec learned = dataset;
  learned.action_fields.pop_back();
  const data::Vocabulary vocabulary = vocabulary_without_text_model();
  const auto codec =
      TaskCodec::for_dataset(dataset, vocabulary, table_of(learned));
  CHECK(codec.task_index() == 0);
  CHECK(codec.action_tokens() == 2);
  CHECK(observation_tokens(codec) == 4 + 1 + 1);
  REQUIRE_THROWS_AS(
      TaskCodec::for_environment(dataset, vocabulary, table_of(learned)),
      base::Error);
}

TEST_CASE("A codec encodes text with the vocabulary's text model") {
  data::TaskSpec task = camera_task();
  task.observation_fields = {
      make_field("mission", data::Role::text, data::DType::uint8, {})};
  REQUIRE_THROWS_AS(
      TaskCodec::for_dataset(task, vocabulary_without_text_model(), {}),
      base::Error);
  const auto vocabulary = data::Vocabulary::make(
      test::text_model_bytes(), TextEncoder(test::text_model_bytes()).size(),
      data::DiscreteLayout::separate);
  const auto codec = TaskCodec::for_dataset(task, vocabulary, {});
  data::TokenizedDocument document;
  codec.encode_observation({std::string("go left")}, document);
  CHECK(std::ssize(document.tokens) > 1);
}
