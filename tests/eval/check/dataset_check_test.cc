#include "gato/eval/check/dataset_check.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <optional>

#include "eval/check/episodes_in_memory.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;
using data::DType;
using data::Role;

namespace {

std::vector<Finding> check(EpisodesInMemory source, int64_t threads = 1) {
  return check_dataset(source, {.threads = threads});
}

std::optional<Finding> find(const EpisodesInMemory& source,
                            const std::string& name,
                            const std::string& key = "") {
  for (const Finding& finding : check(source)) {
    if (finding.check == name && (key.empty() || finding.key == key)) {
      return finding;
    }
  }
  return std::nullopt;
}

// Returns the names of all findings.
std::vector<std::string> names(const EpisodesInMemory& source) {
  std::vector<std::string> found;
  for (const Finding& finding : check(source)) {
    found.push_back(finding.check);
  }
  return found;
}

using Names = std::vector<std::string>;

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

// Returns the column of the first observation or action of episode e.
data::Array& observation(EpisodesInMemory& source, size_t e) {
  return array_of(source.episodes[e].observations.front());
}
data::Array& action(EpisodesInMemory& source, size_t e) {
  return array_of(source.episodes[e].actions.front());
}

// Sets the actions of all episodes.
template <class Function>
void set_actions(EpisodesInMemory& source, Function value) {
  for (data::Episode& episode : source.episodes) {
    data::Array& column = array_of(episode.actions.front());
    for (int64_t i = 0; i < column.size(); ++i) {
      column.set(i, value(i / 2, i % 2));
    }
  }
}

}  // namespace

TEST_CASE("A sound dataset has no findings") {
  CHECK(names(sound_dataset()).empty());
}

TEST_CASE("NaNs and infinities in values that become tokens are errors") {
  for (const auto& [value, name] :
       {std::pair{kNan, "nan"}, std::pair{-kInfinity, "infinity"}}) {
    EpisodesInMemory source = sound_dataset();
    observation(source, 2).set(3 * 5 + 1, value);
    observation(source, 4).set(0, value);
    action(source, 3).set(0, value);
    const auto in_observation = find(source, name, "observation");
    REQUIRE(in_observation);
    CHECK(in_observation->severity == Severity::error);
    CHECK(in_observation->count == 2);
    CHECK_THAT(in_observation->message,
               Catch::Contains("episode 2, step 5, element 1"));
    REQUIRE(find(source, name, "action"));
  }
  EpisodesInMemory source = sound_dataset();
  source.episodes[1].expert_actions = source.episodes[1].actions;
  array_of(source.episodes[1].expert_actions.front()).set(7, kNan);
  CHECK(find(source, "nan", "infos/expert_action"));
  source = sound_dataset();
  source.episodes[1].rewards[3] = kNan;
  CHECK(find(source, "nan", "rewards")->severity == Severity::error);
}

TEST_CASE("An infinite bound, and what is not tokenized, is no finding") {
  EpisodesInMemory source = sound_dataset();
  source.task.observation_fields.front().low = {-kInfinity, -kInfinity, 0};
  source.task.observation_fields.front().high = {kInfinity, 3.5e38, kInfinity};
  source.task.observation_fields.front().low[2] = -kInfinity;
  observation(source, 2).set(3 * 40, kNan);  // after the last action
  source.episodes[3].infos["distance"] = {kInfinity, kNan};
  source.episodes[4].failed = true;
  observation(source, 4).set(0, kNan);
  CHECK(names(source) == Names{"failed"});
}

TEST_CASE("Values outside their spaces are found") {
  EpisodesInMemory source = sound_dataset();
  source.task.observation_fields.front().low = {-2};
  source.task.observation_fields.front().high = {2};
  CHECK(names(source).empty());
  observation(source, 1).set(4, -2.5);
  auto found = find(source, "outside_space", "observation");
  REQUIRE(found);
  CHECK(found->severity == Severity::warning);
  CHECK(found->count == 1);

  // Rounding to float32 leads to no finding.
  source = sound_dataset();
  source.task.action_fields.front().low = {-0.1, -0.1};
  source.task.action_fields.front().high = {0.1, 0.1};
  set_actions(source, [](int64_t t, int64_t) { return t % 3 == 0 ? 0.1 : 0; });
  CHECK(!find(source, "outside_space"));
  set_actions(source, [](int64_t t, int64_t) { return t % 3 == 0 ? 0.2 : 0; });
  CHECK(find(source, "outside_space", "action")->severity == Severity::warning);
}

TEST_CASE("Discrete values outside their space or without a token are errors") {
  EpisodesInMemory source = sound_dataset();
  data::Field field = make_field("buttons", Role::discrete, DType::int64, {2});
  field.n = {4, 4};
  add_observation(source, field, [](int64_t, int64_t rows) {
    return make_column(DType::int64, rows, {2}, [](int64_t t, int64_t i) {
      return static_cast<double>((t + i) % 4);
    });
  });
  CHECK(names(source).empty());
  data::Array& column = array_of(source.episodes[2].observations.back());
  column.set(3, 4);
  const auto outside = find(source, "outside_space", "buttons");
  REQUIRE(outside);
  CHECK(outside->severity == Severity::error);
  CHECK_THAT(outside->message, Catch::Contains("step 1, element 1"));
  column.set(3, 5000);
  const auto without = find(source, "no_token", "buttons");
  REQUIRE(without);
  CHECK_THAT(without->message, Catch::Contains("5000"));
  CHECK(!find(source, "outside_space"));
}

TEST_CASE("Actions that were clipped are found") {
  EpisodesInMemory source = sound_dataset();
  base::RandomStream random(3);
  set_actions(source, [&random](int64_t, int64_t) {
    return std::clamp(8 * random.uniform() - 4, -1.0, 1.0);
  });
  const auto found = find(source, "clipped", "action");
  REQUIRE(found);
  CHECK(found->severity == Severity::warning);

  // A switch, an expert that stays at a bound, and unbounded actions.
  set_actions(source, [&random](int64_t, int64_t) {
    return random.uniform() < 0.5 ? -1.0 : 1.0;
  });
  CHECK(!find(source, "clipped"));
  set_actions(source, [](int64_t t, int64_t) {
    return std::clamp(3 * std::sin(0.2 * static_cast<double>(t)), -1.0, 1.0);
  });
  CHECK(!find(source, "clipped"));
  source.task.action_fields.front().high = {kInfinity, kInfinity};
  set_actions(source, [](int64_t t, int64_t) { return t % 2 == 0 ? -1 : 5; });
  CHECK(!find(source, "clipped"));
}

TEST_CASE("Frozen actions are found, actions at a bound are not") {
  EpisodesInMemory source = sound_dataset();
  set_actions(source, [](int64_t t, int64_t i) {
    return t < 25 ? 0.3 : 0.01 * static_cast<double>(t + i);
  });
  const auto found = find(source, "frozen", "action");
  REQUIRE(found);
  CHECK(found->count == 8 * 25);
  set_actions(source, [](int64_t t, int64_t i) {
    return t < 25 ? 1 : 0.01 * static_cast<double>(t + i);
  });
  CHECK(!find(source, "frozen"));
  set_actions(source, [](int64_t t, int64_t i) {
    return 0.01 * static_cast<double>(t / 4 + i);  // repeated four times
  });
  CHECK(!find(source, "frozen"));
}

TEST_CASE("Hidden resets and wrong rows of a sensor are jumps") {
  EpisodesInMemory source = sound_dataset();
  data::Array& column = observation(source, 5);
  for (int64_t t = 20; t <= 40; ++t) {  // another episode begins
    for (int64_t i = 0; i < 3; ++i) {
      column.set(3 * t + i, 4 + std::sin(0.1 * static_cast<double>(t + i)));
    }
  }
  auto found = find(source, "jump", "observation");
  REQUIRE(found);
  CHECK(found->count == 1);
  CHECK_THAT(found->message, Catch::Contains("episode 5, step 20"));

  source = sound_dataset();
  observation(source, 6).set(3 * 11 + 2, 50);
  found = find(source, "jump", "observation");
  REQUIRE(found);
  CHECK_THAT(found->message, Catch::Contains("(to 50) in episode 6, step 11, "
                                             "element 2"));
}

TEST_CASE("Collisions, angles that wrap and decays are no jumps") {
  EpisodesInMemory source = sound_dataset();
  const data::Field field =
      make_field("state", Role::continuous, DType::float64, {3});
  add_observation(source, field, [](int64_t e, int64_t rows) {
    return make_column(DType::float64, rows, {3}, [e](int64_t t, int64_t i) {
      const auto time = static_cast<double>(t + e);
      switch (i) {
        case 0:  // the velocity of a ball that bounces once
          return 0.3 - 0.01 * time + (t > 20 ? 0.5 : 0);
        case 1:
          return std::remainder(0.3 * time, 2 * 3.14159265358979);
        default:  // the first steps of a controller
          return 2 * std::exp(-1.5 * static_cast<double>(t)) +
                 0.001 * std::sin(time);
      }
    });
  });
  CHECK(!find(source, "jump"));
}

TEST_CASE("Keys that never change are found unless they are goals") {
  EpisodesInMemory source = sound_dataset();
  const auto constant = [](int64_t, int64_t rows) {
    return make_column(DType::float64, rows, {2},
                       [](int64_t, int64_t i) { return 1.5 + i; });
  };
  add_observation(
      source, make_field("desired_goal", Role::continuous, DType::float64, {2}),
      constant);
  add_observation(source,
                  make_field("gains", Role::continuous, DType::float64, {2}),
                  constant);
  CHECK(names(source) == Names{"constant"});
  CHECK(find(source, "constant", "gains"));
  set_actions(source, [](int64_t, int64_t) { return 0.5; });
  CHECK(find(source, "constant", "action"));
}

TEST_CASE("Observations that are all frozen are found") {
  EpisodesInMemory source = sound_dataset();
  for (size_t e = 0; e < source.episodes.size(); ++e) {
    data::Array& column = observation(source, e);
    for (int64_t i = 3; i < column.size(); ++i) {
      column.set(i, column.as_double(i % 3));
    }
  }
  CHECK(names(source) == Names{"never_changes"});
  // One key of several may be a property of the episode.
  add_observation(
      source, make_field("speed", Role::continuous, DType::float64, {1}),
      [](int64_t e, int64_t rows) {
        return make_column(DType::float64, rows, {1}, [e](int64_t t, int64_t) {
          return std::sin(static_cast<double>(t * t + e));
        });
      });
  CHECK(names(source).empty());
}

TEST_CASE("Keys that look like clocks or ids are found") {
  EpisodesInMemory source = sound_dataset();
  const data::Field time =
      make_field("elapsed", Role::continuous, DType::float32, {1});
  add_observation(source, time, [](int64_t, int64_t rows) {
    return make_column(DType::float32, rows, {1}, [](int64_t t, int64_t) {
      return 0.1 * static_cast<double>(t);
    });
  });
  CHECK(names(source) == Names{"clock"});
  CHECK(find(source, "clock", "elapsed"));
  // Something that moves at another speed in each episode is not a clock.
  for (size_t e = 0; e < source.episodes.size(); ++e) {
    data::Array& column = array_of(source.episodes[e].observations.back());
    for (int64_t i = 0; i < column.size(); ++i) {
      column.set(i, column.as_double(i) * static_cast<double>(e + 1));
    }
  }
  CHECK(names(source).empty());

  add_observation(
      source, make_field("number", Role::continuous, DType::int64, {1}),
      [](int64_t e, int64_t rows) {
        return make_column(DType::int64, rows, {1}, [e](int64_t, int64_t) {
          return static_cast<double>(e * e);
        });
      });
  CHECK(names(source) == Names{"id"});
  // A level that several episodes share is not an id.
  array_of(source.episodes[3].observations.back()) =
      array_of(source.episodes[2].observations.back());
  CHECK(names(source).empty());
}

TEST_CASE("Texts that name their episode are ids; missions are not") {
  EpisodesInMemory source = sound_dataset();
  const auto texts = [](const std::string& prefix) {
    return [prefix](int64_t e, int64_t rows) {
      return std::vector<std::string>(static_cast<size_t>(rows),
                                      prefix + std::to_string(e));
    };
  };
  data::Field field = make_field("mission", Role::text, DType::uint8, {});
  add_observation(source, field, texts("go to door "));
  CHECK(names(source).empty());
  field.name = "file";
  add_observation(source, field, texts("clip_"));
  CHECK(names(source) == Names{"id"});
}

TEST_CASE("Images of one color and cameras that stopped are found") {
  EpisodesInMemory source = sound_dataset();
  const data::Field field =
      make_field("camera", Role::image, DType::uint8, {16, 32, 3});
  add_observation(source, field, [](int64_t e, int64_t rows) {
    return make_column(DType::uint8, rows, {16, 32, 3},
                       [e](int64_t t, int64_t i) {
                         return static_cast<double>((t + e + i) % 251);
                       });
  });
  CHECK(names(source).empty());
  data::Array& column = array_of(source.episodes[2].observations.back());
  const int64_t size = 16 * 32 * 3;
  for (int64_t i = 0; i < 4 * size; ++i) {
    column.set(10 * size + i, i % 3 == 0 ? 200 : 10);
  }
  const auto found = find(source, "one_color", "camera");
  REQUIRE(found);
  CHECK(found->count == 4);
  CHECK_THAT(found->message, Catch::Contains("episode 2, step 10"));
  for (int64_t i = size; i < column.size(); ++i) {
    column.set(i, column.as_double(i % size));
  }
  CHECK(names(source) == Names{"never_changes"});
}

TEST_CASE("Texts are checked with a text model") {
  EpisodesInMemory source = sound_dataset();
  const tokenize::TextEncoder encoder(text_model_bytes());
  const TextCoverage coverage(encoder);
  std::string text = "unlikelywords";
  add_observation(source, make_field("mission", Role::text, DType::uint8, {}),
                  [&text](int64_t e, int64_t rows) {
                    std::vector<std::string> texts(static_cast<size_t>(rows));
                    for (size_t t = 0; t < texts.size(); ++t) {
                      texts[t] =
                          text + std::string(1 + (t + e) % 20, 'q') + " x";
                    }
                    return texts;
                  });
  const auto found = check_dataset(source, {.coverage = &coverage});
  CHECK(std::ranges::find(found, "text_vocabulary", &Finding::check) !=
        found.end());
  CHECK(!find(source, "text_vocabulary"));  // without a text model
  std::get<std::vector<std::string>>(
      source.episodes[1].observations.back())[3] = "bad \xff byte";
  CHECK(find(source, "not_utf8", "mission")->severity == Severity::error);
}

TEST_CASE("Episodes that repeat are found if observations are fine") {
  EpisodesInMemory source = sound_dataset();
  source.episodes[6] = source.episodes[1];
  source.episodes[6].id = 6;
  const auto found = find(source, "repeated");
  REQUIRE(found);
  CHECK(found->count == 1);
  CHECK_THAT(found->message, Catch::Contains("episode 6, as episode 1"));
}

TEST_CASE("Short, empty and failed episodes are found") {
  EpisodesInMemory source = sound_dataset();
  const auto cut = [&source](size_t e, int64_t steps) {
    data::Episode& episode = source.episodes[e];
    episode.observations = {
        make_column(DType::float32, steps + 1, {3},
                    [e](int64_t t, int64_t) { return t + 0.1 * e; })};
    episode.actions = {make_column(DType::float32, steps, {2},
                                   [](int64_t, int64_t) { return 0.2; })};
    episode.rewards.resize(static_cast<size_t>(steps));
    episode.terminations.assign(static_cast<size_t>(steps), 0);
    episode.truncations = episode.terminations;
  };
  cut(1, 1);
  CHECK(names(source) == Names{"length_one"});
  cut(1, 0);
  CHECK(names(source) == Names{"empty"});
  for (data::Episode& episode : source.episodes) {
    episode.failed = true;
  }
  CHECK(find(source, "no_episodes")->severity == Severity::error);
  source.episodes.clear();
  CHECK(names(source) == Names{"no_episodes"});
}

TEST_CASE("A single episode has no prompt") {
  EpisodesInMemory source = sound_dataset();
  source.episodes.resize(1);
  CHECK(names(source) == Names{"prompt"});
}

TEST_CASE("Episodes that continue after their end are found") {
  EpisodesInMemory source = sound_dataset();
  source.episodes[3].terminations[10] = 1;
  CHECK(names(source) == Names{"end_flag"});
}

TEST_CASE("Rewards that are never seen are found, sparse ones are not") {
  EpisodesInMemory source = sound_dataset();
  for (data::Episode& episode : source.episodes) {
    std::ranges::fill(episode.rewards, 0);
  }
  CHECK(names(source) == Names{"reward"});
  source.episodes[7].rewards.back() = 1;
  CHECK(names(source).empty());
  for (data::Episode& episode : source.episodes) {
    episode.rewards.clear();
    episode.success.reset();
  }
  CHECK(names(source) == Names{"reward", "success"});
}

TEST_CASE("Success that is never or rarely reported is found") {
  EpisodesInMemory source = sound_dataset();
  for (data::Episode& episode : source.episodes) {
    episode.success = false;
  }
  CHECK(names(source) == Names{"success"});
  source.episodes[0].success = true;
  source.episodes[1].success.reset();
  CHECK(names(source) == Names{"success"});
  for (data::Episode& episode : source.episodes) {
    episode.success.reset();  // rewards say which episodes are good
  }
  CHECK(names(source).empty());
}

TEST_CASE("Long observations and actions without tokens are found") {
  EpisodesInMemory source = sound_dataset();
  add_observation(
      source, make_field("map", Role::continuous, DType::float32, {600}),
      [](int64_t e, int64_t rows) {
        return make_column(
            DType::float32, rows, {600}, [e](int64_t t, int64_t i) {
              return std::sin(static_cast<double>(t * t + i * e + e));
            });
      });
  CHECK(names(source) == Names{"long_step"});
  source = sound_dataset();
  source.task.action_fields.front().low = {1, 1};
  source.task.action_fields.front().high = {-1, -1};
  CHECK(find(source, "space", "action")->severity == Severity::error);
}

TEST_CASE("The findings do not depend on the number of threads") {
  EpisodesInMemory source = sound_dataset();
  for (size_t e = 1; e < 8; ++e) {
    observation(source, e).set(static_cast<int64_t>(e), kNan);
    source.episodes[e].rewards[e] = kInfinity;
  }
  const auto one = check(source, 1), four = check(source, 4);
  REQUIRE(one.size() == four.size());
  for (size_t i = 0; i < one.size(); ++i) {
    CHECK(finding_to_json(one[i]) == finding_to_json(four[i]));
  }
}

TEST_CASE("Errors come before warnings") {
  EpisodesInMemory source = sound_dataset();
  source.episodes.resize(1);
  observation(source, 0).set(0, kNan);
  CHECK(names(source) == Names{"nan", "prompt"});
}
