#include "gato/rollout/episode_runner.h"

#include <atomic>
#include <limits>

#include "catch.h"
#include "gato/base/error.h"
#include "gato/env/wait_set.h"
#include "gato/rollout/scripted_policy.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

struct Result {
  std::vector<data::Episode> episodes;
  RunnerCounts counts;
};

using StepChange = std::function<void(ToyEnvironment&, env::StepResult&)>;

Result play(RunnerOptions options, const PolicyFactory& policy,
            const StepChange& change = {}, int64_t length = 5) {
  Result result;
  result.counts = run_episodes(
      options,
      [&] {
        auto environment = std::make_unique<ToyEnvironment>(length);
        environment->on_step = change;
        return environment;
      },
      policy,
      [&](data::Episode&& episode) {
        result.episodes.push_back(std::move(episode));
      });
  return result;
}

std::unique_ptr<Policy> expert(int64_t) { return make_expert_policy(); }

PolicyFactory noisy_expert(uint64_t seed) {
  return [seed](int64_t) {
    const data::TaskSpec task = ToyEnvironment(1).spec().task;
    return make_noisy_policy(make_expert_policy(), task, 0.5, true, seed);
  };
}

const data::Array& column(const std::vector<data::FieldColumn>& columns) {
  return std::get<data::Array>(columns[0]);
}

RunnerOptions runner_options(int64_t episodes, int64_t batch, int64_t threads) {
  RunnerOptions options;
  options.batches = plan_batches(episodes, batch);
  options.threads = threads;
  return options;
}

}  // namespace

// An environment that answers only after a number of rounds of the runner, as
// one in another process may.
class DelayedEnvironment : public ToyEnvironment {
 public:
  DelayedEnvironment(int64_t length, std::function<int()> delay)
      : ToyEnvironment(length), delay_(std::move(delay)) {}

  void begin_reset(uint64_t seed) override {
    ToyEnvironment::begin_reset(seed);
    rounds_ = delay_();
  }
  void begin_step(const data::FieldValues& action) override {
    ToyEnvironment::begin_step(action);
    rounds_ = delay_();
  }
  void begin_expert_action() override { rounds_ = delay_(); }
  bool has_reply() const override { return rounds_ == 0; }
  void add_waits(env::WaitSet& waits) override {
    waits.add_deadline(env::WaitSet::Clock::now());
  }
  void advance(const env::WaitSet&) override { --rounds_; }

 private:
  std::function<int()> delay_;
  int rounds_ = 0;
};

// A policy that counts the inputs of each call.
class CountingPolicy : public Policy {
 public:
  CountingPolicy(std::vector<std::vector<int64_t>>& calls,
                 bool depends_on_batch)
      : calls_(calls), depends_on_batch_(depends_on_batch) {}
  std::string name() const override { return "counting"; }
  bool needs_expert_action() const override { return true; }
  bool depends_on_batch() const override { return depends_on_batch_; }
  void begin_episode(int64_t) override {}
  std::vector<PolicyOutput> act(std::span<const PolicyInput> inputs) override {
    std::vector<PolicyOutput> outputs(inputs.size());
    calls_.emplace_back();
    for (size_t i = 0; i < inputs.size(); ++i) {
      outputs[i].action = *inputs[i].expert_action;
      calls_.back().push_back(inputs[i].episode);
    }
    return outputs;
  }

 private:
  std::vector<std::vector<int64_t>>& calls_;
  bool depends_on_batch_;
};

TEST_CASE("One episode is the first of a run") {
  const Result run = play(runner_options(2, 1, 1), noisy_expert(3));
  RunnerOptions options;
  options.max_steps = 4;
  const data::Episode episode = play_episode(
      options, [] { return std::make_unique<ToyEnvironment>(5); },
      noisy_expert(3));
  CHECK(episode.id == 0);
  CHECK(episode.seed == run.episodes[0].seed);
  REQUIRE(episode.step_count() == 4);
  for (int64_t t = 0; t < 4; ++t) {
    CHECK(column(episode.actions).as_integer(t) ==
          column(run.episodes[0].actions).as_integer(t));
  }
}

TEST_CASE("An episode records observations, actions, rewards and success") {
  const Result result = play(runner_options(3, 2, 1), expert);
  REQUIRE(result.counts.episodes == 3);
  REQUIRE(result.counts.steps == 15);
  REQUIRE(result.counts.failed == 0);
  for (int64_t i = 0; i < 3; ++i) {
    const data::Episode& episode = result.episodes[i];
    REQUIRE(episode.id == i);
    REQUIRE(episode.seed == episode_seed(0, i));
    REQUIRE(column(episode.observations).shape == std::vector<int64_t>{6, 3});
    REQUIRE(column(episode.actions).shape == std::vector<int64_t>{5});
    REQUIRE(column(episode.observations).as_double(0) ==
            static_cast<double>(*episode.seed % 1000));
    REQUIRE(episode.rewards == std::vector<double>{0, 1, 2, 3, 0});
    REQUIRE(episode.terminations == std::vector<uint8_t>{0, 0, 0, 0, 1});
    REQUIRE(episode.infos.at("success").size() == 6);
    REQUIRE(episode.success == false);
    REQUIRE(episode.expert_actions.empty());
  }
}

TEST_CASE("Episodes do not depend on the batch size or the number of threads") {
  const Result one = play(runner_options(7, 1, 1), noisy_expert(4));
  for (const auto& [batch, threads] : {std::pair{7, 1}, {3, 2}, {2, 4}}) {
    const Result other =
        play(runner_options(7, batch, threads), noisy_expert(4));
    REQUIRE(other.episodes.size() == 7);
    for (int i = 0; i < 7; ++i) {
      REQUIRE(other.episodes[i].id == i);
      REQUIRE(other.episodes[i].rewards == one.episodes[i].rewards);
      REQUIRE(column(other.episodes[i].observations).bytes ==
              column(one.episodes[i].observations).bytes);
    }
  }
  REQUIRE(play(runner_options(7, 7, 1), noisy_expert(5)).episodes[0].rewards !=
          one.episodes[0].rewards);
}

TEST_CASE("Episodes do not depend on which environments answer first") {
  const Result expected = play(runner_options(9, 1, 1), noisy_expert(4));
  for (const int64_t threads : {1, 3}) {
    std::atomic<uint64_t> requests = 0;
    std::vector<data::Episode> episodes;
    run_episodes(
        runner_options(9, 4, threads),
        [&] {
          return std::make_unique<DelayedEnvironment>(5, [&requests] {
            return static_cast<int>(base::random_bits(7, {++requests}) % 4);
          });
        },
        noisy_expert(4),
        [&](data::Episode&& episode) {
          episodes.push_back(std::move(episode));
        });
    REQUIRE(episodes.size() == 9);
    for (size_t i = 0; i < 9; ++i) {
      REQUIRE(episodes[i].id == static_cast<int64_t>(i));
      REQUIRE(episodes[i].rewards == expected.episodes[i].rewards);
    }
  }
}

TEST_CASE("A slot takes the next episode as soon as its own has ended") {
  // Episodes 0, 2, 4, ... have three steps, the others six.
  const auto has_ended = [](ToyEnvironment& environment,
                            env::StepResult& result) {
    for (int64_t i = 0; i < 10; i += 2) {
      if (environment.seed() ==
          static_cast<double>(episode_seed(0, i) % 1000)) {
        result.terminated |= environment.step_count() == 3;
      }
    }
  };
  const bool depends_on_batch = GENERATE(false, true);
  std::vector<std::vector<int64_t>> calls;
  RunnerOptions options;
  options.batches = {{0, 1, 2, 3, 4}, {5, 6}};
  options.slots = 2;
  const Result result = play(
      options,
      [&](int64_t slots) {
        REQUIRE(slots == 2);
        return std::make_unique<CountingPolicy>(calls, depends_on_batch);
      },
      has_ended, 6);
  REQUIRE(result.episodes.size() == 7);
  // The slots play 0 2 3 and 1 4, and then 5 and 6.
  const std::vector<int64_t> a = {0, 1}, b = {2, 1}, c = {3, 4}, d = {3, 5},
                             e = {6, 5}, f = {3}, g = {5, 6}, h = {5};
  REQUIRE(calls == (depends_on_batch ? std::vector{a, a, a, b, b, b, c, c, c, f,
                                                   f, f, g, g, g, h, h, h}
                                     : std::vector{a, a, a, b, b, b, c, c, c, d,
                                                   d, d, e, e, e}));
}

TEST_CASE("A policy that depends on the batch waits for all environments") {
  std::vector<std::vector<int64_t>> calls;
  RunnerOptions options = runner_options(3, 3, 1);
  uint64_t requests = 0;
  run_episodes(
      options,
      [&] {
        return std::make_unique<DelayedEnvironment>(4, [&requests] {
          return static_cast<int>(base::random_bits(7, {++requests}) % 4);
        });
      },
      [&](int64_t) { return std::make_unique<CountingPolicy>(calls, true); },
      {});
  REQUIRE(calls == std::vector(4, std::vector<int64_t>{0, 1, 2}));
}

TEST_CASE("A run that is canceled ends") {
  RunnerOptions options = runner_options(100, 2, 2);
  std::atomic<int> ended = 0;
  options.is_canceled = [&ended] { return ended >= 3; };
  RunnerCallbacks callbacks;
  callbacks.on_episode_end = [&ended](const data::Episode&,
                                      const EpisodeReport&) { ++ended; };
  run_episodes(
      options, [] { return std::make_unique<ToyEnvironment>(5); }, expert, {},
      callbacks);
  REQUIRE(ended < 100);
}

TEST_CASE("With noise, the executed action and the expert's are recorded") {
  const Result result =
      play(runner_options(40, 16, 1), noisy_expert(1), {}, 20);
  int64_t differs = 0;
  for (const data::Episode& episode : result.episodes) {
    const data::Array& executed = column(episode.actions);
    const data::Array& labels = column(episode.expert_actions);
    for (int64_t t = 0; t < 20; ++t) {
      REQUIRE(labels.as_integer(t) == t % 4);
      REQUIRE(episode.rewards[t] == executed.as_double(t));
      differs += labels.as_integer(t) != executed.as_integer(t);
    }
  }
  REQUIRE(std::abs(differs - 300) < 60);  // of 800, P = .5, 3 of 4 differ
}

TEST_CASE("Episodes are truncated at the limit") {
  RunnerOptions options = runner_options(1, 1, 1);
  options.max_steps = 3;
  const Result result = play(options, expert, {}, 10);
  REQUIRE(result.episodes[0].step_count() == 3);
  REQUIRE(result.episodes[0].truncations == std::vector<uint8_t>{0, 0, 1});
  // An episode that terminates on that very step is not truncated.
  const Result ended = play(options, expert, {}, 3);
  REQUIRE(ended.episodes[0].truncations == std::vector<uint8_t>{0, 0, 0});
  REQUIRE(ended.episodes[0].terminations == std::vector<uint8_t>{0, 0, 1});
}

TEST_CASE("The environment's own limit applies if no other is given") {
  std::vector<data::Episode> episodes;
  run_episodes(
      runner_options(1, 1, 1),
      [] {
        auto environment = std::make_unique<ToyEnvironment>(100);
        environment->mutable_spec().max_episode_steps = 4;
        return environment;
      },
      expert, [&](data::Episode&& episode) { episodes.push_back(episode); });
  REQUIRE(episodes[0].step_count() == 4);
  REQUIRE(episodes[0].truncations.back() == 1);
}

TEST_CASE("An episode that fails once is played again and is complete") {
  bool broken = false;
  const Result result =
      play(runner_options(2, 2, 1), expert,
           [&](ToyEnvironment& environment, env::StepResult&) {
             if (environment.step_count() == 3 && !broken) {
               broken = true;
               throw env::EnvironmentError("the child has exited");
             }
           });
  REQUIRE(result.counts.retried == 1);
  REQUIRE(result.counts.failed == 0);
  for (const data::Episode& episode : result.episodes) {
    REQUIRE(episode.step_count() == 5);
    REQUIRE_FALSE(episode.failed);
  }
  REQUIRE(result.episodes[0].seed == episode_seed(0, 0));
}

TEST_CASE("An episode that fails twice is recorded up to the failure") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const double seed = static_cast<double>(episode_seed(0, 1) % 1000);
  const std::vector<std::pair<const char*, StepChange>> failures = {
      {"step 2: broken",
       [](ToyEnvironment&, env::StepResult&) {
         throw env::EnvironmentError("broken");
       }},
      {R"(step 2: the end of its stderr:\n\xff\x1b)",
       [](ToyEnvironment&, env::StepResult&) {
         throw env::EnvironmentError("the end of its stderr:\n\xff\x1b");
       }},
      {"step 2: reward is nan",
       [&](ToyEnvironment&, env::StepResult& result) { result.reward = kNan; }},
      {"step 2: observation ",
       [&](ToyEnvironment&, env::StepResult& result) {
         std::get<data::Array>(result.observation[0]).set(1, kNan);
       }},
      {"step 2: observation ",
       [](ToyEnvironment&, env::StepResult& result) {
         result.observation[0] = data::Array::zeros(data::DType::float64, {4});
       }},
      {"step 2: observation ",
       [](ToyEnvironment&, env::StepResult& result) {
         result.observation[0] = std::string("text");
       }},
      {"step 2: observation ",
       [](ToyEnvironment&, env::StepResult& result) {
         result.observation.clear();
       }},
  };
  for (const auto& failure : failures) {
    const StepChange& change = failure.second;
    const Result result = play(
        runner_options(3, 3, 1), expert,
        [&](ToyEnvironment& environment, env::StepResult& step) {
          if (environment.seed() == seed && environment.step_count() == 3) {
            change(environment, step);
          }
        });
    REQUIRE(result.counts.failed == 1);
    REQUIRE(result.counts.retried == 1);
    REQUIRE(result.episodes.size() == 3);
    const data::Episode& failed = result.episodes[1];
    REQUIRE(failed.failed);
    REQUIRE_THAT(failed.failure, Catch::StartsWith(failure.first));
    REQUIRE(failed.step_count() == 2);
    REQUIRE(column(failed.observations).shape[0] == 3);
    REQUIRE(failed.truncations.back() == 1);
    REQUIRE_FALSE(result.episodes[0].failed);
    REQUIRE(result.episodes[0].failure.empty());
    REQUIRE(result.episodes[2].step_count() == 5);
  }
}

TEST_CASE("An episode whose observer loses the environment begins again") {
  const Result expected = play(runner_options(3, 3, 1), noisy_expert(1));
  std::vector<data::Episode> episodes;
  std::vector<int64_t> ended;
  bool is_lost = false;
  RunnerCallbacks callbacks;
  callbacks.on_step = [&](const PolicyInput& input) {
    return input.episode == 1 && !is_lost;
  };
  callbacks.on_render = [&](const PolicyInput& input) {
    is_lost = input.step == 2;
    return !is_lost;
  };
  callbacks.on_episode_end = [&](const data::Episode& episode,
                                 const EpisodeReport& report) {
    ended.push_back(episode.id);
    REQUIRE_FALSE(report.was_retried);
  };
  const RunnerCounts counts = run_episodes(
      runner_options(3, 3, 1),
      [] { return std::make_unique<ToyEnvironment>(5); }, noisy_expert(1),
      [&](data::Episode&& episode) { episodes.push_back(std::move(episode)); },
      callbacks);
  REQUIRE(is_lost);
  REQUIRE(counts.retried == 0);
  REQUIRE(ended == std::vector<int64_t>{0, 2, 1});
  for (size_t i = 0; i < 3; ++i) {
    REQUIRE(episodes[i].rewards == expected.episodes[i].rewards);
    REQUIRE(column(episodes[i].observations).bytes ==
            column(expected.episodes[i].observations).bytes);
  }
}

TEST_CASE("Any episodes of a run can be played without the others") {
  const Result all = play(runner_options(7, 7, 1), noisy_expert(4));
  RunnerOptions options = runner_options(7, 7, 1);
  options.batches = plan_batches({6, 2, 3}, 2);
  REQUIRE(options.batches == BatchPlan{{6}, {2, 3}});
  const Result some = play(options, noisy_expert(4));
  REQUIRE(some.episodes.size() == 3);
  for (const data::Episode& episode : some.episodes) {
    REQUIRE(episode.seed == all.episodes[episode.id].seed);
    REQUIRE(episode.rewards == all.episodes[episode.id].rewards);
  }
}

TEST_CASE("An episode whose reset fails has one observation of zeros") {
  class Unresettable : public ToyEnvironment {
   public:
    using ToyEnvironment::ToyEnvironment;
    data::FieldValues reset(uint64_t) override {
      throw env::EnvironmentError("no reset");
    }
  };
  std::vector<data::Episode> episodes;
  const RunnerCounts counts = run_episodes(
      runner_options(2, 2, 1), [] { return std::make_unique<Unresettable>(5); },
      expert, [&](data::Episode&& episode) { episodes.push_back(episode); });
  REQUIRE(counts.failed == 2);
  REQUIRE(episodes.size() == 2);
  REQUIRE(episodes[0].failed);
  REQUIRE(episodes[0].step_count() == 0);
  REQUIRE(column(episodes[0].observations).shape == std::vector<int64_t>{1, 3});
}

TEST_CASE("An error that is not the environment's ends the run") {
  const auto garbage = [](ToyEnvironment&, env::StepResult&) {
    throw base::run_error("no reply: 'hello world'");
  };
  REQUIRE_THROWS_AS(play(runner_options(8, 2, 3), expert, garbage),
                    base::Error);
}

TEST_CASE("An episode succeeds if any of its steps does") {
  for (const std::string key : {"success", "is_success"}) {
    const Result result =
        play(runner_options(1, 1, 1), expert,
             [&key](ToyEnvironment& environment, env::StepResult& step) {
               if (environment.step_count() == 2) {
                 step.info[key] = 1;
               }
             });
    CHECK(result.episodes[0].success == true);
  }
}

TEST_CASE("Environment seeds have 31 bits and differ between runs") {
  REQUIRE(episode_seed(1, 2) != episode_seed(1, 3));
  REQUIRE(episode_seed(1, 3) != episode_seed(2, 2));
  for (int64_t i = 0; i < 100; ++i) {
    REQUIRE(episode_seed(7, i) < uint64_t{1} << 31);
  }
}
