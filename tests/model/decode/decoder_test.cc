#include "gato/model/decode/decoder.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "gato/base/random.h"
#include "gato/model/decode/cpu_decoder.h"
#include "gato/model/decode/device_decoder.h"
#include "gato/model/kv_cache.h"
#include "model/sample_rows.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

constexpr int64_t kCapacity = 50;

struct NamedDecoder {
  std::string name;
  std::shared_ptr<const Decoder> decoder;
};

// Returns a decoder per instruction set of the processor, and the one for other
// devices.
std::vector<NamedDecoder> all_decoders(const Network& network) {
  std::vector<NamedDecoder> decoders = {
      {"device", make_device_decoder(network, kCapacity)}};
  for (const DecodeKernels* kernels : supported_decode_kernels()) {
    decoders.push_back(
        {kernels->name, make_cpu_decoder(network, kCapacity, *kernels)});
  }
  return decoders;
}

at::Tensor append(KvCache& cache, const std::vector<int64_t>& slots,
                  const std::vector<data::TokenRow>& chunks,
                  int64_t last_tokens = 1) {
  return cache.append(slots, chunks, last_tokens);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).norm() / expected.norm()).item<double>();
}

// Appends steps of 1 to 9 tokens to some of three slots and evicts old ones, so
// that rings wrap around many times. Returns all hidden states.
at::Tensor play(const std::shared_ptr<const Decoder>& decoder) {
  KvCache cache(decoder, 3);
  base::RandomStream stream(7);
  std::vector<at::Tensor> hidden;
  for (uint64_t step = 0; step < 60; ++step) {
    std::vector<int64_t> slots;
    std::vector<data::TokenRow> chunks;
    for (const int64_t slot : {2, 0, 1}) {
      if (stream.uniform_int(3) == 0) {
        continue;
      }
      const auto size = static_cast<int64_t>(1 + stream.uniform_int(9));
      slots.push_back(slot);
      chunks.push_back(test::random_row(decoder->network().config(), size,
                                        10 * step + slot));
      if (stream.uniform_int(40) == 0) {
        cache.clear(slot);
      }
      while (cache.length(slot) + size > kCapacity) {
        cache.evict(slot, 1 + static_cast<int64_t>(stream.uniform_int(5)));
      }
    }
    if (!slots.empty()) {
      hidden.push_back(append(cache, slots, chunks));
    }
  }
  return at::cat(hidden);
}

}  // namespace

TEST_CASE("All decoders equal the network over a complete row") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  const Network network = test::tiny_network(test::tiny_config(position));
  const data::TokenRow row = test::random_row(network.config(), kCapacity, 1);
  const at::NoGradGuard no_gradients;
  const at::Tensor expected =
      network.hidden_states(test::batch_from_rows({row}));
  for (const auto& [name, decoder] : all_decoders(network)) {
    INFO(name);
    KvCache cache(decoder, 2);
    const at::Tensor first =
        append(cache, {1}, {test::slice_row(row, 0, 31)}, 31);
    const at::Tensor second =
        append(cache, {1}, {test::slice_row(row, 31, kCapacity)}, 19);
    CHECK(difference(at::cat({first, second}), expected) < 1e-4);
  }
}

TEST_CASE("All decoders agree while rings wrap around") {
  ModelConfig config = test::tiny_config(
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary));
  config.key_size = GENERATE(2, 36);
  const Network network = test::tiny_network(config);
  const std::vector<NamedDecoder> decoders = all_decoders(network);
  const at::Tensor expected = play(decoders[0].decoder);
  for (const auto& [name, decoder] : decoders) {
    INFO(name);
    // Keys and values stay in the ring, so that rounding errors add up over the
    // steps. A wrong position or entry makes a difference of about 1.
    CHECK(difference(play(decoder), expected) < 5e-4);
  }
}

TEST_CASE("The precisions bf16 and int8 give similar logits") {
  ModelConfig config = test::tiny_config(
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary));
  config.width = 96;
  config.key_size = 32;
  config.feedforward = 256;
  Network network(config, 3, {.embedding_scale = 0.5});
  const data::IdRange ids{70, 1000};
  const data::TokenRow row = test::random_row(config, kCapacity, 2);
  const auto logits = [&](const std::shared_ptr<const Decoder>& decoder) {
    KvCache cache(decoder, 1);
    return decoder->logits(append(cache, {0}, {row}, kCapacity), ids);
  };
  const at::Tensor expected = logits(make_cpu_decoder(network, kCapacity));
  const auto [precision, tolerance] = GENERATE(
      std::pair{Precision::bf16, 0.01}, std::pair{Precision::int8, 0.03});
  network.set_precision(precision);
  for (const auto& [name, decoder] : all_decoders(network)) {
    INFO(name);
    const double error = relative_error(logits(decoder), expected);
    CHECK(error < tolerance);
    CHECK(error > 0);
  }
}

TEST_CASE("A slot depends neither on other slots nor on the threads") {
  Network network = test::tiny_network();
  network.set_precision(
      GENERATE(Precision::fp32, Precision::bf16, Precision::int8));
  const auto decoder = make_decoder(network);
  data::TokenRow row;  // without patches
  for (int32_t i = 0; i < 20; ++i) {
    row.push_back(70 + 3 * i, data::Modality::continuous_observation,
                  static_cast<int16_t>(i));
  }
  KvCache alone(decoder, 1);
  const at::Tensor expected = append(alone, {0}, {row}, 20);
  const int threads = at::get_num_threads();
  at::set_num_threads(3);
  KvCache together(decoder, 4);
  const at::Tensor hidden = append(together, {3, 1, 0}, {row, row, row}, 20);
  at::set_num_threads(threads);
  for (int64_t i = 0; i < 3; ++i) {
    CHECK(at::equal(hidden.narrow(0, 20 * i, 20), expected));
  }
}

}  // namespace gato::model
