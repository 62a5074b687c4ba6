#include "gato/rollout/model_policy.h"

#include "catch.h"
#include "gato/rollout/runner.h"
#include "rollout/tiny_model.h"
#include "rollout/toy_environment.h"

using namespace gato;
using gato::test::tiny_network;

namespace {

std::vector<Episode> play(const Network& network, bool continuous,
                          int64_t batch, int64_t context_steps,
                          uint64_t seed = 0) {
  const TaskSpec task = ToyEnvironment(1, continuous).spec().task;
  const TaskMatch match = match_task(task, {});
  const StepEncoder encoder(match.spec, network.config().vocabulary, nullptr);
  ModelPolicyOptions options;
  options.context_steps = context_steps;
  options.sampler.seed = seed;
  RunnerOptions run;
  run.episodes = 5;
  run.batch = batch;
  std::vector<Episode> episodes;
  run_episodes(
      run, [&] { return std::make_unique<ToyEnvironment>(20, continuous); },
      [&](int64_t slots) {
        return make_model_policy({network, match, encoder}, slots, "tiny",
                                 options);
      },
      [&](Episode&& episode) { episodes.push_back(std::move(episode)); });
  return episodes;
}

const Array& actions_of(const Episode& episode) {
  return std::get<Array>(episode.actions[0]);
}

}  // namespace

TEST_CASE("a model plays every step within the action space") {
  const Network network = tiny_network();
  for (int64_t context_steps : {0, 1, 3}) {
    for (const Episode& episode : play(network, false, 2, context_steps)) {
      REQUIRE(episode.steps() == 20);
      REQUIRE_FALSE(episode.failed);
      for (int64_t t = 0; t < 20; ++t) {
        REQUIRE(actions_of(episode).as_integer(t) >= 0);
        REQUIRE(actions_of(episode).as_integer(t) < 4);
      }
    }
    for (const Episode& episode : play(network, true, 2, context_steps)) {
      REQUIRE(episode.steps() == 20);
      for (int64_t t = 0; t < 20; ++t) {
        REQUIRE(std::abs(actions_of(episode).as_double(2 * t)) <= 1);
        REQUIRE(actions_of(episode).as_double(2 * t + 1) >= 0);
        REQUIRE(actions_of(episode).as_double(2 * t + 1) <= 4);
      }
    }
  }
}

TEST_CASE("a model's episodes depend on the seed, not on the batch") {
  const Network network = tiny_network();
  const std::vector<Episode> one = play(network, false, 1, 0, 7);
  const std::vector<Episode> all = play(network, false, 5, 0, 7);
  const std::vector<Episode> other = play(network, false, 5, 0, 8);
  for (int i = 0; i < 5; ++i)
    REQUIRE((actions_of(one[i]).bytes == actions_of(all[i]).bytes));
  REQUIRE((actions_of(all[0]).bytes != actions_of(all[1]).bytes));
  REQUIRE((actions_of(all[0]).bytes != actions_of(other[0]).bytes));
}

TEST_CASE("an observation that has no tokens fails its episode alone") {
  const Network network = tiny_network();
  TaskSpec task = ToyEnvironment(1).spec().task;
  TaskMatch match = match_task(task, {});
  match.spec.observation[0].role = Role::discrete;
  const StepEncoder encoder(match.spec, network.config().vocabulary, nullptr);
  auto policy = make_model_policy({network, match, encoder}, 2, "tiny", {});
  Array good = Array::zeros(DType::float64, {3}), bad = good;
  bad.set(1, 1024);
  const Values good_observation = {good}, bad_observation = {bad};
  std::vector<Turn> turns(2);
  turns[0].observation = &bad_observation;
  turns[1].slot = 1;
  turns[1].observation = &good_observation;
  policy->begin(0);
  policy->begin(1);
  const std::vector<Decision> decisions = policy->act(turns);
  REQUIRE_THAT(decisions[0].failure, Catch::Contains("1024"));
  REQUIRE(decisions[1].failure.empty());
  REQUIRE(decisions[1].action.size() == 1);
}
