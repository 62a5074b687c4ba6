#include "gato/rollout/text_generation.h"

#include <algorithm>

#include "catch.h"
#include "model/sample_rows.h"
#include "model/tiny_model.h"

namespace gato::rollout {

TEST_CASE("Text ends after the maximum number of tokens or at </s>") {
  const model::Network network(
      test::tiny_config(model::PositionEncoding::rotary), 2);
  model::KvCache cache(network, 3, 24);
  const data::TokenRow row = test::random_row(network.config(), 22, 1);
  const std::vector<int64_t> slots = {0, 2};
  const at::Tensor hidden =
      cache.append(slots, std::vector<data::TokenRow>(2, row));
  TextGenerationOptions options;
  options.end_of_text = -1;
  options.max_tokens = 9;
  const std::vector<model::SampleKey> keys = {{0, 3, 1}, {1, 3, 1}};
  std::vector<std::vector<int32_t>> reported(2);
  const auto texts =
      generate_text(cache, slots, hidden, keys, options,
                    [&](size_t i, int32_t id) { reported[i].push_back(id); });
  REQUIRE(texts.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(texts[i].ids.size() == 9);
    CHECK(texts[i].ids == reported[i]);
    CHECK_FALSE(texts[i].is_complete);
    for (const int32_t id : texts[i].ids) {
      CHECK((id >= 0 && id < 64));
    }
  }
  CHECK(cache.length(0) == 24);

  options.end_of_text = texts[1].ids[4];
  cache.clear(0);
  cache.clear(2);
  cache.append(slots, std::vector<data::TokenRow>(2, row));
  const auto ended = generate_text(cache, slots, hidden, keys, options);
  CHECK(ended[1].ids.size() <= 4);
  CHECK(ended[1].is_complete);
  CHECK(std::equal(ended[1].ids.begin(), ended[1].ids.end(),
                   texts[1].ids.begin()));
}

TEST_CASE("Ids that cannot be first may follow") {
  const model::Network network(
      test::tiny_config(model::PositionEncoding::rotary), 2);
  const data::TokenRow row = test::random_row(network.config(), 22, 1);
  const int64_t slot = 0;
  const model::SampleKey key;
  const auto generate = [&](const TextGenerationOptions& options) {
    model::KvCache cache(network, 1);
    const at::Tensor hidden = cache.append({&slot, 1}, {&row, 1});
    return generate_text(cache, {&slot, 1}, hidden, {&key, 1}, options)
        .front()
        .ids;
  };
  TextGenerationOptions options;
  options.end_of_text = -1;
  options.max_tokens = 40;
  const std::vector<int32_t> ids = generate(options);
  options.excluded_first_ids = {ids.front()};
  CHECK(generate(options).front() != ids.front());
  // Leaves one id to be the first.
  options.excluded_first_ids.clear();
  for (int32_t id = 0; id < 64; ++id) {
    if (id != 5) {
      options.excluded_first_ids.push_back(id);
    }
  }
  const std::vector<int32_t> after_five = generate(options);
  CHECK(after_five.front() == 5);
  CHECK(std::ranges::count(after_five, 5) < 40);
}

}  // namespace gato::rollout
