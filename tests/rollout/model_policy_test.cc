#include "gato/rollout/model_policy.h"

#include "catch.h"
#include "gato/rollout/episode_runner.h"
#include "model/tiny_model.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;
using gato::test::tiny_network;

namespace {

// Returns a codec of the toy environment's task for a network that learned
// `tasks`.
std::shared_ptr<const tokenize::TaskCodec> toy_codec(
    const model::Network& network, bool is_continuous,
    const data::TaskTable& tasks = {}) {
  return std::make_shared<tokenize::TaskCodec>(
      tokenize::TaskCodec::for_environment(
          ToyEnvironment(1, is_continuous).spec().task,
          network.config().vocabulary, tasks));
}

std::vector<data::Episode> play(const model::Network& network,
                                bool is_continuous, int64_t batch,
                                int64_t context_steps, uint64_t seed = 0) {
  const auto codec = toy_codec(network, is_continuous);
  ModelPolicyOptions options;
  options.context_steps = context_steps;
  options.sampling.seed = seed;
  RunnerOptions run;
  run.batches = plan_batches(5, batch);
  std::vector<data::Episode> episodes;
  run_episodes(
      run, [&] { return std::make_unique<ToyEnvironment>(20, is_continuous); },
      [&](int64_t slots) {
        return make_model_policy(model::make_decoder(network), codec, slots,
                                 "tiny", options);
      },
      [&](data::Episode&& episode) { episodes.push_back(std::move(episode)); });
  return episodes;
}

const data::Array& action_array(const data::Episode& episode) {
  return std::get<data::Array>(episode.actions[0]);
}

}  // namespace

TEST_CASE("A model's actions are in the action space at every step") {
  const model::Network network = tiny_network();
  for (int64_t context_steps : {0, 1, 3}) {
    for (const data::Episode& episode :
         play(network, false, 2, context_steps)) {
      REQUIRE(episode.step_count() == 20);
      REQUIRE_FALSE(episode.failed);
      for (int64_t t = 0; t < 20; ++t) {
        REQUIRE(action_array(episode).as_integer(t) >= 0);
        REQUIRE(action_array(episode).as_integer(t) < 4);
      }
    }
    for (const data::Episode& episode : play(network, true, 2, context_steps)) {
      REQUIRE(episode.step_count() == 20);
      for (int64_t t = 0; t < 20; ++t) {
        REQUIRE(std::abs(action_array(episode).as_double(2 * t)) <= 1);
        REQUIRE(action_array(episode).as_double(2 * t + 1) >= 0);
        REQUIRE(action_array(episode).as_double(2 * t + 1) <= 4);
      }
    }
  }
}

TEST_CASE("A model's episodes depend on the seed, not on the batch size") {
  const model::Network network = tiny_network();
  const std::vector<data::Episode> one = play(network, false, 1, 0, 7);
  const std::vector<data::Episode> all = play(network, false, 5, 0, 7);
  const std::vector<data::Episode> other = play(network, false, 5, 0, 8);
  for (int i = 0; i < 5; ++i) {
    REQUIRE((action_array(one[i]).bytes == action_array(all[i]).bytes));
  }
  REQUIRE((action_array(all[0]).bytes != action_array(all[1]).bytes));
  REQUIRE((action_array(all[0]).bytes != action_array(other[0]).bytes));
}

TEST_CASE("An observation that cannot be encoded fails only its own episode") {
  const model::Network network = tiny_network();
  data::TaskTable tasks;
  tasks.tasks.resize(1);
  tasks.tasks[0].spec = ToyEnvironment(1).spec().task;
  tasks.tasks[0].spec.observation_fields[0].role = data::Role::discrete;
  const auto codec = toy_codec(network, /*is_continuous=*/false, tasks);
  auto policy =
      make_model_policy(model::make_decoder(network), codec, 2, "tiny", {});
  data::Array good = data::Array::zeros(data::DType::float64, {3}), bad = good;
  bad.set(1, 1024);
  const data::FieldValues good_observation = {good}, bad_observation = {bad};
  std::vector<PolicyInput> inputs(2);
  inputs[0].observation = &bad_observation;
  inputs[1].slot = 1;
  inputs[1].observation = &good_observation;
  policy->begin_episode(0);
  policy->begin_episode(1);
  const std::vector<PolicyOutput> outputs = policy->act(inputs);
  REQUIRE_THAT(outputs[0].failure, Catch::Contains("1024"));
  REQUIRE(outputs[1].failure.empty());
  REQUIRE(outputs[1].action.size() == 1);
}

TEST_CASE("With masked actions, one forward pass samples a complete action") {
  const model::Network network = tiny_network();
  const auto codec = toy_codec(network, /*is_continuous=*/true);
  ModelPolicyOptions options;
  options.mask_actions = true;
  options.sampling.greedy = true;
  options.context_steps = GENERATE(0, 1);
  auto policy = make_model_policy(model::make_decoder(network), codec, 2,
                                  "tiny", options);
  policy->begin_episode(0);
  policy->begin_episode(1);
  // As in training, the network reads separators instead of actions.
  std::vector<data::TokenizedDocument> rows(2);
  for (int64_t step = 0; step < 3; ++step) {
    std::vector<data::FieldValues> observations(2);
    std::vector<PolicyInput> inputs(2);
    for (int64_t slot = 0; slot < 2; ++slot) {
      data::Array state = data::Array::zeros(data::DType::float64, {3});
      state.set(0, static_cast<double>(40 * slot + 7 * step));
      observations[slot] = {state};
      inputs[slot].slot = slot;
      inputs[slot].step = step;
      inputs[slot].observation = &observations[slot];
    }
    const std::vector<PolicyOutput> outputs = policy->act(inputs);
    for (int64_t slot = 0; slot < 2; ++slot) {
      data::TokenizedDocument& row = rows[slot];
      if (options.context_steps == 1) {
        row = {};
      }
      row.is_episode = true;
      row.step_offset.push_back(std::ssize(row.tokens));
      codec->encode_observation(observations[slot], row);
      const int64_t before = std::ssize(row.tokens) - 1;
      codec->step_encoder().encode_action(outputs[slot].action, nullptr, row);
      for (int64_t i = before; i < before + 3; ++i) {
        row.tokens[i] = network.config().vocabulary.separator();
      }
      row.step_offset.push_back(std::ssize(row.tokens));
      const data::TokenRow chunk =
          data::make_token_row(row, 0, std::ssize(row.tokens));
      row.step_offset.pop_back();
      model::KvCache cache(network, 1);
      const int64_t first = 0;
      const at::Tensor hidden =
          cache.append({&first, 1}, {&chunk, 1}, /*last_tokens=*/3);
      std::vector<int32_t> expected;
      for (int64_t token = 0; token < 2; ++token) {
        const model::SampleKey key;
        expected.push_back(
            model::sample_tokens(cache.decoder(), hidden.narrow(0, token, 1),
                                 std::vector{codec->action_ranges()[token]},
                                 {&key, 1}, options.sampling)[0]);
      }
      const data::FieldValues action = codec->decode_action(expected);
      CHECK((std::get<data::Array>(outputs[slot].action[0]).bytes ==
             std::get<data::Array>(action[0]).bytes));
    }
  }
}
