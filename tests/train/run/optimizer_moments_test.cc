// The moments of the optimizer, written by some ranks and read by others.
#include "gato/train/run/optimizer_moments.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "model/tiny_model.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;
using Catch::Contains;

namespace {

// Returns the state of rank `rank` of `ranks`.
OptimizerState make_state(const model::Network& network, int64_t rank,
                          int64_t ranks) {
  return make_optimizer(
             {}, network,
             ShardLayout{network.parameter_count(), ranks}.shard(rank))
      ->state();
}

// Sets element i of the first moment to i, and of the second to -i.
void fill_moments(OptimizerState& optimizer) {
  optimizer.first_moment.copy_(
      at::arange(optimizer.slice.begin, optimizer.slice.end));
  optimizer.second_moment.copy_(-optimizer.first_moment);
}

}  // namespace

TEST_CASE("Shards and their remainder cover a buffer without gaps") {
  for (const int64_t values : {1, 63, 64, 1000, 12345}) {
    for (const int64_t ranks : {1, 2, 3, 7}) {
      const ShardLayout slices{values, ranks};
      int64_t next = 0;
      for (int64_t rank = 0; rank < ranks; ++rank) {
        CHECK(slices.shard(rank).begin == next);
        next = slices.shard(rank).end;
      }
      CHECK(next == values);
      CHECK(slices.equal_shards().end == slices.remainder().begin);
      CHECK(slices.remainder().end == values);
    }
  }
}

TEST_CASE(
    "Moments written by any number of ranks can be read by any other number") {
  const model::Network network = tiny_network();
  const ScratchDirectory folder;
  for (const int64_t writers : {1, 2, 5}) {
    const std::string directory = folder / std::to_string(writers);
    std::filesystem::create_directory(directory);
    for (int64_t rank = 0; rank < writers; ++rank) {
      OptimizerState optimizer = make_state(network, rank, writers);
      fill_moments(optimizer);
      write_moments(directory, network, optimizer, rank, writers);
    }
    for (const int64_t readers : {1, 2, 4}) {
      for (int64_t rank = 0; rank < readers; ++rank) {
        OptimizerState read = make_state(network, rank, readers);
        OptimizerState expected = make_state(network, rank, readers);
        fill_moments(expected);
        read_moments(directory, network, read);
        CHECK(at::equal(read.first_moment, expected.first_moment));
        CHECK(at::equal(read.second_moment, expected.second_moment));
      }
    }
  }
}

TEST_CASE("Moments that are missing or stored twice are refused") {
  const model::Network network = tiny_network();
  const ScratchDirectory folder;
  for (int64_t rank = 0; rank < 3; ++rank) {
    write_moments(folder / ".", network, make_state(network, rank, 3), rank, 3);
  }
  OptimizerState unsharded = make_state(network, 0, 1);
  CHECK_NOTHROW(read_moments(folder / ".", network, unsharded));
  std::filesystem::remove(folder / "optimizer-00001-of-00003.safetensors");
  CHECK_THROWS_WITH(read_moments(folder / ".", network, unsharded),
                    Contains("the set is incomplete"));
  std::filesystem::copy(folder / "optimizer-00000-of-00003.safetensors",
                        folder / "optimizer-00001-of-00003.safetensors");
  CHECK_THROWS_WITH(read_moments(folder / ".", network, unsharded),
                    Contains("each moment exactly once"));
}
