#include "gato/model/token_sampler.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "catch.h"
#include "gato/base/error.h"
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
      sample_tokens(*make_decoder(network), hidden, std::vector(kCount, kRange),
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
      sample_tokens(*make_decoder(network), same_hidden(network, 50),
                    std::vector(50, kRange), all, {.seed = 9});
  for (size_t i = 0; i < all.size(); ++i) {
    CHECK(sample_tokens(*make_decoder(network), same_hidden(network, 1),
                        std::vector{kRange}, std::vector{all[i]}, {.seed = 9})
              .front() == together[i]);
  }
}

TEST_CASE("Greedy sampling takes the most likely id of each range") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1);
  const at::Tensor hidden = same_hidden(network, 2);
  const std::vector<data::IdRange> ranges = {{0, 64}, {70, 90}};
  const std::vector<int32_t> ids = sample_tokens(
      *make_decoder(network), hidden, ranges, make_keys(2), {.greedy = true});
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
  CHECK_THROWS_AS(sample_tokens(*make_decoder(network), hidden,
                                std::vector{kRange}, make_keys(1), {}),
                  base::Error);
}

TEST_CASE("Top-k and top-p leave out the least likely ids") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1,
                        {.embedding_scale = 0.3});
  constexpr size_t kCount = 2000;
  const at::Tensor hidden = same_hidden(network, kCount);
  const at::Tensor probabilities = at::softmax(
      network.logits(hidden.narrow(0, 0, 1), kRange).detach(), 1)[0];
  const at::Tensor order = probabilities.argsort(0, /*descending=*/true);
  const auto nth = [&](int64_t n) {
    return kRange.begin + order[n].item<int32_t>();
  };
  const auto sampled = [&](const SamplingOptions& options) {
    std::map<int32_t, double> frequency;
    for (const int32_t id : sample_tokens(*make_decoder(network), hidden,
                                          std::vector(kCount, kRange),
                                          make_keys(kCount), options)) {
      frequency[id] += 1.0 / kCount;
    }
    return frequency;
  };
  const double first = probabilities[order[0]].item<double>(),
               second = probabilities[order[1]].item<double>();

  CHECK(sampled({.seed = 5}).size() == 4);
  CHECK(sampled({.seed = 5, .top_k = 9}).size() == 4);
  auto two = sampled({.seed = 5, .top_k = 2});
  REQUIRE(two.size() == 2);
  CHECK(std::abs(two[nth(0)] - first / (first + second)) < 0.06);
  CHECK(two.contains(nth(1)));
  CHECK(sampled({.seed = 5, .top_k = 1}).size() == 1);
  // Two ids are needed to exceed the probability of the first.
  CHECK(sampled({.seed = 5, .top_p = first + second / 2}) == two);
  CHECK(sampled({.seed = 5, .top_p = first / 2}).size() == 1);
  CHECK(sampled({.seed = 5, .top_p = 0}).contains(nth(0)));
}

TEST_CASE("Excluded ids are never sampled") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 1);
  const at::Tensor hidden = same_hidden(network, 200);
  for (const bool greedy : {false, true}) {
    const std::vector<int32_t> ids = sample_tokens(
        *make_decoder(network), hidden, std::vector(200, kRange),
        make_keys(200),
        {.greedy = greedy, .seed = 5, .excluded_ids = {3, 70, 72, 73}});
    CHECK(std::set(ids.begin(), ids.end()) == std::set<int32_t>{71});
  }
}

}  // namespace gato::model
