#include "gato/model/token_sampler.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <map>

#include "catch.h"
#include "gato/base/error.h"
#include "model/sample_rows.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

constexpr data::IdRange kRange = {70, 74};

std::vector<SampleKey> make_keys(size_t count) {
  std::vector<SampleKey> result;
  for (size_t i = 0; i < count; ++i) {
    result.push_back({i, 3, 1});
  }
  return result;
}

at::Tensor same_hidden(const Network& network, int64_t count) {
  return at::linspace(-2, 2, network.config().width)
      .unsqueeze(0)
      .repeat({count, 1});
}

}  // namespace

TEST_CASE("Samples follow the distribution within the range") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1,
                        {.embedding_scale = 0.3});
  constexpr size_t kCount = 20000;
  const at::Tensor hidden = same_hidden(network, kCount);
  const double temperature = GENERATE(1.0, 2.0);
  const std::vector<int32_t> ids =
      sample_tokens(network, hidden, std::vector(kCount, kRange),
                    make_keys(kCount), {.temperature = temperature, .seed = 5});
  std::map<int32_t, double> frequency;
  for (const int32_t id : ids) {
    frequency[id] += 1.0 / kCount;
  }
  const at::Tensor expected = at::softmax(
      network.logits(hidden.narrow(0, 0, 1), kRange).detach() / temperature, 1);
  for (int32_t id = kRange.begin; id < kRange.end; ++id) {
    const double p = expected[0][id - kRange.begin].item<double>();
    INFO(id << ": " << frequency[id] << ", expected " << p);
    CHECK(std::abs(frequency[id] - p) < 5 * std::sqrt(p * (1 - p) / kCount));
  }
}

TEST_CASE("A sample depends on its key, not on the batch") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1);
  const std::vector<SampleKey> all = make_keys(50);
  const std::vector<int32_t> together =
      sample_tokens(network, same_hidden(network, 50), std::vector(50, kRange),
                    all, {.seed = 9});
  for (size_t i = 0; i < all.size(); ++i) {
    CHECK(sample_tokens(network, same_hidden(network, 1), std::vector{kRange},
                        std::vector{all[i]}, {.seed = 9})
              .front() == together[i]);
  }
}

TEST_CASE("Greedy sampling takes the most likely id of each range") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1);
  const at::Tensor hidden = same_hidden(network, 2);
  const std::vector<data::IdRange> ranges = {{0, 64}, {70, 90}};
  const std::vector<int32_t> ids =
      sample_tokens(network, hidden, ranges, make_keys(2), {.greedy = true});
  for (size_t i = 0; i < ranges.size(); ++i) {
    CHECK(ids[i] ==
          ranges[i].begin + network.logits(hidden.narrow(0, 0, 1), ranges[i])
                                .argmax()
                                .item<int64_t>());
  }
}

TEST_CASE("A diverged network is reported") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1);
  const at::Tensor hidden = at::full({1, network.config().width},
                                     std::numeric_limits<float>::quiet_NaN());
  CHECK_THROWS_AS(
      sample_tokens(network, hidden, std::vector{kRange}, make_keys(1), {}),
      base::Error);
}

TEST_CASE("Text ends after the maximum number of tokens or at </s>") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 2);
  KvCache cache(network, 3, 24);
  const data::TokenRow row = test::random_row(network.config(), 22, 1);
  const std::vector<int64_t> slots = {0, 2};
  const at::Tensor hidden =
      cache.append(slots, std::vector<data::TokenRow>(2, row));
  TextGenerationOptions options;
  options.end_of_text = -1;
  options.max_tokens = 9;
  const auto texts = generate_text(cache, slots, hidden, make_keys(2), options);
  REQUIRE(texts.size() == 2);
  for (const auto& text : texts) {
    CHECK(text.size() == 9);
    for (const int32_t id : text) {
      CHECK((id >= 0 && id < 64));
    }
  }
  CHECK(cache.length(0) == 24);

  options.end_of_text = texts[1][4];
  cache.clear(0);
  cache.clear(2);
  cache.append(slots, std::vector<data::TokenRow>(2, row));
  const auto ended = generate_text(cache, slots, hidden, make_keys(2), options);
  CHECK(ended[1].size() <= 4);
  CHECK(std::equal(ended[1].begin(), ended[1].end(), texts[1].begin()));
}

}  // namespace gato::model
