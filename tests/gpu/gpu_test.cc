#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "catch.h"
#include "gato/base/random.h"
#include "gato/model/cache.h"
#include "gato/model/device.h"
#include "gato/model/network.h"
#include "gato/model/random_tensor.h"
#include "gato/train/adamw.h"
#include "gato/train/norm.h"
#include "model/generated.h"

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

Result result_of(const Network& network, const Batch& batch,
                 const Regularisation& regularisation,
                 const LossOptions& options) {
  const Loss loss =
      network.loss(batch.on(network.device()), regularisation, options);
  std::vector<at::Tensor> flat;
  for (const at::Tensor& gradient : network.gradients(loss)) {
    if (gradient.defined()) flat.push_back(gradient.cpu().flatten());
  }
  return {loss.total.detach().cpu(), loss.each.cpu(), at::cat(flat)};
}

}  // namespace

TEST_CASE("A GPU's losses and gradients are those of the CPU") {
  const Position position = GENERATE(Position::relative, Position::rotary);
  // Of a multiple of eight tokens, for the fast kernels, and of another.
  const int64_t length = GENERATE(24, 21);
  const double smoothing = GENERATE(0.0, 2.0);
  ModelConfig config = test::small_config(position);
  Network network(config, 1);
  const Batch batch = test::batch_of({test::random_row(config, length, 1),
                                      test::random_row(config, length, 2),
                                      test::random_row(config, length, 3)});
  const Regularisation regularisation{.stochastic_depth = 0.2,
                                      .dropout = 0.1,
                                      .seed = 5,
                                      .step = 9,
                                      .first_row = 30};
  const LossOptions options{.smoothing = smoothing};
  const Result expected = result_of(network, batch, regularisation, options);
  network.move_to(device_named("cuda"));
  const Result found = result_of(network, batch, regularisation, options);
  CHECK(distance(found.total, expected.total) < 1e-4);
  CHECK(distance(found.each, expected.each) < 1e-4);
  CHECK(distance(found.gradients, expected.gradients) < 1e-3);
  network.set_precision(Precision::bf16);
  const Result coarse = result_of(network, batch, regularisation, options);
  CHECK(distance(coarse.each, expected.each) < 1e-2);
  CHECK(distance(coarse.gradients, expected.gradients) < 5e-2);
}

TEST_CASE("A GPU's cache gives the states of the CPU's") {
  const Position position = GENERATE(Position::relative, Position::rotary);
  Network network(test::small_config(position), 4);
  const test::Row row = test::random_row(network.config(), 20, 1);
  const auto states = [&] {
    Cache cache(network, 2);
    const std::vector<int64_t> slot = {1};
    std::vector<at::Tensor> hidden;
    for (const auto& [begin, end] :
         {std::pair<int64_t, int64_t>{0, 7}, {7, 8}, {8, 20}}) {
      const test::Row part = test::part(row, begin, end);
      const std::vector<Chunk> chunk = {test::chunk_of(part)};
      hidden.push_back(cache.append(slot, chunk).cpu());
    }
    return at::cat(hidden);
  };
  const at::Tensor expected = states();
  network.move_to(device_named("cuda"));
  CHECK(distance(states(), expected) < 1e-4);
}

TEST_CASE("A GPU draws the same chance") {
  const std::vector<uint64_t> keys = {random_bits(1, {2}), random_bits(3, {4})};
  CHECK(at::equal(random_events(keys, 1000, 0.1, device_named("cuda")).cpu(),
                  random_events(keys, 1000, 0.1, at::kCPU)));
}

TEST_CASE("A GPU's optimiser takes the steps of the CPU's") {
  const at::Tensor start = at::randn({1000}), gradient = at::randn({1000});
  const auto updated = [&](at::Device device) {
    at::Tensor parameters = start.clone().to(device);
    AdamW optimiser({}, parameters, 600);
    for (int step = 0; step < 3; ++step) {
      optimiser.gradients.copy_(gradient);
      optimiser.step(1e-2, norm_of(optimiser.gradients));
    }
    return parameters.cpu();
  };
  CHECK(distance(updated(device_named("cuda")), updated(at::kCPU)) < 1e-6);
}

}  // namespace gato
