#include "gato/rollout/context_window.h"

#include <ATen/core/grad_mode.h>

#include "catch.h"
#include "gato/base/error.h"
#include "rollout/tiny_model.h"

using namespace gato;
using namespace gato::rollout;
using gato::test::tiny_config;
using gato::test::tiny_network;

namespace {

// An observation of `tokens` - 1 values and the separator.
StepTokens observation(int64_t tokens, int32_t value) {
  StepTokens step;
  for (int64_t i = 0; i < tokens; ++i) {
    const bool is_separator = i + 1 == tokens;
    step.features.tokens.push_back(
        is_separator ? tiny_config().vocabulary.separator()
                     : static_cast<int32_t>((value * 37 + i * 11) % 1024));
    step.features.modality.push_back(
        is_separator ? data::Modality::separator
                     : data::Modality::discrete_observation);
    step.features.local_position.push_back(
        is_separator ? data::TokenFeatures::kNoLocalPosition
                     : static_cast<int16_t>(i));
    step.features.interval.push_back({});
  }
  return step;
}

// One of several patches, to see that each keeps its pixels.
StepTokens with_patch(StepTokens step, uint8_t brightness) {
  data::Patch patch;
  patch.fill(brightness);
  step.patches.push_back(patch);
  step.features.tokens[0] = -1;
  step.features.modality[0] = data::Modality::patch;
  step.features.interval[0] = {0, 128, 0, 128};
  return step;
}

void add_action(StepTokens& step, int32_t id) {
  step.features.tokens.push_back(id);
  step.features.modality.push_back(data::Modality::discrete_action);
  step.features.local_position.push_back(
      data::TokenFeatures::kActionLocalPosition);
  step.features.interval.push_back({});
}

void append_tokens(const StepTokens& from, int64_t begin, int64_t end,
                   StepTokens& to) {
  for (int64_t i = begin; i < end; ++i) {
    int32_t token = from.features.tokens[i];
    if (token < 0) {
      to.patches.push_back(from.patches[-token - 1]);
      token = -static_cast<int32_t>(to.patches.size());
    }
    to.features.tokens.push_back(token);
    to.features.modality.push_back(from.features.modality[i]);
    to.features.local_position.push_back(from.features.local_position[i]);
    to.features.interval.push_back(from.features.interval[i]);
  }
}

at::Tensor read(model::KvCache& cache, const StepTokens& tokens) {
  const std::vector<int64_t> slots = {0};
  const std::vector<model::TokenChunk> chunks = {
      {&tokens.features, tokens.patches}};
  return cache.append(slots, chunks);
}

// What a fresh cache makes of these steps, read in one piece.
at::Tensor read_at_once(const model::Network& network,
                        const std::vector<StepTokens>& steps) {
  StepTokens all;
  for (const StepTokens& step : steps) append_tokens(step, 0, step.size(), all);
  model::KvCache cache(network, 1);
  return read(cache, all);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

constexpr int64_t actions = 2;

// Plays steps of two action tokens in slot 0; returns what was read after every
// separator, and the whole steps.
struct Played {
  std::vector<at::Tensor> hidden;
  std::vector<StepTokens> steps;  // the last without its action
};
Played play(ContextWindow& memory, int64_t steps) {
  Played played;
  const std::vector<int64_t> slots = {0};
  for (int64_t t = 0; t < steps; ++t) {
    StepTokens step = with_patch(observation(5, static_cast<int32_t>(t)),
                                 static_cast<uint8_t>(40 * t));
    memory.add_step(0, step, actions);
    played.hidden.push_back(memory.forward(slots));
    played.steps.push_back(step);
    if (t + 1 == steps) break;
    for (int32_t a = 0; a < actions; ++a) {
      memory.add_action_token(0, 10 + a, data::Modality::discrete_action);
      add_action(played.steps.back(), 10 + a);
      if (a + 1 < actions) memory.forward(slots);
    }
  }
  return played;
}

}  // namespace

TEST_CASE("reading step by step equals reading all at once") {
  const at::NoGradGuard no_gradients;
  for (model::PositionEncoding position :
       {model::PositionEncoding::relative, model::PositionEncoding::rotary}) {
    const model::Network network = tiny_network(tiny_config(position));
    model::KvCache cache(network, 1);
    ContextWindow memory(cache, 0);
    memory.reset(0, {});
    const Played played = play(memory, 6);  // 6 x 7 tokens of 64
    REQUIRE(difference(played.hidden.back(),
                       read_at_once(network, played.steps)) < 1e-4);
  }
}

TEST_CASE(
    "with context steps nothing older than the last W reaches an action") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  for (int64_t window : {1, 2, 3}) {
    model::KvCache cache(network, 1);
    ContextWindow memory(cache, window);
    memory.reset(0, {});
    const Played played = play(memory, 7);
    const std::vector<StepTokens> last(played.steps.end() - window,
                                       played.steps.end());
    REQUIRE(difference(played.hidden.back(), read_at_once(network, last)) <
            1e-4);
  }
}

TEST_CASE("a full memory forgets whole steps, and newer entries stay") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  model::KvCache cache(network, 1, 30);  // four steps of 7 tokens
  ContextWindow memory(cache, 0);
  memory.reset(0, {});
  const Played played = play(memory, 6);
  // Three whole steps, and the newest without its actions.
  REQUIRE(cache.length(0) == 3 * 7 + 5);

  // The same with the cache alone: the last action of a step is read with the
  // next observation, after the oldest step was forgotten.
  model::KvCache reference(network, 1, 30);
  at::Tensor hidden;
  StepTokens news;
  for (size_t t = 0; t < played.steps.size(); ++t) {
    if (t >= 4) reference.evict(0, 7);
    append_tokens(played.steps[t], 0, 5, news);
    hidden = read(reference, news);
    if (t + 1 == played.steps.size()) break;
    news = {};
    append_tokens(played.steps[t], 5, 6, news);
    read(reference, news);
    news = {};
    append_tokens(played.steps[t], 6, 7, news);
  }
  REQUIRE(difference(played.hidden.back(), hidden) < 1e-4);
  // What was forgotten is still felt: this is not a fresh read of four steps.
  const std::vector<StepTokens> last(played.steps.end() - 4,
                                     played.steps.end());
  REQUIRE(difference(played.hidden.back(), read_at_once(network, last)) > 1e-4);
}

TEST_CASE("a prompt is remembered as past steps") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  std::vector<StepTokens> prompt = {observation(5, 50), observation(5, 51)};
  for (StepTokens& step : prompt) add_action(step, 3);
  SECTION("the whole of it") {
    model::KvCache cache(network, 1);
    ContextWindow memory(cache, 0);
    memory.reset(0, prompt);
    REQUIRE(cache.length(0) == 12);
    Played played = play(memory, 2);
    played.steps.insert(played.steps.begin(), prompt.begin(), prompt.end());
    REQUIRE(difference(played.hidden.back(),
                       read_at_once(network, played.steps)) < 1e-4);
    // Another episode begins without what this one saw.
    memory.reset(0, prompt);
    REQUIRE(cache.length(0) == 12);
  }
  SECTION("its last steps") {
    model::KvCache cache(network, 1);
    ContextWindow memory(cache, 2);
    memory.reset(0, prompt);
    Played played = play(memory, 1);
    played.steps.insert(played.steps.begin(), prompt.back());
    REQUIRE(difference(played.hidden.back(),
                       read_at_once(network, played.steps)) < 1e-4);
  }
}

TEST_CASE("slots that read together do not see each other") {
  const at::NoGradGuard no_gradients;
  const model::Network network = tiny_network();
  model::KvCache cache(network, 3);
  ContextWindow memory(cache, 0);
  for (int64_t slot : {0, 1, 2}) memory.reset(slot, {});
  const StepTokens small = observation(4, 1), large = observation(9, 2);
  memory.add_step(2, small, actions);
  memory.add_step(0, large, actions);
  const std::vector<int64_t> slots = {2, 0};
  const at::Tensor hidden = memory.forward(slots);
  REQUIRE(cache.length(1) == 0);
  REQUIRE(difference(hidden.slice(0, 0, 1), read_at_once(network, {small})) <
          1e-4);
  REQUIRE(difference(hidden.slice(0, 1, 2), read_at_once(network, {large})) <
          1e-4);
}

TEST_CASE("a step that is larger than the context is refused") {
  const model::Network network = tiny_network();
  model::KvCache cache(network, 1);
  ContextWindow memory(cache, 0);
  memory.reset(0, {});
  REQUIRE_THROWS_AS(memory.add_step(0, observation(63, 1), actions),
                    base::Error);
}

TEST_CASE("a prompt has whole steps only") {
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
}
