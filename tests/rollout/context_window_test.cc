#include "gato/rollout/context_window.h"

#include <ATen/core/grad_mode.h>

#include <optional>
#include <vector>

#include "catch.h"
#include "gato/base/error.h"
#include "model/tiny_model.h"

using namespace gato;
using namespace gato::rollout;
using gato::test::tiny_config;
using gato::test::tiny_network;

namespace {

// A time step of a toy episode. Its tokens are a function of `value`.
struct ToyStep {
  int64_t tokens = 0;  // of the observation, with the separator
  int32_t value = 0;
  std::optional<uint8_t> brightness;  // of the patch that is the first token
  std::vector<int32_t> actions = {};
};

void push_observation(const ToyStep& step, data::TokenRow& row) {
  for (int64_t i = 0; i + 1 < step.tokens; ++i) {
    const auto position = static_cast<int16_t>(i);
    if (i == 0 && step.brightness) {
      data::Patch patch;
      patch.fill(*step.brightness);
      row.push_back(row.add_patch(patch), data::Modality::patch, position,
                    {0, 128, 0, 128});
    } else {
      row.push_back(static_cast<int32_t>((step.value * 37 + i * 11) % 1024),
                    data::Modality::discrete_observation, position);
    }
  }
  row.push_back(tiny_config().vocabulary.separator(), data::Modality::separator,
                data::TokenRow::kNoLocalPosition);
}

void push_action(int32_t id, data::TokenRow& row) {
  row.push_back(id, data::Modality::discrete_action,
                data::TokenRow::kActionLocalPosition);
}

data::TokenRow observation(const ToyStep& step) {
  data::TokenRow row;
  push_observation(step, row);
  return row;
}

// Returns all tokens of these steps as one row.
data::TokenRow row_of_steps(const std::vector<ToyStep>& steps) {
  data::TokenRow row;
  for (const ToyStep& step : steps) {
    push_observation(step, row);
    for (const int32_t id : step.actions) {
      push_action(id, row);
    }
  }
  return row;
}

at::Tensor read(model::KvCache& cache, const data::TokenRow& tokens) {
  const int64_t slot = 0;
  return cache.append({&slot, 1}, {&tokens, 1});
}

// Returns the last hidden state of a new cache that reads these steps at once.
at::Tensor read_at_once(const model::Network& network,
                        const std::vector<ToyStep>& steps) {
  model::KvCache cache(network, 1);
  return read(cache, row_of_steps(steps));
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

constexpr int64_t kActionTokens = 2;

// An episode that was played in slot 0: the hidden state after the separator of
// each step, and the steps, the last one without its actions.
struct Played {
  std::vector<at::Tensor> hidden;
  std::vector<ToyStep> steps;
};

// Plays `steps` steps of five observation tokens and two action tokens.
Played play(ContextWindow& window, int64_t steps) {
  Played played;
  const std::vector<int64_t> slots = {0};
  for (int64_t t = 0; t < steps; ++t) {
    ToyStep step{5, static_cast<int32_t>(t), static_cast<uint8_t>(40 * t)};
    window.add_step(0, observation(step), kActionTokens);
    played.hidden.push_back(window.forward(slots));
    for (int32_t a = 0; a < kActionTokens && t + 1 < steps; ++a) {
      window.add_action_token(0, 10 + a, data::Modality::discrete_action);
      step.actions.push_back(10 + a);
      if (a + 1 < kActionTokens) {
        window.forward(slots);
      }
    }
    played.steps.push_back(step);
  }
  return played;
}

}  // namespace

TEST_CASE("Reading step by step equals reading all steps at once") {
  const at::NoGradGuard no_gradients;
  for (model::PositionEncoding position :
       {model::PositionEncoding::relative, model::PositionEncoding::rotary}) {
    const model::Network network = tiny_network(tiny_config(position));
    model::KvCache cache(network, 1);
    ContextWindow window(cache, 0);
    window.reset(0, {});
    const Played played = play(window, 6);  // 6 x 7 of 64 tokens
    REQUIRE(difference(played.hidden.back(),
                       read_at_once(network, played.steps)) < 1e-4);
  }
}

TEST_CASE("With W context steps, an action depends only on the last W steps") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  for (int64_t context_steps : {1, 2, 3}) {
    model::KvCache cache(network, 1);
    ContextWindow window(cache, context_steps);
    window.reset(0, {});
    const Played played = play(window, 7);
    const std::vector<ToyStep> last(played.steps.end() - context_steps,
                                    played.steps.end());
    REQUIRE(difference(played.hidden.back(), read_at_once(network, last)) <
            1e-4);
  }
}

TEST_CASE("A full window evicts complete steps and keeps newer entries") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  model::KvCache cache(network, 1, 30);  // four steps of 7 tokens
  ContextWindow window(cache, 0);
  window.reset(0, {});
  const Played played = play(window, 6);
  // Three complete steps, and the newest without its actions.
  REQUIRE(cache.length(0) == 3 * 7 + 5);

  // Repeats that with a cache alone. The last action token of a step is read
  // with the next observation, after the oldest step was evicted.
  model::KvCache reference(network, 1, 30);
  at::Tensor hidden;
  data::TokenRow unread;
  for (size_t t = 0; t < played.steps.size(); ++t) {
    if (t >= 4) {
      reference.evict(0, 7);
    }
    push_observation(played.steps[t], unread);
    hidden = read(reference, unread);
    if (t + 1 == played.steps.size()) {
      break;
    }
    data::TokenRow first_action;
    push_action(played.steps[t].actions[0], first_action);
    read(reference, first_action);
    unread = {};
    push_action(played.steps[t].actions[1], unread);
  }
  REQUIRE(difference(played.hidden.back(), hidden) < 1e-4);
  // Newer entries have read the evicted ones, so the result differs from that
  // of a new cache with the last four steps.
  const std::vector<ToyStep> last(played.steps.end() - 4, played.steps.end());
  REQUIRE(difference(played.hidden.back(), read_at_once(network, last)) > 1e-4);
}

TEST_CASE("A prompt is read as past steps") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  const std::vector<ToyStep> prompt = {{5, 50, {}, {3}}, {5, 51, {}, {3}}};
  const std::vector<data::TokenRow> prompt_rows = {row_of_steps({prompt[0]}),
                                                   row_of_steps({prompt[1]})};
  SECTION("all of it if the context is that of the cache") {
    model::KvCache cache(network, 1);
    ContextWindow window(cache, 0);
    window.reset(0, prompt_rows);
    REQUIRE(cache.length(0) == 12);
    Played played = play(window, 2);
    played.steps.insert(played.steps.begin(), prompt.begin(), prompt.end());
    REQUIRE(difference(played.hidden.back(),
                       read_at_once(network, played.steps)) < 1e-4);
    // Another episode begins with the prompt alone.
    window.reset(0, prompt_rows);
    REQUIRE(cache.length(0) == 12);
  }
  SECTION("its last steps if the context is a number of steps") {
    model::KvCache cache(network, 1);
    ContextWindow window(cache, 2);
    window.reset(0, prompt_rows);
    Played played = play(window, 1);
    played.steps.insert(played.steps.begin(), prompt.back());
    REQUIRE(difference(played.hidden.back(),
                       read_at_once(network, played.steps)) < 1e-4);
  }
}

TEST_CASE("Steps that replace the past are read with the next observation") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  const std::vector<ToyStep> past = {{5, 50, {}, {3}}, {5, 51, {}, {3}}};
  model::KvCache cache(network, 1);
  ContextWindow window(cache, 0);
  play(window, 1);
  window.replace_steps(0, {row_of_steps({past[0]}), row_of_steps({past[1]})});
  REQUIRE(cache.length(0) == 0);
  Played played = play(window, 1);
  played.steps.insert(played.steps.begin(), past.begin(), past.end());
  REQUIRE(difference(played.hidden.back(),
                     read_at_once(network, played.steps)) < 1e-4);
}

TEST_CASE("Slots that are read in one batch do not see each other") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  model::KvCache cache(network, 3);
  ContextWindow window(cache, 0);
  for (int64_t slot : {0, 1, 2}) {
    window.reset(slot, {});
  }
  const ToyStep small{4, 1, {}}, large{9, 2, {}};
  window.add_step(2, observation(small), kActionTokens);
  window.add_step(0, observation(large), kActionTokens);
  const std::vector<int64_t> slots = {2, 0};
  const at::Tensor hidden = window.forward(slots);
  REQUIRE(cache.length(1) == 0);
  REQUIRE(difference(hidden.slice(0, 0, 1), read_at_once(network, {small})) <
          1e-4);
  REQUIRE(difference(hidden.slice(0, 1, 2), read_at_once(network, {large})) <
          1e-4);
}

TEST_CASE("A step that is longer than the context is refused") {
  const model::Network network = tiny_network();
  model::KvCache cache(network, 1);
  ContextWindow window(cache, 0);
  window.reset(0, {});
  REQUIRE_THROWS_AS(window.add_step(0, observation({63, 1, {}}), kActionTokens),
                    base::Error);
}

TEST_CASE("Each step of a document refers to its own patches") {
  data::TokenizedDocument document;
  document.is_episode = true;
  document.step_offset = {0, 2, 4};
  document.patches.resize(2);
  document.patches[1].fill(9);
  document.images = {{0, 1, 1}, {2, 1, 1}};
  document.tokens = {data::patch_token(0), 5, data::patch_token(1), 5};
  document.modality = {data::Modality::patch, data::Modality::separator,
                       data::Modality::patch, data::Modality::separator};
  const data::TokenRow step = step_tokens(document, 1);
  CHECK(step.tokens == std::vector<int32_t>{data::patch_token(0), 5});
  REQUIRE(step.patches.size() == 1);
  CHECK(step.patches[0] == document.patches[1]);
}

TEST_CASE("A prompt has complete steps only") {
  data::TokenizedDocument document;
  document.is_episode = true;
  document.step_offset = {0};
  for (int step = 0; step < 3; ++step) {
    for (int i = 0; i < 4; ++i) {
      document.tokens.push_back(i);
      document.modality.push_back(i == 2 ? data::Modality::separator
                                  : i == 3
                                      ? data::Modality::discrete_action
                                      : data::Modality::discrete_observation);
    }
    document.step_offset.push_back(4 * (step + 1));
  }
  REQUIRE(leading_steps(document, 12).size() == 3);
  REQUIRE(leading_steps(document, 11).size() == 2);
  REQUIRE(leading_steps(document, 3).empty());
  REQUIRE(steps_until(document, 2, 12).size() == 3);
  REQUIRE(steps_until(document, 2, 11).size() == 2);
  REQUIRE(steps_until(document, 2, 12, 1).size() == 1);
  REQUIRE(steps_until(document, 1, 100).size() == 2);
  REQUIRE(steps_until(document, 0, 4).size() == 1);
  REQUIRE(steps_until(document, 0, 3).empty());
  REQUIRE(steps_until(document, 2, 12, 0).empty());
}
