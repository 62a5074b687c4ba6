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

double distance(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor difference = found.cpu().to(at::kFloat) - expected;
  return at::linalg_vector_norm(difference).item<double>() /
         at::linalg_vector_norm(expected).item<double>();
}

// Loss, losses of the targets and gradients of all parameters, one after
// another, on the CPU.
struct Result {
  at::Tensor total, each, gradients;
};

Result result_of(const model::Network& network, const model::Batch& batch,
                 const model::Regularization& regularisation,
                 const model::LossOptions& options) {
  const model::Loss loss =
      network.loss(batch.to(network.device()), regularisation, options);
  std::vector<at::Tensor> flat;
  for (const at::Tensor& gradient : network.gradients(loss)) {
    if (gradient.defined()) flat.push_back(gradient.cpu().flatten());
  }
  return {loss.total.detach().cpu(), loss.per_target.cpu(), at::cat(flat)};
}

}  // namespace

TEST_CASE("A GPU's losses and gradients are those of the CPU") {
  const model::PositionEncoding position = GENERATE(
      model::PositionEncoding::relative, model::PositionEncoding::rotary);
  // Of a multiple of eight tokens, for the fast kernels, and of another.
  const int64_t length = GENERATE(24, 21);
  const double smoothing = GENERATE(0.0, 2.0);
  model::ModelConfig config = test::tiny_config(position);
  model::Network network(config, 1);
  const model::Batch batch = test::batch_from_rows(
      {test::random_row(config, length, 1), test::random_row(config, length, 2),
       test::random_row(config, length, 3)});
  const model::Regularization regularisation{.stochastic_depth = 0.2,
                                             .dropout = 0.1,
                                             .seed = 5,
                                             .step = 9,
                                             .first_row = 30};
  const model::LossOptions options{.smoothing = smoothing};
  const Result expected = result_of(network, batch, regularisation, options);
  network.move_to(model::parse_device("cuda"));
  const Result found = result_of(network, batch, regularisation, options);
  CHECK(distance(found.total, expected.total) < 1e-4);
  CHECK(distance(found.each, expected.each) < 1e-4);
  CHECK(distance(found.gradients, expected.gradients) < 1e-3);
  network.set_precision(model::Precision::bf16);
  const Result coarse = result_of(network, batch, regularisation, options);
  CHECK(distance(coarse.each, expected.each) < 1e-2);
  CHECK(distance(coarse.gradients, expected.gradients) < 5e-2);
}

TEST_CASE("A GPU's cache gives the states of the CPU's") {
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

TEST_CASE("A GPU draws the same chance") {
  const std::vector<uint64_t> keys = {base::random_bits(1, {2}),
                                      base::random_bits(3, {4})};
  CHECK(at::equal(
      model::bernoulli_mask(keys, 1000, 0.1, model::parse_device("cuda")).cpu(),
      model::bernoulli_mask(keys, 1000, 0.1, at::kCPU)));
}

TEST_CASE("A GPU's optimiser takes the steps of the CPU's") {
  const at::Tensor start = at::randn({1000}), gradient = at::randn({1000});
  const auto updated = [&](at::Device device) {
    at::Tensor parameters = start.clone().to(device);
    train::AdamW optimiser({}, parameters, 600);
    for (int step = 0; step < 3; ++step) {
      optimiser.gradients.copy_(gradient);
      optimiser.step(1e-2, train::l2_norm(optimiser.gradients));
    }
    return parameters.cpu();
  };
  CHECK(distance(updated(model::parse_device("cuda")), updated(at::kCPU)) <
        1e-6);
}

}  // namespace gato
