// The ways of relative attention, forward and backward, for a row of 1,024
// tokens with the 24 heads of 32 of gato-79m (width 768), beside rotary's flash
// attention, which has nothing to say of distances.
//
//   whole      scores [L, L], by content and by distance, kept by autograd
//
//   blocks/N   blockwise_relative_attention() with N queries at a time
//
//   fold       sin and cos of differences from those of the places: the score
//              of a distance is a product of queries and keys of the width of
//              the sinusoids, 24 times a head's
//
//   rotary     at::scaled_dot_product_attention
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>
#include <vector>

#include "gato/base/malloc_options.h"
#include "gato/model/relative_attention.h"

namespace gato {
namespace {

constexpr int64_t heads = 24, length = 1024, size = 32, width = 768;

at::Tensor draw(at::IntArrayRef sizes) {
  return (0.3 * at::randn(sizes)).to(at::kBFloat16).requires_grad_(true);
}

using Way = std::function<at::Tensor(const model::RelativeAttentionInput&)>;

at::Tensor later() {
  return at::full({length, length}, -INFINITY, at::kBFloat16).triu_(1);
}

// Dai et al. 2019, appendix B: padded by a column, the rows read one further.
at::Tensor whole(const model::RelativeAttentionInput& input) {
  const at::Tensor by_distance =
      at::matmul(input.position_queries, input.distance_keys);
  const at::Tensor shifted = at::constant_pad_nd(by_distance, {1, 0})
                                 .view({-1, heads, length + 1, length})
                                 .narrow(2, 1, length);
  const at::Tensor scores =
      at::matmul(input.content_queries, input.keys.transpose(2, 3)) + shifted;
  return at::matmul(at::softmax(scores + later(), -1), input.values);
}

// What the fold has to compute at least, whatever the values: products of 32 +
// 768 in place of 32 and 32.
at::Tensor fold(const model::RelativeAttentionInput& input) {
  static const at::Tensor matrix = draw({heads, size, width}),
                          sinusoids = draw({1, 1, length, width}).detach();
  const at::Tensor turned =
      at::matmul(input.position_queries, matrix) * sinusoids;
  const at::Tensor queries = at::cat({input.content_queries, turned}, 3);
  const at::Tensor keys = at::cat(
      {input.keys, sinusoids.expand({input.keys.size(0), heads, -1, -1})}, 3);
  const at::Tensor scores = at::matmul(queries, keys.transpose(2, 3));
  return at::matmul(at::softmax(scores + later(), -1), input.values);
}

at::Tensor rotary(const model::RelativeAttentionInput& input) {
  return at::scaled_dot_product_attention(input.content_queries, input.keys,
                                          input.values, {}, 0.0,
                                          /*is_causal=*/true, /*scale=*/1.0);
}

void run(benchmark::State& state, const Way& way) {
  at::set_num_threads(1);
  const std::vector<int64_t> each = {1, heads, length, size};
  const model::RelativeAttentionInput input = {draw(each), draw(each),
                                               draw(each), draw(each),
                                               draw({heads, size, length})};
  const std::vector<at::Tensor> inputs = {input.content_queries,
                                          input.position_queries, input.keys,
                                          input.values, input.distance_keys};
  const at::Tensor gradient = draw(each).detach();
  for (auto _ : state) {
    benchmark::DoNotOptimize(torch::autograd::grad(
        {way(input)}, inputs, {gradient}, std::nullopt, false,
        /*allow_unused=*/true));
  }
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  using namespace gato;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  base::disable_malloc_trim();  // as the programs do
  const auto add = [](const std::string& name, const Way& way) {
    benchmark::RegisterBenchmark(name.c_str(), run, way)
        ->Unit(benchmark::kMillisecond);
  };
  add("whole", whole);
  for (const int64_t queries : {32, 64, 128, 256, 512, 1024}) {
    add(fmt::format("blocks/{}", queries),
        [queries](const model::RelativeAttentionInput& input) {
          return model::blockwise_relative_attention(input, queries);
        });
  }
  add("fold", fold);
  add("rotary", rotary);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
