// The division of parameters into buckets. commands/distributed_run_test.cc
// tests the sums.
#include "gato/train/gradient_buckets.h"

#include <ATen/ATen.h>

#include <string>

#include "catch.h"
#include "model/tiny_model.h"

using namespace gato;
using namespace gato::train;

namespace {

model::Network make_network(int64_t layers, int64_t width) {
  model::ModelConfig config = test::tiny_config();
  config.layers = layers;
  config.width = width;
  config.key_size = width / config.heads;
  config.feedforward = 4 * width;
  return model::Network(config, 1);
}

}  // namespace

TEST_CASE("Buckets cover each parameter exactly once and split none") {
  for (const int64_t width : {16, 256}) {
    const model::Network network = make_network(3, width);
    ProcessGroup single_process;
    const GradientBuckets buckets(single_process, network, false);
    at::Tensor covered = at::zeros({network.parameter_count()}, at::kInt);
    for (const FlatSlice& slice : buckets.buckets()) {
      CHECK(slice.size() > 0);
      slice.narrow(covered).add_(1);
      for (size_t i = 0; i < network.parameters().size(); ++i) {
        const int64_t begin = network.parameter_offset(i);
        const int64_t end = begin + network.parameters()[i].value.numel();
        const bool is_inside = begin >= slice.begin && end <= slice.end;
        const bool is_outside = begin >= slice.end || end <= slice.begin;
        CHECK((is_inside || is_outside));
      }
    }
    CHECK(covered.eq(1).all().item<bool>());
  }
}

TEST_CASE(
    "The first bucket has the last block, the last one the position tables") {
  const model::Network network = make_network(3, 256);
  ProcessGroup single_process;
  const GradientBuckets buckets(single_process, network, false);
  const std::vector<FlatSlice>& slices = buckets.buckets();
  REQUIRE(slices.size() > 3);
  CHECK(slices[0].end == network.decayed_parameter_count());
  for (size_t i = 0; i + 2 < slices.size(); ++i) {
    CHECK(slices[i].begin == slices[i + 1].end);
    CHECK(slices[i].size() >= GradientBuckets::kMinBucketElements);
  }
  CHECK(slices[slices.size() - 2].begin == 0);
  CHECK(slices.back().begin == network.decayed_parameter_count());
  CHECK(slices.back().end == network.parameter_count());
}
