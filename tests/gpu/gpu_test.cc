#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "catch.h"
#include "gato/base/random.h"
#include "gato/model/bernoulli_mask.h"
#include "gato/model/device.h"
#include "gato/model/kv_cache.h"
#include "gato/model/network.h"
#include "gato/train/adamw.h"
#include "gato/train/flat_buffer.h"
#include "model/sample_rows.h"
#include "model/tiny_model.h"

namespace gato {
namespace {

double distance(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor difference = actual.cpu().to(at::kFloat) - expected;
  return at::linalg_vector_norm(difference).item<double>() /
         at::linalg_vector_norm(expected).item<double>();
}

// The loss, the losses of the targets, and the concatenated gradients of all
// parameters, on the CPU.
struct Result {
  at::Tensor total, per_target, gradients;
};

Result compute_loss(const model::Network& network, const model::Batch& batch,
                    const model::Regularization& regularization,
                    const model::LossOptions& options) {
  const model::Loss loss =
      network.loss(batch.to(network.device()), regularization, options);
  std::vector<at::Tensor> flat;
  for (const at::Tensor& gradient : network.gradients(loss)) {
    if (gradient.defined()) {
      flat.push_back(gradient.cpu().flatten());
    }
  }
  return {loss.total.detach().cpu(), loss.per_target.cpu(), at::cat(flat)};
}

}  // namespace

TEST_CASE("A GPU computes the same losses and gradients as the CPU") {
  const model::PositionEncoding position = GENERATE(
      model::PositionEncoding::relative, model::PositionEncoding::rotary);
  // A multiple of eight tokens, for the fast kernels, and another length.
  const int64_t length = GENERATE(24, 21);
  const double smoothing = GENERATE(0.0, 2.0);
  model::ModelConfig config = test::tiny_config(position);
  model::Network network(config, 1);
  const model::Batch batch = test::batch_from_rows(
      {test::random_row(config, length, 1), test::random_row(config, length, 2),
       test::random_row(config, length, 3)});
  const model::Regularization regularization{.stochastic_depth = 0.2,
                                             .dropout = 0.1,
                                             .seed = 5,
                                             .step = 9,
                                             .first_row = 30};
  const model::LossOptions options{.smoothing = smoothing};
  const Result expected = compute_loss(network, batch, regularization, options);
  network.move_to(model::parse_device("cuda"));
  const Result actual = compute_loss(network, batch, regularization, options);
  CHECK(distance(actual.total, expected.total) < 1e-4);
  CHECK(distance(actual.per_target, expected.per_target) < 1e-4);
  CHECK(distance(actual.gradients, expected.gradients) < 1e-3);
  network.set_precision(model::Precision::bf16);
  const Result bf16 = compute_loss(network, batch, regularization, options);
  CHECK(distance(bf16.per_target, expected.per_target) < 1e-2);
  CHECK(distance(bf16.gradients, expected.gradients) < 5e-2);
}

TEST_CASE("The KV cache gives the same hidden states on a GPU") {
  const model::PositionEncoding position = GENERATE(
      model::PositionEncoding::relative, model::PositionEncoding::rotary);
  model::Network network(test::tiny_config(position), 4);
  const data::TokenRow row = test::random_row(network.config(), 20, 1);
  const auto states = [&] {
    model::KvCache cache(network, 2);
    const std::vector<int64_t> slot = {1};
    std::vector<at::Tensor> hidden;
    for (const auto& [begin, end] :
         {std::pair<int64_t, int64_t>{0, 7}, {7, 8}, {8, 20}}) {
      const data::TokenRow chunk = test::slice_row(row, begin, end);
      hidden.push_back(cache.append(slot, {&chunk, 1}).cpu());
    }
    return at::cat(hidden);
  };
  const at::Tensor expected = states();
  network.move_to(model::parse_device("cuda"));
  CHECK(distance(states(), expected) < 1e-4);
}

TEST_CASE("A GPU computes the same random mask") {
  const std::vector<uint64_t> keys = {base::random_bits(1, {2}),
                                      base::random_bits(3, {4})};
  CHECK(at::equal(
      model::bernoulli_mask(keys, 1000, 0.1, model::parse_device("cuda")).cpu(),
      model::bernoulli_mask(keys, 1000, 0.1, at::kCPU)));
}

TEST_CASE("AdamW takes the same steps on a GPU") {
  const at::Tensor start = at::randn({1000}), gradient = at::randn({1000});
  const auto updated = [&](at::Device device) {
    at::Tensor parameters = start.clone().to(device);
    train::AdamW optimizer({}, parameters, 600);
    for (int step = 0; step < 3; ++step) {
      optimizer.gradients().copy_(gradient);
      optimizer.step(1e-2, train::l2_norm(optimizer.gradients()));
    }
    return parameters.cpu();
  };
  CHECK(distance(updated(model::parse_device("cuda")), updated(at::kCPU)) <
        1e-6);
}

}  // namespace gato
