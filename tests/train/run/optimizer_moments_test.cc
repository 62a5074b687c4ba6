// The optimiser's moments, written by some ranks and read by others.
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

model::Network small_network() { return model::Network(tiny_config(), 1); }

AdamW optimiser_of(const model::Network& network, int64_t rank, int64_t ranks) {
  return AdamW({}, network.flat_parameters(), network.decayed_parameter_count(),
               ShardLayout{network.parameter_count(), ranks}.shard(rank));
}

// Value i of the mean is i, of the square -i.
void number(AdamW& optimiser) {
  optimiser.first_moment.copy_(
      at::arange(optimiser.slice().begin, optimiser.slice().end));
  optimiser.second_moment.copy_(-optimiser.first_moment);
}

}  // namespace

TEST_CASE("slices of ranks cover a buffer, alike but for the rest") {
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

TEST_CASE("moments of any number of ranks are read by any other") {
  const model::Network network = small_network();
  const ScratchDirectory folder;
  for (const int64_t writers : {1, 2, 5}) {
    const std::string directory = folder / std::to_string(writers);
    std::filesystem::create_directory(directory);
    for (int64_t rank = 0; rank < writers; ++rank) {
      AdamW optimiser = optimiser_of(network, rank, writers);
      number(optimiser);
      write_moments(directory, network, optimiser, rank, writers);
    }
    for (const int64_t readers : {1, 2, 4}) {
      for (int64_t rank = 0; rank < readers; ++rank) {
        AdamW read = optimiser_of(network, rank, readers);
        AdamW wanted = optimiser_of(network, rank, readers);
        number(wanted);
        read_moments(directory, network, read);
        CHECK(at::equal(read.first_moment, wanted.first_moment));
        CHECK(at::equal(read.second_moment, wanted.second_moment));
      }
    }
  }
}

TEST_CASE("moments that are missing or of another network are refused") {
  const model::Network network = small_network();
  const ScratchDirectory folder;
  for (int64_t rank = 0; rank < 3; ++rank) {
    write_moments(folder / ".", network, optimiser_of(network, rank, 3), rank,
                  3);
  }
  AdamW whole = optimiser_of(network, 0, 1);
  CHECK_NOTHROW(read_moments(folder / ".", network, whole));
  std::filesystem::remove(folder / "optimizer-00001-of-00003.safetensors");
  CHECK_THROWS_WITH(read_moments(folder / ".", network, whole),
                    Contains("the set is incomplete"));
  std::filesystem::copy(folder / "optimizer-00000-of-00003.safetensors",
                        folder / "optimizer-00001-of-00003.safetensors");
  CHECK_THROWS_WITH(read_moments(folder / ".", network, whole),
                    Contains("each moment exactly once"));
}
