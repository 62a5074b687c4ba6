#include "gato/model/blockwise_attention.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <vector>

#include "catch.h"

namespace gato::model {
namespace {

BlockwiseAttentionInput random_input(int64_t rows, int64_t heads,
                                     int64_t length, int64_t size,
                                     at::ScalarType type) {
  const at::Generator generator = at::detail::createCPUGenerator(7);
  const auto random = [&](at::IntArrayRef sizes) {
    return (0.5 * at::randn(sizes, generator)).to(type).requires_grad_(true);
  };
  const std::vector<int64_t> each = {rows, heads, length, size};
  return {random(each), random(each), random(each), random(each),
          random({heads, size, length})};
}

// Computes attention by its definition, score by score.
at::Tensor attend_by_definition(const BlockwiseAttentionInput& input) {
  const int64_t length = input.keys.size(2);
  at::Tensor distance = at::arange(length).unsqueeze(1) - at::arange(length);
  const at::Tensor later = distance.lt(0);
  distance = distance.clamp_min(0);
  at::Tensor scores =
      at::matmul(input.content_queries, input.keys.transpose(2, 3));
  if (input.distance_keys.defined()) {
    scores =
        scores + at::matmul(input.position_queries, input.distance_keys.flip(2))
                     .gather(3, distance.expand(scores.sizes()));
  }
  return at::matmul(at::softmax(scores.masked_fill(later, -INFINITY), -1),
                    input.values);
}

std::vector<at::Tensor> result_and_gradients(
    const BlockwiseAttentionInput& input, const at::Tensor& result) {
  const at::Tensor weight =
      at::arange(result.numel()).remainder(7).view(result.sizes()) - 3;
  std::vector<at::Tensor> inputs = {input.content_queries, input.keys,
                                    input.values};
  if (input.distance_keys.defined()) {
    inputs.push_back(input.position_queries);
    inputs.push_back(input.distance_keys);
  }
  auto all =
      torch::autograd::grad({(result.to(at::kFloat) * weight).sum()}, inputs);
  all.push_back(result);
  return all;
}

}  // namespace

TEST_CASE("Blockwise attention equals its definition") {
  const int64_t length = GENERATE(1, 2, 16, 17, 50);
  const int64_t block = GENERATE(1, 7, 16, 128);
  CAPTURE(length, block);
  BlockwiseAttentionInput input = random_input(2, 3, length, 6, at::kFloat);
  const bool is_relative = GENERATE(true, false);
  if (!is_relative) {
    input.position_queries.reset();
    input.distance_keys.reset();
  }
  const auto plain = result_and_gradients(input, attend_by_definition(input));
  const auto blocks =
      result_and_gradients(input, blockwise_attention(input, block));
  for (size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(i);
    CHECK(at::allclose(blocks[i], plain[i], 1e-4, 1e-5));
  }
}

TEST_CASE("Relative attention in bf16 is close to that in fp32") {
  const BlockwiseAttentionInput input =
      random_input(2, 3, 50, 6, at::kBFloat16);
  BlockwiseAttentionInput exact = input;
  for (at::Tensor* tensor :
       {&exact.content_queries, &exact.position_queries, &exact.keys,
        &exact.values, &exact.distance_keys}) {
    *tensor = tensor->detach().to(at::kFloat).requires_grad_(true);
  }
  const auto plain = result_and_gradients(exact, attend_by_definition(exact));
  const auto blocks =
      result_and_gradients(input, blockwise_attention(input, 16));
  for (size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(i);
    const at::Tensor error = blocks[i].to(at::kFloat) - plain[i];
    CHECK((error.norm() / plain[i].norm()).item<double>() < 0.02);
  }
}

}  // namespace gato::model
