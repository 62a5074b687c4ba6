// Measures what each optimization of a training step saves: runs parts of
// gato-79m with and without it, in bf16, on one thread, for 2,048 positions
// (two sequences), forward and backward.
//
//   logits/all           logits of all positions, cross entropy by autograd
//   logits/targets/T     target_loss() at T targets, chunk by chunk
//   block/all            the last block at all positions
//   block/targets/T      its queries and feed-forward only at T targets
//   patches/all          embeds 2,048 patches
//   patches/distinct/U   embeds U distinct patches, then looks up all positions
//   products/separate, products/fused
//                        computes queries, keys, values and both halves of the
//                        feed-forward with five matrices or with two
//   weights/cast         casts all weights to bf16, as every micro-batch does
//   update/elementwise   AdamW by elementwise operations, tensor by tensor
//   update/tensors       AdamW by the fused kernel, tensor by tensor
//   update/flat          AdamW by the fused kernel on one flat buffer
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
#include "run_benchmarks.h"

namespace gato {
namespace {

constexpr int64_t kRows = 2, kLength = 1024, kPositions = kRows * kLength;

const model::Network& network() {
  static const auto shared_network = [] {
    model::ModelConfig config;  // the defaults are those of gato-79m
    config.vocabulary =
        data::Vocabulary::make("", 32000, data::DiscreteLayout::overlap);
    auto network = std::make_unique<model::Network>(config, 1);
    network->set_precision(model::Precision::bf16);
    return network;
  }();
  return *shared_network;
}

at::Tensor random_tensor(at::IntArrayRef sizes,
                         at::ScalarType type = at::kBFloat16) {
  return (0.3 * at::randn(sizes)).to(type).requires_grad_(true);
}

// Returns `count` indices at equal distances over all positions.
at::Tensor spaced_indices(int64_t count) {
  return at::arange(count).mul_(kPositions).floor_divide_(count);
}

// Computes an output of any shape. The benchmark includes its backward pass.
using Part = std::function<at::Tensor()>;

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
  const at::Tensor table =
      random_tensor({config.vocabulary.size(), config.width});
  const at::Tensor hidden = random_tensor({kPositions, config.width});
  const at::Tensor labels = at::randint(config.vocabulary.size(), {kPositions});
  add("logits/all",
      [=] {
        return at::cross_entropy_loss(at::linear(hidden, table).to(at::kFloat),
                                      labels);
      },
      {hidden, table});
  for (const int64_t targets : {kPositions, kPositions / 4}) {
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
  std::vector<at::Tensor> inputs = {
      random_tensor({kPositions, config.width}, at::kFloat)};
  model::BlockWeights::for_each_tensor(*block, [&](at::Tensor& tensor) {
    tensor = tensor.detach().requires_grad_(true);
    inputs.push_back(tensor);
  });
  const auto add_one = [&](const std::string& name,
                           const at::Tensor& output_indices) {
    const auto input = std::make_shared<model::BlockContext>(
        model::BlockContext{.config = config,
                            .positions = model::PositionTables(
                                config, kLength, weights.output_projection),
                            .regularization = {},
                            .depth_scales = at::empty({0}),
                            .rows = kRows,
                            .output_indices = output_indices});
    add(
        name,
        [=, x = inputs[0], last = config.layers - 1] {
          return model::apply_block(x, *block, *input, last);
        },
        inputs);
  };
  add_one("block/all", {});
  add_one("block/targets/512", spaced_indices(512));
}

void add_patches() {
  std::vector<at::Tensor> leaves, inputs;
  for (const model::Parameter& parameter : network().parameters()) {
    leaves.push_back(parameter.value.detach().requires_grad_(true));
    if (parameter.name.starts_with("embedding.patch.")) {
      inputs.push_back(leaves.back());
    }
  }
  const at::Tensor pixels =
      at::randint(256, {kPositions, 16, 16, 3}, at::kByte);
  for (const int64_t distinct : {kPositions, kPositions / 4, kPositions / 16}) {
    const bool embeds_all = distinct == kPositions;
    const at::Tensor index = at::arange(kPositions).remainder_(distinct);
    add(
        embeds_all ? "patches/all"
                   : "patches/distinct/" + std::to_string(distinct),
        [=] {
          const model::NetworkWeights weights(network(), leaves);
          const at::Tensor vectors = model::embed_patches(
              weights.patch, pixels.narrow(0, 0, distinct));
          return embeds_all ? vectors : at::embedding(vectors, index);
        },
        inputs);
  }
}

void add_products() {
  const model::ModelConfig& config = network().config();
  const at::Tensor x = random_tensor({kPositions, config.width});
  for (const bool is_fused : {false, true}) {
    std::vector<at::Tensor> matrices, inputs = {x};
    const auto add_matrices = [&](int64_t count, int64_t size) {
      const int64_t matrices_per_product = is_fused ? count : 1;
      for (int64_t i = 0; i < count; i += matrices_per_product) {
        matrices.push_back(
            random_tensor({size * matrices_per_product, config.width}));
      }
    };
    add_matrices(3, config.heads * config.key_size);
    add_matrices(2, config.feedforward);
    inputs.insert(inputs.end(), matrices.begin(), matrices.end());
    add(
        is_fused ? "products/fused" : "products/separate",
        [=] {
          std::vector<at::Tensor> outputs;
          for (const at::Tensor& matrix : matrices) {
            outputs.push_back(at::linear(x, matrix));
          }
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
    for (int64_t layer = 0; layer < network().config().layers; ++layer) {
      benchmark::DoNotOptimize(weights.block(layer));
    }
  }
}

// Takes step 1 of AdamW (Loshchilov & Hutter 2019, algorithm 2) by elementwise
// operations.
void update_elementwise(const at::Tensor& weight, const at::Tensor& gradient,
                        const at::Tensor& mean, const at::Tensor& square) {
  constexpr double kLearningRate = 1e-4, kWeightDecay = 0.1;
  constexpr double kBeta1 = 0.9, kBeta2 = 0.95, kEpsilon = 1e-8;
  weight.mul_(1 - kLearningRate * kWeightDecay);
  mean.lerp_(gradient, 1 - kBeta1);
  square.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
  const at::Tensor denominator =
      square.sqrt().div_(std::sqrt(1 - kBeta2)).add_(kEpsilon);
  weight.addcdiv_(mean, denominator, -kLearningRate / (1 - kBeta1));
}

void update_by_tensors(benchmark::State& state, bool is_fused) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  std::vector<std::vector<at::Tensor>> lists(4);
  std::vector<at::Tensor> steps;
  for (const model::Parameter& parameter : network().parameters()) {
    for (auto& list : lists) {
      list.push_back(at::zeros_like(parameter.value.detach()));
    }
    steps.push_back(at::full({}, 1.0, at::kFloat));
  }
  for (auto _ : state) {
    for (size_t i = 0; i < steps.size(); ++i) {
      if (is_fused) {
        at::_fused_adamw_({lists[0][i]}, {lists[1][i]}, {lists[2][i]},
                          {lists[3][i]}, {}, {steps[i]}, 1e-4, 0.9, 0.95, 0.1,
                          1e-8, /*amsgrad=*/false, /*maximize=*/false);
      } else {
        update_elementwise(lists[0][i], lists[1][i], lists[2][i], lists[3][i]);
      }
    }
  }
}

void update_flat(benchmark::State& state) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  train::AdamW optimizer({.max_gradient_norm = 0},
                         network().flat_parameters().clone(),
                         network().decayed_parameter_count());
  for (auto _ : state) {
    optimizer.step(1e-4, 1);
  }
}

void add_updates() {
  const auto add_one = [](const std::string& name,
                          void (*benchmark_function)(benchmark::State&)) {
    benchmark::RegisterBenchmark(name.c_str(), benchmark_function)
        ->Unit(benchmark::kMillisecond);
  };
  add_one("weights/cast", cast_weights);
  add_one("update/elementwise",
          [](benchmark::State& state) { update_by_tensors(state, false); });
  add_one("update/tensors",
          [](benchmark::State& state) { update_by_tensors(state, true); });
  add_one("update/flat", update_flat);
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  using namespace gato;
  return bench::run_benchmarks(argc, argv, [&] {
    base::disable_malloc_trim();  // as the programs do
    base::limit_malloc_arenas();
    add_logits();
    add_block();
    add_patches();
    add_products();
    add_updates();
  });
}
