// Compares implementations of relative attention (Dai et al. 2019) and of the
// attention without it, for rotary positions, forward and backward: one row of
// 1,024 tokens, 24 heads of size 32, width 768, as in gato-79m.
//
//   plain      computes all scores [L, L], by content and by distance, and lets
//              autograd store them
//
//   blocks/N   blockwise_attention() with N queries at a time
//
//   fold       expresses sin(i - j) and cos(i - j) by those of i and j, so that
//              the scores by distance are products of queries and keys of the
//              sinusoids' width, 24 times the size of a head
//
//   rotary     at::scaled_dot_product_attention
//
//   rotary_blocks/N  blockwise_attention() without positions
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>
#include <vector>

#include "gato/base/malloc_options.h"
#include "gato/model/blockwise_attention.h"
#include "run_benchmarks.h"

namespace gato {
namespace {

constexpr int64_t kHeads = 24, kLength = 1024, kHeadSize = 32, kWidth = 768;

at::Tensor random_tensor(at::IntArrayRef sizes) {
  return (0.3 * at::randn(sizes)).to(at::kBFloat16).requires_grad_(true);
}

using Attention =
    std::function<at::Tensor(const model::BlockwiseAttentionInput&)>;

// Returns a mask that hides later tokens: -inf above the diagonal.
at::Tensor causal_mask() {
  return at::full({kLength, kLength}, -INFINITY, at::kBFloat16).triu_(1);
}

// Shifts scores as in Dai et al. 2019, appendix B: after one column of padding
// is added, reading the memory with the original row length shifts row i by i
// columns.
at::Tensor plain(const model::BlockwiseAttentionInput& input) {
  const at::Tensor by_distance =
      at::matmul(input.position_queries, input.distance_keys);
  const at::Tensor shifted = at::constant_pad_nd(by_distance, {1, 0})
                                 .view({-1, kHeads, kLength + 1, kLength})
                                 .narrow(2, 1, kLength);
  const at::Tensor scores =
      at::matmul(input.content_queries, input.keys.transpose(2, 3)) + shifted;
  return at::matmul(at::softmax(scores + causal_mask(), -1), input.values);
}

// Gives a lower bound of the cost of this approach, with random values:
// products of size 32 + 768 instead of two of size 32.
at::Tensor fold(const model::BlockwiseAttentionInput& input) {
  static const at::Tensor matrix = random_tensor({kHeads, kHeadSize, kWidth});
  static const at::Tensor sinusoids =
      random_tensor({1, 1, kLength, kWidth}).detach();
  const at::Tensor rotated =
      at::matmul(input.position_queries, matrix) * sinusoids;
  const at::Tensor queries = at::cat({input.content_queries, rotated}, 3);
  const at::Tensor keys = at::cat(
      {input.keys, sinusoids.expand({input.keys.size(0), kHeads, -1, -1})}, 3);
  const at::Tensor scores = at::matmul(queries, keys.transpose(2, 3));
  return at::matmul(at::softmax(scores + causal_mask(), -1), input.values);
}

at::Tensor rotary(const model::BlockwiseAttentionInput& input) {
  return at::scaled_dot_product_attention(input.content_queries, input.keys,
                                          input.values, {}, 0.0,
                                          /*is_causal=*/true, /*scale=*/1.0);
}

void run(benchmark::State& state, const Attention& attention) {
  at::set_num_threads(1);
  const std::vector<int64_t> shape = {1, kHeads, kLength, kHeadSize};
  const model::BlockwiseAttentionInput input = {
      random_tensor(shape), random_tensor(shape), random_tensor(shape),
      random_tensor(shape), random_tensor({kHeads, kHeadSize, kLength})};
  const std::vector<at::Tensor> inputs = {input.content_queries,
                                          input.position_queries, input.keys,
                                          input.values, input.distance_keys};
  const at::Tensor gradient = random_tensor(shape).detach();
  for (auto _ : state) {
    benchmark::DoNotOptimize(torch::autograd::grad(
        {attention(input)}, inputs, {gradient}, std::nullopt, false,
        /*allow_unused=*/true));
  }
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  using namespace gato;
  return bench::run_benchmarks(argc, argv, [&] {
    base::disable_malloc_trim();  // as the programs do
    const auto add = [](const std::string& name, const Attention& attention) {
      benchmark::RegisterBenchmark(name.c_str(), run, attention)
          ->Unit(benchmark::kMillisecond);
    };
    add("plain", plain);
    for (const int64_t queries : {32, 64, 128, 256, 512, 1024}) {
      add(fmt::format("blocks/{}", queries),
          [queries](const model::BlockwiseAttentionInput& input) {
            return model::blockwise_attention(input, queries);
          });
    }
    add("fold", fold);
    add("rotary", rotary);
    for (const int64_t queries : {64, 128, 256}) {
      add(fmt::format("rotary_blocks/{}", queries),
          [queries](const model::BlockwiseAttentionInput& input) {
            return model::blockwise_attention(
                {input.content_queries, input.keys, input.values, {}, {}},
                queries);
          });
    }
  });
}
