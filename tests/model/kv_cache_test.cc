#include "gato/model/kv_cache.h"

#include <ATen/ATen.h>

#include <numeric>

#include "catch.h"
#include "gato/base/error.h"
#include "model/sample_rows.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

void check_close(const at::Tensor& actual, const at::Tensor& expected) {
  REQUIRE(actual.sizes() == expected.sizes());
  CHECK((actual - expected).abs().max().item<double>() < 1e-4);
}

// Returns the hidden state of the last token from a forward pass over the row.
at::Tensor last_hidden(const Network& network, const data::TokenRow& row) {
  const at::Tensor hidden = network.hidden_states(test::batch_from_rows({row}))
                                .detach()
                                .to(at::kFloat);
  return hidden.select(0, hidden.size(0) - 1);
}

at::Tensor append(KvCache& cache, const std::vector<int64_t>& slots,
                  const std::vector<data::TokenRow>& rows) {
  return cache.append(slots, rows);
}

}  // namespace

TEST_CASE(
    "Chunks of different lengths give the hidden states of complete rows") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  const Network network(test::tiny_config(position), 3);
  const ModelConfig& config = network.config();
  std::vector<data::TokenRow> rows;
  for (uint64_t i = 0; i < 3; ++i) {
    rows.push_back(test::random_row(config, 24, 10 + i));
  }
  KvCache cache(network, 4, 24);

  const std::vector<int64_t> slots = {2, 0, 3};
  const std::vector<std::vector<int64_t>> ends = {
      {5, 5, 5}, {6, 13, 7}, {24, 14, 8}};
  std::vector<int64_t> begin = {0, 0, 0};
  for (const auto& end : ends) {
    std::vector<data::TokenRow> chunks;
    for (size_t i = 0; i < rows.size(); ++i) {
      chunks.push_back(test::slice_row(rows[i], begin[i], end[i]));
    }
    const at::Tensor hidden = append(cache, slots, chunks);
    for (size_t i = 0; i < rows.size(); ++i) {
      CHECK(cache.length(slots[i]) == end[i]);
      check_close(hidden[i],
                  last_hidden(network, test::slice_row(rows[i], 0, end[i])));
    }
    begin = end;
  }
  CHECK(cache.length(1) == 0);
}

TEST_CASE("Reading token by token equals reading the complete row") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  const Network network(test::tiny_config(position), 4);
  const data::TokenRow first = test::random_row(network.config(), 12, 1);
  const data::TokenRow second = test::random_row(network.config(), 12, 2);
  KvCache cache(network, 2);
  for (int64_t end = 1; end <= 12; ++end) {
    const at::Tensor hidden = append(cache, {0, 1},
                                     {test::slice_row(first, end - 1, end),
                                      test::slice_row(second, end - 1, end)});
    check_close(hidden[0],
                last_hidden(network, test::slice_row(first, 0, end)));
    check_close(hidden[1],
                last_hidden(network, test::slice_row(second, 0, end)));
  }
}

TEST_CASE("A cleared slot behaves like a new one") {
  const Network network(test::tiny_config(), 5);
  const data::TokenRow row = test::random_row(network.config(), 20, 6);
  KvCache cache(network, 1, 24);
  append(cache, {0}, {test::random_row(network.config(), 24, 7)});
  const bool evicts = GENERATE(false, true);
  if (evicts) {
    cache.evict(0, 24);
  } else {
    cache.clear(0);
  }
  CHECK(cache.length(0) == 0);
  check_close(append(cache, {0}, {row})[0], last_hidden(network, row));
}

// If there is one layer, an entry depends only on its own token. A window from
// which the past was evicted then equals a row that begins there.
TEST_CASE("Evicted entries are overwritten in a ring") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  ModelConfig config = test::tiny_config(position);
  config.layers = 1;
  const Network network(config, 8);
  const data::TokenRow row = test::random_row(config, 200, 9);
  KvCache cache(network, 1, 16);
  for (int64_t begin = 0; begin + 5 <= 200; begin += 5) {
    if (cache.length(0) + 5 > 16) {
      cache.evict(0, 5);
    }
    const at::Tensor hidden =
        append(cache, {0}, {test::slice_row(row, begin, begin + 5)});
    check_close(
        hidden[0],
        last_hidden(network, test::slice_row(row, begin + 5 - cache.length(0),
                                             begin + 5)));
  }
}

TEST_CASE("Appending to a full slot is an error") {
  const Network network(test::tiny_config(PositionEncoding::rotary), 10);
  KvCache cache(network, 1);
  const int64_t capacity = cache.capacity();
  CHECK(capacity == network.config().context);
  append(cache, {0}, {test::random_row(network.config(), capacity, 1)});
  const data::TokenRow one = test::random_row(network.config(), 1, 2);
  CHECK_THROWS_AS(append(cache, {0}, {one}), base::Error);
  CHECK_THROWS_AS(cache.evict(0, capacity + 1), base::Error);
  cache.evict(0, 1);
  CHECK_NOTHROW(append(cache, {0}, {one}));
}

}  // namespace gato::model
