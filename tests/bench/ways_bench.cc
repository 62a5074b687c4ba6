// What each way of saving work in a step saves: the parts of gato-79m with it
// and without, bf16, one thread, 2,048 places (two sequences), forward and
// backward.
//
//   logits/everywhere    of all places, cross entropy by autograd
//   logits/targets/T     at T targets, by target_loss(), chunk by chunk
//   block/everywhere     the last block at all places
//   block/targets/T      its queries and feed-forward at T targets alone
//   patches/everywhere   2,048 patches embedded
//   patches/distinct/U   U distinct ones, and each place's looked up
//   products/apart, /fused   queries, keys, values by three matrices or one,
//                        and the two halves of the feed-forward
//   weights/cast         all weights to bf16, which a micro-batch does
//   update/operations    AdamW of all weights, tensor by tensor, as formulas
//   update/tensors       by the fused kernel, tensor by tensor
//   update/flat          in one buffer
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gato/base/malloc_options.h"
#include "gato/model/block.h"
#include "gato/model/embedding.h"
#include "gato/model/loss.h"
#include "gato/model/network.h"
#include "gato/train/adamw.h"

namespace gato {
namespace {

constexpr int64_t rows = 2, length = 1024, places = rows * length;

const model::Network& network() {
  static const auto made = [] {
    model::ModelConfig config;
    config.layers = 8;
    config.width = 768;
    config.heads = 24;
    config.key_size = 32;
    config.feedforward = 3072;
    config.context = length;
    config.position = model::PositionEncoding::relative;
    config.vocabulary.text_size = 32000;
    auto network = std::make_unique<model::Network>(config, 1);
    network->set_precision(model::Precision::bf16);
    return network;
  }();
  return *made;
}

at::Tensor draw(at::IntArrayRef sizes, at::ScalarType type = at::kBFloat16) {
  return (0.3 * at::randn(sizes)).to(type).requires_grad_(true);
}

at::Tensor spread(int64_t count) {  // over all places
  return at::arange(count).mul_(places).floor_divide_(count);
}

using Part = std::function<at::Tensor()>;  // to a scalar or a tensor

void run(benchmark::State& state, const Part& part,
         const std::vector<at::Tensor>& inputs) {
  at::set_num_threads(1);
  for (auto _ : state) {
    const at::Tensor output = part();
    benchmark::DoNotOptimize(torch::autograd::grad(
        {output}, inputs, {at::ones_like(output)}, std::nullopt, false,
        /*allow_unused=*/true));
  }
}

void add(const std::string& name, const Part& part,
         const std::vector<at::Tensor>& inputs) {
  benchmark::RegisterBenchmark(name.c_str(), run, part, inputs)
      ->Unit(benchmark::kMillisecond);
}

void add_logits() {
  const model::ModelConfig& config = network().config();
  const at::Tensor table = draw({config.vocabulary.size(), config.width});
  const at::Tensor hidden = draw({places, config.width});
  const at::Tensor labels = at::randint(config.vocabulary.size(), {places});
  add("logits/everywhere",
      [=] {
        return at::cross_entropy_loss(at::linear(hidden, table).to(at::kFloat),
                                      labels);
      },
      {hidden, table});
  for (const int64_t targets : {places, places / 4}) {
    model::Batch batch;
    batch.target_label = labels.narrow(0, 0, targets);
    add("logits/targets/" + std::to_string(targets),
        [=, &config] {
          return model::target_loss(hidden.narrow(0, 0, targets), table, batch,
                                    config, {})
              .total;
        },
        {hidden, table});
  }
}

void add_block() {
  const model::ModelConfig& config = network().config();
  const model::NetworkWeights weights(network());
  const auto block = std::make_shared<model::BlockWeights>(weights.block(0));
  std::vector<at::Tensor> inputs = {draw({places, config.width}, at::kFloat)};
  model::BlockWeights::for_each_tensor(*block, [&](at::Tensor& tensor) {
    tensor = tensor.detach().requires_grad_(true);
    inputs.push_back(tensor);
  });
  const auto add_one = [&](const std::string& name, const at::Tensor& chosen) {
    const auto input = std::make_shared<model::BlockContext>(
        model::BlockContext{.config = config,
                            .positions = model::PositionTables(
                                config, length, weights.output_projection),
                            .regularization = {},
                            .depth_scales = at::empty({0}),
                            .rows = rows,
                            .output_indices = chosen});
    add(
        name,
        [=, x = inputs[0], last = config.layers - 1] {
          return model::apply_block(x, *block, *input, last);
        },
        inputs);
  };
  add_one("block/everywhere", {});
  add_one("block/targets/512", spread(512));
}

void add_patches() {
  std::vector<at::Tensor> leaves, inputs;
  for (const model::Parameter& parameter : network().parameters()) {
    leaves.push_back(parameter.value.detach().requires_grad_(true));
    if (parameter.name.starts_with("embedding.patch."))
      inputs.push_back(leaves.back());
  }
  const at::Tensor pixels = at::randint(256, {places, 16, 16, 3}, at::kByte);
  for (const int64_t distinct : {places, places / 4, places / 16}) {
    const bool is_everywhere = distinct == places;
    const at::Tensor index = at::arange(places).remainder_(distinct);
    add(
        is_everywhere ? "patches/everywhere"
                      : "patches/distinct/" + std::to_string(distinct),
        [=] {
          const model::NetworkWeights weights(network(), leaves);
          const at::Tensor vectors = model::embed_patches(
              weights.patch, pixels.narrow(0, 0, distinct));
          return is_everywhere ? vectors : at::embedding(vectors, index);
        },
        inputs);
  }
}

void add_products() {
  const model::ModelConfig& config = network().config();
  const at::Tensor x = draw({places, config.width});
  for (const bool is_fused : {false, true}) {
    std::vector<at::Tensor> matrices, inputs = {x};
    const auto add_matrices = [&](int64_t count, int64_t size) {
      const int64_t times = is_fused ? count : 1;
      for (int64_t i = 0; i < count; i += times)
        matrices.push_back(draw({size * times, config.width}));
    };
    add_matrices(3, config.heads * config.key_size);
    add_matrices(2, config.feedforward);
    inputs.insert(inputs.end(), matrices.begin(), matrices.end());
    add(
        is_fused ? "products/fused" : "products/apart",
        [=] {
          std::vector<at::Tensor> outputs;
          for (const at::Tensor& matrix : matrices)
            outputs.push_back(at::linear(x, matrix));
          return at::cat(outputs, 1);
        },
        inputs);
  }
}

void cast_weights(benchmark::State& state) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  for (auto _ : state) {
    const model::NetworkWeights weights(network());
    for (int64_t layer = 0; layer < network().config().layers; ++layer)
      benchmark::DoNotOptimize(weights.block(layer));
  }
}

// Loshchilov and Hutter 2019, as frameworks write it out of operations.
void update_by_operations(const at::Tensor& weight, const at::Tensor& gradient,
                          const at::Tensor& mean, const at::Tensor& square) {
  constexpr double rate = 1e-4, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  weight.mul_(1 - rate * 0.1);
  mean.lerp_(gradient, 1 - beta1);
  square.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
  const at::Tensor denominator =
      square.sqrt().div_(std::sqrt(1 - beta2)).add_(epsilon);
  weight.addcdiv_(mean, denominator, -rate / (1 - beta1));
}

void update_by_tensors(benchmark::State& state, bool is_fused) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  std::vector<std::vector<at::Tensor>> lists(4);
  std::vector<at::Tensor> steps;
  for (const model::Parameter& parameter : network().parameters()) {
    for (auto& list : lists)
      list.push_back(at::zeros_like(parameter.value.detach()));
    steps.push_back(at::full({}, 1.0, at::kFloat));
  }
  for (auto _ : state) {
    for (size_t i = 0; i < steps.size(); ++i) {
      if (is_fused) {
        at::_fused_adamw_({lists[0][i]}, {lists[1][i]}, {lists[2][i]},
                          {lists[3][i]}, {}, {steps[i]}, 1e-4, 0.9, 0.95, 0.1,
                          1e-8, /*amsgrad=*/false, /*maximize=*/false);
      } else {
        update_by_operations(lists[0][i], lists[1][i], lists[2][i],
                             lists[3][i]);
      }
    }
  }
}

void update_flat(benchmark::State& state) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  train::AdamW optimiser({.max_gradient_norm = 0},
                         network().flat_parameters().clone(),
                         network().decayed_parameter_count());
  for (auto _ : state) optimiser.step(1e-4, 1);
}

void add_updates() {
  const auto add_one = [](const std::string& name,
                          void (*measured)(benchmark::State&)) {
    benchmark::RegisterBenchmark(name.c_str(), measured)
        ->Unit(benchmark::kMillisecond);
  };
  add_one("weights/cast", cast_weights);
  add_one("update/operations",
          [](benchmark::State& state) { update_by_tensors(state, false); });
  add_one("update/tensors",
          [](benchmark::State& state) { update_by_tensors(state, true); });
  add_one("update/flat", update_flat);
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  using namespace gato;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  base::disable_malloc_trim();  // as the programs do
  base::limit_malloc_arenas();
  add_logits();
  add_block();
  add_patches();
  add_products();
  add_updates();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
